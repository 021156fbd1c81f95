/**
 * Discovery by each way alone, and with a wrong one before the right one. It is about what the agent finds after the kernel
 * has started, so kernel and initrd are booted directly; the released image says on its serial console what led to the server.
 */
import type { DhcpOptions } from '../../../lab/vm/segment.ts';
import { serveFiles } from '../inside.ts';
import { bootDirectly, readySite } from '../ready.ts';
import { isEvent, type ReadySite, type Scenario, type World } from '../scenario.ts';

interface Way {
  readonly name: string;
  readonly append?: string;
  readonly dhcp: DhcpOptions;
  /** What the agent must say led to the server. */
  readonly foundBy: string;
}

const SERVER = '10.77.0.1';
/** An address of the segment that nobody has. */
const NOBODY = '10.77.0.250';
/** Where something else answers HTTP. */
const WEB_PORT = 8090;
/** A lease without a server, and a DNS that knows no name. */
const NOTHING: DhcpOptions = { nextServer: null };
const razorIs = (address: string): DhcpOptions => ({ names: { 'razor.test': address } });

const WAYS: readonly Way[] = [
  { name: 'razor.ip', append: `razor.ip=${SERVER}`, dhcp: NOTHING, foundBy: 'kernel line razor.ip' },
  {
    name: 'razor.server, by DNS',
    append: 'razor.server=boot.test',
    dhcp: { ...NOTHING, names: { 'boot.test': SERVER } },
    foundBy: 'kernel line razor.server',
  },
  { name: 'the DNS name razor', dhcp: { ...NOTHING, ...razorIs(SERVER) }, foundBy: 'DNS name razor' },
  { name: 'next-server', dhcp: {}, foundBy: 'next-server file' },
  {
    name: 'a wrong razor.ip, then the DNS name razor',
    append: `razor.ip=${NOBODY}`,
    dhcp: { ...NOTHING, ...razorIs(SERVER) },
    foundBy: 'DNS name razor',
  },
  { name: 'a stale DNS name razor, then next-server', dhcp: razorIs(NOBODY), foundBy: 'next-server file' },
  {
    name: 'a razor.server that DNS does not know, then next-server',
    append: 'razor.server=gone.test',
    dhcp: {},
    foundBy: 'next-server file',
  },
  {
    name: 'a wrong razor.ip and a stale razor.server, then next-server',
    append: `razor.ip=${NOBODY} razor.server=boot.test`,
    dhcp: { names: { 'boot.test': NOBODY } },
    foundBy: 'next-server file',
  },
  {
    name: 'a razor.ip where a web server answers that is no Razor server, then next-server',
    append: `razor.ip=${SERVER}:${WEB_PORT}`,
    dhcp: {},
    foundBy: 'next-server file',
  },
  {
    name: 'the DNS name razor beside the next-server of another service',
    dhcp: { nextServer: NOBODY, ...razorIs(SERVER) },
    foundBy: 'DNS name razor',
  },
];

export const scenario: Scenario = {
  id: 'c',
  title: 'discovery by each way alone, and with the wrong one first',
  gate: false,
  minutes: 30,
  async run(world) {
    const ready = await readySite(world, { image: IMAGE, discoverOnly: true, dhcp: false });
    await serveFiles(ready.site, world.dir, WEB_PORT);
    for (const [index, way] of WAYS.entries()) await discover(world, ready, way, index);
  },
};

const IMAGE = { kernel: 'cloud', flavour: 'prod' } as const;

async function discover(world: World, { site, lab }: ReadySite, way: Way, index: number): Promise<void> {
  world.step(`${way.name}: it registers with ${SERVER}, found by ${way.foundBy}`);
  const mac = `52:54:00:00:0c:0${index}`;
  const tap = `tap${index}`;
  await site.lan.startDhcp(way.dhcp);
  await site.lan.addTap(tap);
  const machine = await bootDirectly(world, site, IMAGE, {
    name: `way${index}`,
    nics: [{ mac, tap }],
    ...(way.append !== undefined && { append: way.append }),
  });
  const found = `server http://${SERVER}:8026, found by ${way.foundBy}`;
  await machine.expect(new RegExp(found.replaceAll('.', '\\.')), { timeoutMs: 240_000 });
  const id = mac.replaceAll(':', '').toUpperCase();
  await lab.waitFor(
    `${way.name}: registered`,
    (event) => isEvent('registered')(event) && JSON.stringify(event.details?.['hwIds'] ?? []).includes(id),
  );
  await machine.stop();
}
