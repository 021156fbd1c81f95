/** Discovery by each way alone, and with a wrong one first. */
import { bootDirectly, readySite } from '../ready.ts';
import { isEvent, type Scenario, type World } from '../scenario.ts';
import type { ReadySite } from '../scenario.ts';
import type { DhcpOptions } from '../../../lab/vm/segment.ts';

interface Way {
  readonly name: string;
  readonly append: string;
  readonly dhcp: DhcpOptions;
}

const NOTHING: DhcpOptions = { nextServer: null };

const WAYS: readonly Way[] = [
  { name: 'kernel line razor.ip', append: 'razor.ip=10.77.0.1', dhcp: NOTHING },
  {
    name: 'razor.server by DNS',
    append: 'razor.server=boot.test',
    dhcp: { ...NOTHING, names: { 'boot.test': '10.77.0.1' } },
  },
  { name: 'DNS name razor', append: '', dhcp: { ...NOTHING, names: { 'razor.test': '10.77.0.1' } } },
  { name: 'next-server', append: '', dhcp: {} },
  {
    name: 'a wrong razor.ip first, then DNS',
    append: 'razor.ip=10.77.0.250',
    dhcp: { ...NOTHING, names: { 'razor.test': '10.77.0.1' } },
  },
];

export const scenario: Scenario = {
  id: 'c',
  title: 'discovery by each way alone, and with the wrong one first',
  gate: false,
  minutes: 10,
  async run(world) {
    const ready = await readySite(world, { discoverOnly: true, dhcp: false });
    for (const [index, way] of WAYS.entries()) await discover(world, ready, way, index);
  },
};

async function discover(world: World, { site, lab }: ReadySite, way: Way, index: number): Promise<void> {
  world.step(way.name);
  const mac = `52:54:00:00:0c:0${index}`;
  const tap = `tap${index}`;
  await site.lan.startDhcp(way.dhcp);
  await site.lan.addTap(tap);
  const machine = await bootDirectly(
    world,
    site,
    { kernel: 'cloud' },
    { name: `way${index}`, nics: [{ mac, tap }], append: way.append },
  );
  const id = mac.replaceAll(':', '').toUpperCase();
  await lab.waitFor(
    `${way.name}: registered`,
    (event) => isEvent('registered')(event) && JSON.stringify(event.details?.['hwIds'] ?? []).includes(id),
    240_000,
  );
  await machine.stop();
}
