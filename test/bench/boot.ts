/**
 * npm run bench:boot: image form × firmware. Each form of the image is built, booted from the network under both firmwares,
 * and timed from power-on to the first check-in and to registered; medians. Options: --quick (one boot each, no search for
 * memory), --runs N (5), --forms a,b (all), --firmware bios,uefi, --json. Needs root and what npm run e2e needs.
 */
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LabProcess } from '../../lab/vm/site-lab.ts';
import { openSite, type Site } from '../../lab/vm/site.ts';
import { FORMS } from '../../tinycore/image/extensions/agent-form.ts';
import { createImages, type ImageChoice, type MicrokernelImage } from '../e2e/images.ts';
import { smallestMemory } from '../e2e/memory.ts';
import { bootDirectly, readySite } from '../e2e/ready.ts';
import { self } from '../e2e/self.ts';
import { boundaries, medians, type Lap, PHASES, table } from './boot-table.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    forms: { type: 'string', default: FORMS.join(',') },
    firmware: { type: 'string', default: 'bios,uefi' },
    json: { type: 'boolean', default: false },
  },
});
const RUNS = Number(options.runs ?? (options.quick ? 1 : 5));
const BUILD = new URL('../../build', import.meta.url).pathname;
const DIR = join(BUILD, 'bench-boot');
const LIMIT_MS = 600_000;
/** A machine that is slower than this has too little memory: it reads its programs again and again. */
const MEMORY_LIMIT_MS = 90_000;

const say = (text: string): void => void process.stderr.write(`bench:boot: ${text}\n`);
const images = createImages(self, join(BUILD, 'e2e/images'), say);
const abort = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => abort.abort(new Error(name)));

const interrupted = new Promise<never>((_, reject) => {
  abort.signal.addEventListener('abort', () => reject(abort.signal.reason as Error), { once: true });
});
interrupted.catch(() => undefined);

export interface Row extends Lap {
  readonly form: string;
  readonly firmware: string;
  readonly initrdMB: number;
  readonly needsMiB: number;
  /** -m of the smallest machine that registers; undefined where it was not searched. */
  readonly foundMiB: number | undefined;
}

/** Opens a site with the image, does the work in it, and closes it whatever happens. */
async function inSite<T>(
  name: string,
  image: ImageChoice,
  work: (site: Site, lab: LabProcess) => Promise<T>,
): Promise<T> {
  const dir = join(DIR, name);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  let opened: Site | undefined;
  const world = {
    dir,
    images,
    step: () => undefined,
    site: async () => (opened = await openSite({ dir, self, signal: abort.signal })),
  };
  try {
    // the random wait before the first turn would be a sixth of the agent's share
    const { site, lab } = await readySite(world, { image, discoverOnly: true, kernelArgs: 'razor.checkin_skew=0' });
    return await Promise.race([work(site, lab), interrupted]);
  } finally {
    await opened?.close();
  }
}

async function boots(form: string, firmware: 'bios' | 'uefi', image: ImageChoice): Promise<Lap> {
  return await inSite(`${form}-${firmware}`, image, async (site, lab) => {
    const laps: Lap[] = [];
    for (let run = 1; run <= RUNS; run++) {
      const name = `run${run}`;
      await site.lan.addTap(name);
      const mac = `52:54:00:00:be:${run.toString(16).padStart(2, '0')}`;
      const machine = await site.machine({
        name,
        firmware,
        nics: [{ mac, tap: name, bootindex: 1, ...(firmware === 'uefi' && { romfile: '' }) }],
      });
      const id = mac.replaceAll(':', '').toUpperCase();
      await lab.waitFor(
        `${name}: registered`,
        (event) => event.type === 'registered' && JSON.stringify(event.details?.['hwIds'] ?? []).includes(id),
        LIMIT_MS,
      );
      await machine.stop();
      laps.push(boundaries(site.timeline.moments.filter((moment) => moment.machine === name)));
      say(
        `${form} ${firmware} ${run}/${RUNS}: registered after ${((laps.at(-1)?.registered ?? 0) / 1000).toFixed(1)} s`,
      );
    }
    return medians(laps);
  });
}

async function memory(form: string, choice: ImageChoice, needs: number): Promise<number> {
  return await inSite(`${form}-memory`, choice, async (site, lab) => {
    const step = 8;
    const found = await smallestMemory({
      site,
      lab,
      powerOn: (name, memoryMiB, nic) =>
        bootDirectly(
          { dir: site.dir, images, step: () => undefined, site: () => Promise.resolve(site) },
          site,
          choice,
          {
            name,
            memoryMiB,
            nics: [nic],
            append: 'razor.checkin_skew=0',
          },
        ),
      low: Math.floor((needs * 0.6) / step) * step,
      high: Math.ceil((needs * 1.6 + 48) / step) * step,
      step,
      timeoutMs: MEMORY_LIMIT_MS,
      onTrial: (trial) =>
        say(`${form}: ${trial.mib} MiB: ${trial.registered ? 'registered' : (trial.why ?? 'silent')}`),
    });
    return found.mib;
  });
}

async function measure(form: string): Promise<Row[]> {
  const choice: ImageChoice = { kernel: 'cloud', flavour: 'prod', variant: form, args: ['--form', form] };
  const image: MicrokernelImage = await images.microkernel(choice);
  const needsMiB = Number(image.report['needsMib']);
  const foundMiB = options.quick ? undefined : await memory(form, choice, needsMiB);
  const initrdMB = statSync(image.initrd).size / 1e6;
  const rows: Row[] = [];
  for (const firmware of options.firmware.split(',')) {
    if (firmware !== 'bios' && firmware !== 'uefi') throw new Error(`no such firmware: ${firmware}`);
    rows.push({ form, firmware, initrdMB, needsMiB, foundMiB, ...(await boots(form, firmware, choice)) });
  }
  return rows;
}

const rows: Row[] = [];
for (const form of options.forms.split(',')) {
  if (!(FORMS as readonly string[]).includes(form))
    throw new Error(`no such form: ${form}; there are ${FORMS.join(' ')}`);
  rows.push(...(await measure(form)));
  // after each form: hours of measuring are not lost by what comes later
  mkdirSync(DIR, { recursive: true });
  writeFileSync(join(DIR, 'result.json'), `${JSON.stringify({ runs: RUNS, phases: PHASES, rows }, null, 1)}\n`);
}
process.stdout.write(options.json ? `${JSON.stringify({ runs: RUNS, rows })}\n` : table(rows, RUNS));
