/**
 * The kernel lines of razor-server 1.x and of Hanlon, each served to iPXE by the lab's own dialect: firmware, iPXE, boot API,
 * kernel, agent, registered. The scripts that iPXE gets by TFTP are the lab's too, asked for as an operator does: by HTTP
 * from razor-server's API, by `lab ipxe` for Hanlon, whose API gives none.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../platform/process/run.ts';
import type { DhcpOptions } from '../../../lab/vm/segment.ts';
import type { LabProcess } from '../../../lab/vm/site-lab.ts';
import type { Site } from '../../../lab/vm/site.ts';
import { makeZip } from '../../helpers/zip.ts';
import { fetchInside } from '../inside.ts';
import { CONSOLE, readySite } from '../ready.ts';
import { factsOf, isEvent, type Scenario, type World } from '../scenario.ts';
import { self } from '../self.ts';

/** Says on the serial console what led to the server. */
const IMAGE = { kernel: 'cloud', flavour: 'prod' } as const;
const HANLON_PATH = '/hanlon/api/v1';

export const scenario: Scenario = {
  id: 'j',
  title: 'the kernel lines of razor-server 1.x and Hanlon, to registered',
  gate: false,
  minutes: 25,
  async run(world) {
    const extension = join(world.dir, 'extension.zip');
    writeFileSync(extension, makeZip([{ name: 'facts.d/site.txt', data: 'rack=12\n' }]));
    const lab = ['--razor-server', '--db', join(world.dir, 'lab.db'), '--extension-zip', extension];
    const { site, lab: first } = await readySite(world, { image: IMAGE, discoverOnly: true, dhcp: false, lab });
    const { address } = site;

    const bootstrap = await fetchInside(site, `http://${address}:8150/api/microkernel/bootstrap`);
    await boot(world, site, first, 1, {
      name: 'razor-server',
      script: bootstrap,
      dialect: 'razor-server',
      foundBy: `server http://${address}:8150/svc/checkin/\\d+, found by kernel line razor.register`,
      // from the extension archive that the line names too
      facts: { rack: '12' },
    });

    const hanlonScript = await labIpxe('hanlon', address);
    await boot(world, site, first, 2, {
      name: 'hanlon-lease',
      script: hanlonScript,
      dialect: 'hanlon',
      dhcp: {
        nextServer: null,
        lines: [
          `dhcp-option-force=224,${address}`,
          'dhcp-option-force=225,1f:5a',
          `dhcp-option-force=226,${HANLON_PATH}`,
        ],
      },
      foundBy: `server http://${address}:8026${HANLON_PATH}, found by DHCP options of Hanlon`,
    });

    world.step('the lab begins anew with hanlon.ip= on its kernel line');
    await first.stop();
    const second = await site.startLab([...lab, '--mk-kernel-args', `${CONSOLE} hanlon.ip=${address}`]);
    await boot(world, site, second, 3, {
      name: 'hanlon-line',
      script: hanlonScript,
      dialect: 'hanlon',
      foundBy: `server http://${address}:8026, found by kernel line hanlon.ip`,
    });
  },
};

interface Journey {
  readonly name: string;
  /** What iPXE gets by TFTP. */
  readonly script: string;
  readonly dialect: string;
  readonly dhcp?: DhcpOptions;
  /** What the agent says of its server, as a pattern. */
  readonly foundBy: string;
  /** Facts that the lab must have of it. */
  readonly facts?: Readonly<Record<string, string>>;
}

async function boot(world: World, site: Site, lab: LabProcess, number: number, journey: Journey): Promise<void> {
  const tftp = join(site.dir, 'tftp', journey.name);
  mkdirSync(tftp, { recursive: true });
  writeFileSync(join(tftp, 'razor.ipxe'), journey.script);
  await site.lan.startDhcp({ ...journey.dhcp, tftpRoot: tftp });
  await site.lan.addTap(`tap${number}`);
  const mac = `52:54:00:00:6a:0${number}`;
  const before = lab.events.length;
  const isNew = (event: (typeof lab.events)[number]): boolean => lab.events.indexOf(event) >= before;

  world.step(`${journey.name}: power on; iPXE asks the boot API of ${journey.dialect}`);
  const machine = await site.machine({
    name: journey.name,
    nics: [{ mac, tap: `tap${number}`, bootindex: 1 }],
    args: ['-uuid', `5b8f0c3e-91d2-4c57-8a66-00000000000${number}`],
  });
  const booted = await lab.waitFor('boot API asked', (event) => isEvent('boot')(event) && isNew(event), 180_000);
  assert.equal(booted.dialect, journey.dialect);
  world.step(`${journey.name}: the agent finds the server that the line or the lease names`);
  await machine.expect(new RegExp(journey.foundBy.replaceAll('.', '\\.')), { timeoutMs: 240_000 });
  world.step(`${journey.name}: it registers`);
  const registered = await lab.waitFor('registered', (event) => isEvent('registered')(event) && isNew(event));
  assert.equal(registered.dialect, journey.dialect);
  const facts = await factsOf(site, registered.node ?? '');
  // razor-server gets Facter's form, the others the original microkernel's
  const sent = journey.dialect === 'razor-server' ? mac : mac.toUpperCase();
  for (const [name, value] of Object.entries({ ...journey.facts, macaddress_eth0: sent }))
    assert.equal(facts[name], value, name);
  await machine.stop();
}

/** What `razor-mk lab ipxe` prints. */
async function labIpxe(dialect: string, server: string): Promise<string> {
  const words = ['lab', 'ipxe', '--dialect', dialect, '--server', server];
  const result = await run([...self, ...words], { timeoutMs: 60_000 });
  assert.equal(result.status, 0, result.stderr.toString());
  return result.stdout.toString();
}
