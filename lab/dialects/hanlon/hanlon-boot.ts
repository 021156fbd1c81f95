/** GET /hanlon/api/v1/boot: what iPXE asks (docs/contracts/hanlon.md#boot). Scripts are the lab's own. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { loaderArch } from '../../../platform/netboot/kernel-arch.ts';
import { bootScript, NoMicrokernel } from '../../engine/boot-script.ts';
import type { LabCore } from '../../lab-core.ts';
import { PLAIN, sendText } from '../../listeners/replies.ts';
import { hanlonRoutes } from '../../listeners/routes.ts';
import { hanlonLookupIds } from './hanlon-identity.ts';
import { invalid, refuse } from './hanlon-replies.ts';

/** Answers a boot request: a script, or a 500 in the words of the original. */
export async function hanlonBoot(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const query = request.query as Record<string, string | string[] | undefined>;
  const text = (name: string): string => {
    const value = query[name];
    return (Array.isArray(value) ? value[0] : value) ?? '';
  };
  const dhcpMac = text('dhcp_mac');
  if (!/^01(-[0-9a-f]{2}){6}$/i.test(dhcpMac)) return invalid(reply, 'dhcp_mac is missing or is not 01- and a MAC');
  // boot always drops the colons: a node registered with them is never found again by a faithful lab
  const hwIds = hanlonLookupIds(core, text('uuid'), (text('mac_id') || text('hw_id')).replaceAll(':', ''));
  if (hwIds.length === 0) return refuse(reply, 400, 'MissingArgument', 'Must provide a uuid or a mac_id');
  const addresses = core.addresses(request);
  const input = {
    dialect: 'hanlon',
    hwIds,
    dhcpMac,
    routes: hanlonRoutes(addresses),
    arch: loaderArch(query['arch']),
    again: `${addresses.nodes}${request.raw.url ?? ''}`,
  };
  try {
    return sendText(reply, 200, await bootScript(core, input), PLAIN);
  } catch (error) {
    if (error instanceof NoMicrokernel) return invalid(reply, error.message);
    throw error;
  }
}
