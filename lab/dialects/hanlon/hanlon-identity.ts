/** Who a machine is for Hanlon: its SMBIOS UUID before its MACs (docs/contracts/hanlon.md#identity). */
import { normaliseHwId } from '../../engine/node-lookup.ts';
import type { LabCore } from '../../lab-core.ts';

/** Placeholders that boards are shipped with: no identity. The list of a server, kept apart from the agent's. */
const PLACEHOLDER =
  /^(03000200-0400-0500-0006-000700080009|00020003-0004-0005-0006-000700080009|(.)\2{7}-\2{4}-\2{4}-\2{4}-\2{12}|12345678-1234-.*)$/i;

function isMachineUuid(uuid: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid) && !PLACEHOLDER.test(uuid);
}

/** The ids by which a machine is known; empty when it named none. */
export function hanlonIds(uuid: string, macId: string, faithful: boolean): string[] {
  if (faithful) return uuid !== '' ? [uuid.toUpperCase()] : macId.toUpperCase().split('_').filter(Boolean);
  const macs = macId.split('_').map(normaliseHwId).filter(Boolean);
  return [...new Set(isMachineUuid(uuid) ? [uuid.toUpperCase(), ...macs] : macs)];
}

/** Ids as the original looks a node up, at boot, check-in and register: by the UUID, and where nobody has it by the MACs. */
export function hanlonLookupIds(core: LabCore, uuid: string, macId: string): string[] {
  const { faithful } = core.settings;
  const ids = hanlonIds(uuid, macId, faithful);
  if (!faithful || uuid === '' || macId === '' || core.store.nodes.find(ids).length > 0) return ids;
  const macs = hanlonIds('', macId, true);
  return core.store.nodes.find(macs).length > 0 ? macs : ids;
}
