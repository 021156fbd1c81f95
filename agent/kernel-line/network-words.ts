/**
 * Words of the kernel line about the network beside `ip=`: routes (`rd.route=`), the card that was booted from (`BOOTIF=`,
 * `bootdev=`), and those that mean nothing here (dracut.cmdline(7), nm-initrd-generator(8), kernel-parameters.txt). Pure.
 */
import { macOfBootif, type CommandLine } from '../../platform/kernel-line.ts';
import { addressOf, nicOf, prefixLengthOf, splitFields, splitPrefix } from './ip-fields.ts';

export interface RouteRequest {
  /** `192.168.200.0/24` */
  readonly destination: string;
  readonly gateway: string | undefined;
  /** A name, or a MAC with colons. */
  readonly nic: string | undefined;
}

/** `rd.route=NETWORK/LENGTH:GATEWAY[:NIC]`, either of the two last. */
export function parseRoutes(line: CommandLine): {
  readonly routes: readonly RouteRequest[];
  readonly warnings: readonly string[];
} {
  const warnings: string[] = [];
  const routes = line.all('rd.route').flatMap((value) => {
    const [network = '', via = '', card = ''] = splitFields(value);
    const { bare, length = '' } = splitPrefix(network);
    const address = addressOf(bare);
    const prefix = prefixLengthOf(length, address?.includes(':') !== true);
    const gateway = addressOf(via);
    const nic = nicOf(card);
    const wrong = (via !== '' && gateway === undefined) || (card !== '' && nic === undefined);
    if (address === undefined || prefix === undefined || wrong || (gateway ?? nic) === undefined) {
      warnings.push(`rd.route=${value.slice(0, 60)}: write rd.route=NETWORK/LENGTH:GATEWAY:NIC, IPv6 in brackets`);
      return [];
    }
    return { destination: `${address}/${prefix}`, gateway, nic };
  });
  return { routes, warnings };
}

/**
 * The card that was booted from: the MAC of BOOTIF= in lower case with colons, unless rd.bootif=0 says that it does not count,
 * else the name or MAC of bootdev=.
 */
export function bootedCard(line: CommandLine): string | undefined {
  const mac = line.value('rd.bootif') === '0' ? undefined : macOfBootif(line.value('BOOTIF'));
  return mac ?? nicOf(line.value('bootdev') ?? '');
}

/** What to write in the place of a word that is not understood here. */
const INSTEAD: readonly (readonly [word: string, instead: string])[] = [
  ['nfsaddrs', 'the old name of ip=: write ip='],
  ['ib.pkey', 'partitions of InfiniBand are not made here: boot from an Ethernet card'],
  ['rd.ethtool', 'speed and duplex are not set here: set them at the switch'],
];

/** A warning for each of them that is on the line. */
export function foreignWarnings(line: CommandLine): readonly string[] {
  return INSTEAD.flatMap(([word, instead]) =>
    line.all(word).map((value) => `${word}=${value.slice(0, 60)}: ${instead}`),
  );
}
