/**
 * Which server the node is given to: what somebody asked for, else what the kernel line offers, else what DHCP left behind,
 * else the default. Two servers on one kernel line are refused: to guess would be to install a machine from the wrong one.
 */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { didYouMean } from '../../platform/near-names.ts';
import { SERVERS } from './registry.ts';
import type { ServerDescriptor } from './server.ts';

export interface SelectInput {
  /** `--dialect`, or undefined. */
  readonly option: string | undefined;
  /** Environment or configuration file, weaker than the kernel line. */
  readonly configured: string | undefined;
  /** The value of a kernel parameter, its case as it is written. */
  readonly kernel: (name: string) => string | undefined;
  /** Whether the DHCP client left a file of this name beside the next-server file. */
  readonly hasLeaseFile: (name: string) => boolean;
  /** Those to choose from; the registry's by default. */
  readonly servers?: readonly ServerDescriptor[];
}

export interface Selection {
  readonly descriptor: ServerDescriptor;
  /** In words, for the trace and `status`. */
  readonly reason: string;
}

/** The server where nothing names one. */
export function defaultServer(servers: readonly ServerDescriptor[] = SERVERS): ServerDescriptor {
  const found = servers.find(({ offer }) => offer.byDefault);
  if (found === undefined) throw new Error('no server is chosen by default');
  return found;
}

/** The server and why it was chosen. Throws RAZOR_MK_DIALECT where that cannot be told. */
export function selectServer(input: SelectInput): Selection {
  const { option, configured, kernel, hasLeaseFile, servers = SERVERS } = input;
  if (option !== undefined) return named(option, '--dialect', servers);
  const asked = kernel('razor.dialect') ?? '';
  if (asked !== '') return named(asked, 'razor.dialect= on the kernel line', servers);
  const offered = servers.flatMap((descriptor) => {
    const key = offeringKey(descriptor, kernel);
    return key === undefined ? [] : [{ descriptor, key, reason: `${key}= on the kernel line` }];
  });
  const order = offered.find(({ descriptor }) => descriptor.offer.isOrder);
  if (order !== undefined) return order;
  if (configured !== undefined && configured !== '') return named(configured, 'the configuration', servers);
  const [first, ...others] = offered;
  if (first !== undefined && others.length > 0) throw undecided(offered);
  if (first !== undefined) return first;
  const leased = servers.find(({ offer }) => offer.leaseFile !== undefined && hasLeaseFile(offer.leaseFile));
  if (leased !== undefined) {
    return { descriptor: leased, reason: `the DHCP lease named a ${leased.title} server (${leased.offer.leaseFile})` };
  }
  return { descriptor: defaultServer(servers), reason: 'nothing names another' };
}

function named(text: string, where: string, servers: readonly ServerDescriptor[]): Selection {
  const descriptor = servers.find(({ name }) => name === text.trim().toLowerCase());
  if (descriptor !== undefined) return { descriptor, reason: where };
  const names = servers.map(({ name }) => name);
  throw new RazorMkError(
    'RAZOR_MK_DIALECT',
    `${where} names an unknown dialect "${text.slice(0, 60)}"${didYouMean(text, names)}`,
    {
      remedy: `Use one of: ${names.join(', ')}.`,
    },
  );
}

/** The kernel parameter that names such a server; the first of them, where all are needed. */
function offeringKey({ offer }: ServerDescriptor, kernel: SelectInput['kernel']): string | undefined {
  const has = (key: string): boolean => (kernel(key) ?? '') !== '';
  if (offer.needsAll) return offer.kernelKeys.every(has) ? offer.kernelKeys[0] : undefined;
  return offer.kernelKeys.find(has);
}

function undecided(offered: readonly { readonly descriptor: ServerDescriptor; readonly key: string }[]): RazorMkError {
  const all = offered.map(({ descriptor, key }) => `${key}= (${descriptor.name})`).join(' and ');
  const choices = offered.map(({ descriptor }) => `razor.dialect=${descriptor.name}`).join(' or ');
  return new RazorMkError('RAZOR_MK_DIALECT', `the kernel line names ${offered.length} servers: ${all}`, {
    remedy: `Keep one of them, or say which: ${choices}.`,
  });
}
