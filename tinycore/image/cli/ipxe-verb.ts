/** `razor-mk image ipxe`: a TFTP root with iPXE and the script that finds the Razor server. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { defineVerb } from '../../../platform/process/verb.ts';
import { layOutIpxe } from '../netboot/ipxe.ts';

export const verb = defineVerb({
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
      }),
  run: async (args, host) => {
    const manifest = new URL('../../../package.json', import.meta.url);
    const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
    const layout = layOutIpxe({
      version,
      out: resolve(args.out),
      port: args.port,
      cards: args.cards,
      network: { interface: args.interface, address: args.address, range: args.range },
      server: args.server,
    });
    host.out(layout.written.map((name) => `${resolve(args.out)}/${name}\n`).join(''));
    for (const { file, debian } of layout.missing) host.err(`left out: ${file} (apt-get install ${debian})\n`);
    return 0;
  },
});
