/** The verb `lab ipxe`: what machines boot before they know the lab. */
import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { EXECUTABLE } from '../../platform/process/executable.ts';
import { defineVerb } from '../../platform/process/verb.ts';
import { BOOT_DIALECTS, bootstrapFor, grubFor } from '../ipxe/bootstrap.ts';
import { layOut } from '../ipxe/layout.ts';
import { runOwnVerb } from '../own-verb.ts';
import { IPXE_MENU, SYSLINUX_MENU } from '../../platform/netboot/scripts.ts';

const SERVER = /^(\$\{next-server\}|\[[0-9a-f:.]{2,45}\]|[a-z0-9][a-z0-9.-]{0,252})(?::(\d{1,5}))?$/i;

export const verb = defineVerb({
  examples: [
    ['lab ipxe', 'the script that leads machines to the lab'],
    ['lab ipxe --server 192.0.2.10 --out /srv/tftp', 'a whole TFTP root, with settings for dnsmasq'],
  ],
  options: (yargs) =>
    yargs
      .option('server', {
        type: 'string',
        default: '${next-server}',
        describe: 'HOST[:PORT] of the lab; by default the one that DHCP names',
      })
      .option('out', { type: 'string', describe: 'lay out a complete TFTP root in this directory' })
      .option('dialect', {
        choices: BOOT_DIALECTS,
        default: 'razor' as const,
        describe: 'whose boot API the script asks',
      })
      .option('ipxe', {
        choices: ['trixie', 'installed'] as const,
        describe: 'with --out, whose iPXE, as for image ipxe',
      })
      .option('menu', { choices: ['bios', 'uefi'] as const, describe: 'print the boot menu instead of the script' }),
  run: async (args, host) => {
    const [, name, port] = SERVER.exec(args.server) ?? [];
    if (name === undefined) throw new RazorMkError('RAZOR_MK_USAGE', `--server ${args.server} is not HOST[:PORT]`);
    const script = bootstrapFor(args.dialect, name, port);
    if (args.out === undefined) {
      const text = { bios: SYSLINUX_MENU, uefi: IPXE_MENU, none: script };
      host.out(text[args.menu ?? 'none']);
      return 0;
    }
    if (EXECUTABLE) throw new RazorMkError('RAZOR_MK_CLONE_ONLY', 'lab ipxe --out is not part of the executable');
    const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    const address = isIPv4(name) ? name : undefined;
    const { root, written } = await layOut(
      args.out,
      { script, grub: grubFor(args.dialect, name, port) },
      manifest.version,
      address,
    );
    host.out(`${written.map((file) => `${root}/${file}`).join('\n')}\n`);
    const choice = args.ipxe === undefined ? [] : ['--ipxe', args.ipxe];
    const loaders = await runOwnVerb(host, 'image', 'ipxe', '--loaders-only', '--out', root, ...choice);
    host.out(loaders.stdout.toString());
    host.err(loaders.stderr.toString());
    if (address === undefined)
      host.err(`razor-mk: write this machine’s address into ${root}/dnsmasq.conf, or give it: --server ADDRESS\n`);
    return 0;
  },
});
