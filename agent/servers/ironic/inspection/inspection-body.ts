/**
 * The body of an inspection: the inventory, what the collectors add, and our own facts beside it
 * (docs/contracts/ironic.md#inventory). Pure.
 */
import type { FactSet } from '../../../../facts/fact-types.ts';
import { messageOf } from '../../../../platform/errors/errors.ts';
import { COLLECTORS } from './collectors.ts';
import { ipaInventory, rootDisk } from './ipa-inventory.ts';

interface BodyOptions {
  readonly bootif: string | undefined;
  readonly collectors: readonly string[];
  readonly version: string;
  /** Fact values that are sent, by name. */
  readonly facts: Readonly<Record<string, string>>;
  /** gzipped tar, for the collector `logs`. */
  readonly logs: Buffer | undefined;
}

/**
 * The JSON object that is posted. `error` ends the inspection, so that only a machine without a single network card sets it;
 * probes that failed are listed under `razor_mk`, which Ironic stores and gives back as plugin data.
 */
export function inspectionBody(set: FactSet, options: BodyOptions): Record<string, unknown> {
  const inventory = ipaInventory(set, options.bootif);
  const root = rootDisk(set.inventory?.().disks ?? []);
  const notes = set.errors.map(({ group, message }) => `${group}: ${message}`);
  const extra: Record<string, unknown> = {};
  for (const name of options.collectors) {
    if (name === 'default') continue;
    if (name === 'logs') {
      if (options.logs !== undefined) extra['logs'] = options.logs.toString('base64');
      continue;
    }
    const collect = Object.hasOwn(COLLECTORS, name) ? COLLECTORS[name] : undefined;
    const full = set.inventory?.();
    if (collect === undefined || full === undefined) {
      notes.push(`the collector ${name.slice(0, 60)} is not known here`);
      continue;
    }
    try {
      Object.assign(extra, collect(full));
    } catch (error) {
      notes.push(`the collector ${name}: ${messageOf(error)}`);
    }
  }
  return {
    inventory,
    root_disk: root ?? null,
    boot_interface: options.bootif ?? null,
    configuration: {
      collectors: [...options.collectors],
      managers: [{ name: 'RazorMicrokernel', version: options.version }],
    },
    error: inventory.interfaces.length === 0 ? 'this machine has no network card with an address of its own' : null,
    ...extra,
    razor_mk: { version: options.version, facts: options.facts, probe_errors: notes },
  };
}
