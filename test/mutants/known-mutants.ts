/**
 * Mutants that are killed by name: a review of the project applied them by hand. The first list survived every test that there
 * was then; the second was killed, and stays here so that it always is.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './operators.ts';

export interface KnownMutant {
  /** What breaks. */
  readonly name: string;
  readonly file: string;
  /** Text that stands once in the file, and what it becomes. */
  readonly from: string;
  readonly to: string;
}

type Row = readonly [file: string, name: string, from: string, to: string];

const ONCE_SURVIVED: readonly Row[] = [
  [
    'agent/commands/leave.ts',
    'a machine that hangs in its orderly end is never reset',
    'if (!system.live) return;\n  // an orderly end',
    'return;\n  // an orderly end',
  ],
  ['agent/loop/timing/clock-watch.ts', 'the second clock jump is silent', 'reported = far;', 'reported ||= far;'],
  [
    'agent/network/line-cards.ts',
    'DHCP beside a static address of a VLAN',
    'statics.map(({ nic }) => nic ?? links[0])',
    'statics.map(({ nic }) => nic)',
  ],
  [
    'agent/status/status-tracker.ts',
    'health fails during a long Retry-After',
    'Math.max(progressAt, next?.at ?? 0)',
    'progressAt',
  ],
  [
    'agent/disk-image/tables/mbr.ts',
    'the config drive is not aligned to a MiB',
    'Math.floor((reach - sectors) / grain) * grain',
    'reach - sectors',
  ],
  [
    'facts/groups/compute/numa.ts',
    'node10 comes before node2',
    '.map((name) => Number(name.slice(4)))\n    .sort((a, b) => a - b)',
    '.map((name) => Number(name.slice(4)))',
  ],
  [
    'facts/groups/devices/gaps.ts',
    'vendor-specific USB interfaces are reported as a gap',
    '|| USB_IGNORED.test(one.modalias)',
    '',
  ],
  [
    'facts/smbios/memory-device.ts',
    'a DIMM of 512 KiB has 512 MiB',
    '(word & 0x7fff) * 1024;',
    '(word & 0x7fff) * 1024 * 1024;',
  ],
  [
    'facts/capture/redact/secrets.ts',
    'a redacted capture shows a MAC by its link-local address',
    '...spell(eui64Of(value), eui64Of(fresh)),',
    '',
  ],
  ['lab/ironic/hidden.ts', 'a token is on the page', '/token|authorization/i', '/authorization/i'],
  [
    'lab/people/host-names.ts',
    'evil-localhost passes the guard against DNS rebinding',
    '/^(localhost|127\\.',
    '/(localhost|127\\.',
  ],
  ['lab/engine/expiry.ts', '0 expires at once', 'if (nodeExpireMs <= 0) return 0;', 'if (nodeExpireMs < 0) return 0;'],
  ['platform/log/rotating-file.ts', 'two lines are glued', 'if (written > 0) file.torn = true;', ''],
  [
    'platform/log/rotating-file.ts',
    'a file that cannot be rotated grows for ever',
    'file.size > 2 * file.maxBytes',
    'file.size > 2000 * file.maxBytes',
  ],
  [
    'platform/process/run.ts',
    'grandchildren survive the time limit',
    "process.kill(-child.pid, 'SIGKILL')",
    "process.kill(child.pid, 'SIGKILL')",
  ],
  [
    'tinycore/image/iso/iso-reader.ts',
    'files of a directory longer than a sector are lost',
    'offset = (Math.floor(offset / SECTOR) + 1) * SECTOR;',
    'offset = data.length;',
  ],
  ['packaging/executable/elf.ts', 'GLIBC_2.9 is newer than 2.28', '{ numeric: true }', '{}'],
];

const ONCE_KILLED: readonly Row[] = [
  ['agent/loop/targets.ts', 'a short TTL is asked for too often', 'Math.max(ttl, SHORTEST_TTL_S)', 'ttl'],
  [
    'agent/loop/turn.ts',
    'an error of the agent is not registered',
    'changed.push(...[...own].filter((name) => before[name] !== now[name]));',
    '',
  ],
  ['agent/loop/turn.ts', 'facts are kept after a failed register', 'options.facts.expire();', ''],
  [
    'agent/loop/take-turn.ts',
    'registers in a row are counted one too far',
    'state.registersInARow !== REGISTERS_IN_A_ROW',
    'state.registersInARow !== REGISTERS_IN_A_ROW + 1',
  ],
  ['platform/kernel-line.ts', 'the first of doubled words counts', '?.at(-1)', '?.at(0)'],
  [
    'agent/http/http-client.ts',
    'Retry-After by the own clock',
    'Number.isNaN(from) ? now.getTime() : from',
    'now.getTime()',
  ],
  ['agent/network/ntp.ts', 'a kiss-of-death is believed', 'if (stratum === 0) refuse', 'if (stratum === 99) refuse'],
  ['agent/network/ntp.ts', 'times after 2036 are of 1900', 'seconds < 2 ** 31 ? 2 ** 32 : 0', '0'],
  [
    'agent/disk-image/tables/gpt.ts',
    'the table overlaps the last partition',
    'backupSector - entrySectors(gpt) - 1;',
    'backupSector - entrySectors(gpt);',
  ],
  [
    'agent/servers/ironic/conductor/heartbeat.ts',
    'forced heartbeats without a pause',
    'clock.now() + Math.min(ms, FORCED_PAUSE_MS)',
    'clock.now()',
  ],
  ['agent/commands/loop-breaker.ts', 'a hold is warned about each time', 'if (!begins) {', 'if (begins) {'],
  ['platform/ruby/ruby-re2.ts', 'Ruby’s \\Z takes no line break before the end', "'(\\\\n?\\\\z)'", "'(\\\\z)'"],
  ['platform/ruby/ruby-re2.ts', 'a line begins behind the last line break', 'spelling.used = true;', ''],
  ['lab/engine/policy.ts', 'a policy takes one node too many', '>= policy.maximum', '> policy.maximum'],
  ['lab/images/ranges.ts', 'a range is longer than the file', 'Math.min(Number(to), size);', 'Number(to);'],
  [
    'platform/log/syslog-message.ts',
    'a line is cut within a character',
    'while (end > 0 && isContinuation(whole[end])) end--;',
    '',
  ],
  [
    'tinycore/node/uris.ts',
    'a mirror with the port of the setting is not repaired',
    'if (!emptyPort && port !== String(mirrorPort)) return uri;',
    'if (!emptyPort) return uri;',
  ],
  [
    'agent/http/tls/certificate.ts',
    'a certificate is not valid yesterday',
    'now.getTime() - earlierMs',
    'now.getTime()',
  ],
  [
    'agent/servers/ironic-2014/parameters/tftp-transfer.ts',
    'a file that is too short is taken',
    'if (announced !== undefined && announced !== transfer.received)',
    'if (false)',
  ],
];

export const KNOWN: readonly KnownMutant[] = [...ONCE_SURVIVED, ...ONCE_KILLED].map(([file, name, from, to]) => ({
  file,
  name,
  from,
  to,
}));

/** The mutant in the tree below `root`, or why it is not there: the list must follow the code. */
export function locate(root: string, { file, from, to, name }: KnownMutant): Mutant | string {
  const text = readFileSync(join(root, file), 'utf8');
  const start = text.indexOf(from);
  if (start < 0 || text.includes(from, start + 1)) return `"${from}" does not stand once in ${file}`;
  return { file, start, end: start + from.length, replacement: to, operator: name };
}
