/** `razor-mk image ipxe`: a TFTP root with iPXE and the script that finds the Razor server. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { defineVerb, type Host } from '../../../platform/process/verb.ts';
import { IMAGE_ARCH_NAMES, OWN_ARCH } from '../architectures.ts';
import { fetchPackage } from '../base/debian.ts';
import { layOutIpxe, layOutLoaders } from '../netboot/ipxe.ts';
import { fetchSignedLoaders, type SignedLoaders } from '../netboot/secure-boot.ts';
import { chooseIpxe, IPXE_CHOICES, ipxeNotes } from '../netboot/ipxe-package.ts';
import { defaultCache } from './base-verb.ts';

export const verb = defineVerb({
  examples: [
    ['image ipxe --out /srv/tftp', 'a TFTP root; DHCP names the server'],
    [
      'image ipxe --out /srv/tftp --server 192.0.2.10 --secure-boot',
      'for one server, with shim and GRUB for UEFI machines',
    ],
  ],
  options: (yargs) =>
    yargs
      .option('out', { type: 'string', demandOption: true, describe: 'the TFTP root' })
      .option('server', { type: 'string', describe: 'host of the Razor server [default: the next-server of DHCP]' })
      .option('port', { type: 'number', default: 8026, describe: 'port of its API' })
      .option('cards', { type: 'number', default: 8, describe: 'how many network cards the hardware id names' })
      .option('interface', { type: 'string', default: 'eth1', describe: 'interface in the dnsmasq examples' })
      .option('address', {
        type: 'string',
        default: '192.0.2.1',
        describe: 'address of the TFTP server in the dnsmasq examples',
      })
      .option('range', {
        type: 'string',
        default: '192.0.2.100,192.0.2.150',
        describe: 'addresses that dnsmasq gives to nodes',
      })
      .option('ipxe', {
        choices: IPXE_CHOICES,
        describe:
          'Debian 13’s, or this machine’s [default: this machine’s if it hands over the initrd, else Debian 13’s]',
      })
      .option('secure-boot', {
        type: 'boolean',
        default: false,
        describe: 'UEFI machines get Debian’s signed shim and GRUB instead of iPXE',
      })
      .option('loaders-only', { type: 'boolean', default: false, describe: 'no scripts, menus and dnsmasq examples' })
      .option('cache', { type: 'string', describe: 'where packages are kept [default: ~/.cache/razor-mk/debian]' }),
  run: async (args, host) => {
    if (args['secure-boot'] && args['loaders-only']) {
      throw new RazorMkError('RAZOR_MK_USAGE', '--secure-boot writes grub.cfg too: leave --loaders-only out');
    }
    const out = resolve(args.out);
    const cache = resolve(args.cache ?? defaultCache(host));
    const ipxe = await chooseIpxe(args.ipxe, async () => {
      host.err('fetching iPXE of Debian 13 by apt, for UEFI (--ipxe installed takes this machine’s)\n');
      const found = await fetchPackage('ipxe', { cache, suite: 'trixie', env: host.env, signal: host.signal });
      return join(found.root, 'usr/lib/ipxe');
    });
    const secureBoot = args['secure-boot'] ? await signedLoaders(cache, host) : undefined;
    const layout = args['loaders-only']
      ? layOutLoaders(out, ipxe.directory)
      : layOutIpxe({
          out,
          ipxe: ipxe.directory,
          ...(secureBoot !== undefined && { secureBoot }),
          version: await ownVersion(),
          port: args.port,
          cards: args.cards,
          network: { interface: args.interface, address: args.address, range: args.range },
          server: args.server,
        });
    host.out(layout.written.map((name) => `${out}/${name}\n`).join(''));
    for (const { file, debian, need } of layout.missing) {
      host.err(`left out: ${file}, for ${need} (apt-get install ${debian})\n`);
    }
    for (const note of ipxeNotes(ipxe)) host.err(`${note}\n`);
    return 0;
  },
});

/** Of this machine's processor, and of the other ones where the archive has them: a mirror may not. */
async function signedLoaders(cache: string, host: Host): Promise<SignedLoaders[]> {
  const found: SignedLoaders[] = [];
  for (const arch of IMAGE_ARCH_NAMES) {
    try {
      const loaders = await fetchSignedLoaders({ cache, arch, env: host.env });
      host.err(`Secure Boot for ${arch}: ${loaders.from}\n`);
      found.push(loaders);
    } catch (error) {
      if (arch === OWN_ARCH) throw error;
      host.err(`left out: shim and GRUB for ${arch}: ${messageOf(error)}\n`);
    }
  }
  return found;
}

async function ownVersion(): Promise<string> {
  const manifest = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version;
}
