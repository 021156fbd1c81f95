/**
 * Which dialect is spoken: what somebody asked for, else what the kernel line offers, else what DHCP left behind, else
 * Razor. Two servers on one kernel line are refused: to guess would be to install a machine from the wrong one.
 */
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { AskedDialectName, DialectName, TurnDialectName } from './dialect.ts';

interface Offer {
  readonly dialect: DialectName;
  /** Kernel parameters that name a server of this dialect. */
  readonly parameters: readonly string[];
}

/** What on a kernel line speaks for which dialect. A new dialect is a new row. */
export const OFFERS: readonly Offer[] = [
  { dialect: 'razor-server', parameters: ['razor.register'] },
  { dialect: 'hanlon', parameters: ['hanlon.ip', 'hanlon.server'] },
  { dialect: 'razor', parameters: ['razor.ip', 'razor.server'] },
  { dialect: 'ironic', parameters: ['ipa-inspection-callback-url', 'ipa-api-url'] },
  { dialect: 'foreman', parameters: ['proxy.url', 'foreman.url'] },
];

export const DIALECT_NAMES: readonly DialectName[] = OFFERS.map(({ dialect }) => dialect);

/** Those whose check-ins are answered. */
export const ASKED_DIALECT_NAMES: readonly AskedDialectName[] = ['razor', 'hanlon', 'razor-server'];

export function hasTurns(name: DialectName): name is TurnDialectName {
  return name !== 'ironic';
}

/**
 * Left by the DHCP client's script when a lease carried Hanlon's options (docs/contracts/hanlon.md#finding-the-server).
 */
export const HANLON_LEASE_FILE = 'hanlonServerIP.addr';

export interface SelectInput {
  /** `--dialect`, or undefined. */
  readonly option: string | undefined;
  /** Environment or configuration file, weaker than the kernel line. */
  readonly configured: string | undefined;
  /** The value of a kernel parameter, by its name in lower case. */
  readonly kernel: (name: string) => string | undefined;
  /** Whether the DHCP client left Hanlon's files. */
  readonly hanlonLease: boolean;
}

export interface Selection {
  readonly dialect: DialectName;
  /** In words, for the trace and `status`. */
  readonly why: string;
}

function named(text: string, where: string): Selection {
  const dialect = DIALECT_NAMES.find((name) => name === text.trim().toLowerCase());
  if (dialect !== undefined) return { dialect, why: where };
  throw new RazorMkError('RAZOR_MK_DIALECT', `${where} names "${text.slice(0, 60)}", which is no dialect`, {
    remedy: `Use one of: ${DIALECT_NAMES.join(', ')}.`,
  });
}

/** The dialect and why it was chosen. Throws RAZOR_MK_DIALECT where that is not plain. */
export function selectDialect({ option, configured, kernel, hanlonLease }: SelectInput): Selection {
  if (option !== undefined) return named(option, '--dialect');
  const asked = kernel('razor.dialect');
  if (asked !== undefined && asked !== '') return named(asked, 'razor.dialect= on the kernel line');
  if (configured !== undefined && configured !== '') return named(configured, 'the configuration');
  const found = OFFERS.flatMap(({ dialect, parameters }) => {
    const parameter = parameters.find((name) => (kernel(name) ?? '') !== '');
    return parameter === undefined ? [] : [{ dialect, parameter }];
  });
  const [first, second] = found;
  if (first !== undefined && second !== undefined) {
    const all = found.map(({ dialect, parameter }) => `${parameter}= (${dialect})`).join(' and ');
    throw new RazorMkError('RAZOR_MK_DIALECT', `the kernel line names ${found.length} servers: ${all}`, {
      remedy: `Keep one of them, or say which: ${found.map(({ dialect }) => `razor.dialect=${dialect}`).join(' or ')}.`,
    });
  }
  if (first !== undefined) return { dialect: first.dialect, why: `${first.parameter}= on the kernel line` };
  if (hanlonLease) return { dialect: 'hanlon', why: `the DHCP lease named a Hanlon server (${HANLON_LEASE_FILE})` };
  return { dialect: 'razor', why: 'nothing names another' };
}
