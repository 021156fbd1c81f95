/** What a scenario is: boot, expect, answer; readable from top to bottom. */
import type { LabEvent } from '../../lab/lab-events.ts';
import type { LabProcess } from '../../lab/vm/site-lab.ts';
import type { Site } from '../../lab/vm/site.ts';
import type { Images } from './images.ts';

export interface Scenario {
  /** One letter, as the suite's users name it. */
  readonly id: string;
  readonly title: string;
  /** Part of every gate; the others run with --all. */
  readonly gate: boolean;
  readonly minutes: number;
  /** Programs that must be there besides QEMU, dnsmasq and iproute2. */
  readonly needs?: readonly string[];
  /** Why it cannot be run here, for another reason than a missing program. */
  readonly lacks?: () => Promise<string | undefined>;
  readonly run: (world: World) => Promise<void>;
}

export interface World {
  /** Where this run's logs, consoles and report go. */
  readonly dir: string;
  readonly images: Images;
  /** Opens a site that is closed when the scenario is over, however it ends. */
  site(name?: string): Promise<Site>;
  /** Says what is being done or waited for; the last one is named when the scenario fails. */
  step(text: string): void;
}

/** A site whose lab has the microkernel and a policy that installs every machine; the usual beginning of a scenario. */
export interface ReadySite {
  readonly site: Site;
  readonly lab: LabProcess;
}

/** An event of the lab about the machine whose node is `node`, or about any where that is undefined. */
export function isEvent(type: LabEvent['type'], node?: string, command?: string): (event: LabEvent) => boolean {
  return (event) =>
    event.type === type &&
    (node === undefined || event.node === node) &&
    (command === undefined || event.command === command);
}

/** Waits until a node has checked in `count` times since this lab began. */
export async function checkins(lab: LabProcess, node: string, count: number): Promise<void> {
  let seen = 0;
  await lab.waitFor(`${count} check-ins`, (event) => isEvent('checkin', node)(event) && ++seen === count);
}

/** The facts of a node, as the lab has them. */
export async function factsOf(site: Site, node: string): Promise<Readonly<Record<string, string>>> {
  const known = (await site.lab('node', 'get', node)) as { readonly facts?: Readonly<Record<string, string>> };
  return known.facts ?? {};
}
