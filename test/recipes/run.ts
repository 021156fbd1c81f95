/**
 * `npm run test:recipes [-- ID…]`: runs the recipes of docs/boot-recipes.md word for word, each on a network of its own, and powers on
 * the machines that they are for, until they have registered. `--short` is a form of a few minutes, `--list` says what there is. Logs
 * and consoles are in build/recipes/ID.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT } from '../../packaging/project-paths.ts';
import { explain } from '../../platform/errors/errors.ts';
import { createImages } from '../e2e/images.ts';
import { self } from '../e2e/self.ts';
import { readRecipes, type RecipeStep } from './page.ts';
import { createPlace, type Place } from './place.ts';
import { RECIPES, type Recipe, type RecipeMachine } from './recipes.ts';

const BUILD = join(PROJECT, 'build/recipes');
const NEEDS = ['qemu-system-x86_64', 'dnsmasq', 'busybox', 'ip', 'nsenter', 'setpriv', 'unshare', 'xorriso', 'mcopy'];
/** How long a machine may take from power-on to registered. */
const PATIENCE_MS = 300_000;
const INTRODUCTION = 'Before all of them';

type Row = readonly [name: string, verdict: 'passed' | 'failed' | 'skipped', note: string];

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const took = (since: number): string => `${((performance.now() - since) / 1000).toFixed(0)} s`;

interface Made {
  readonly base: string;
  readonly image: string;
  /** Of the section before all others: what builds the image, and what starts the server. */
  readonly server: readonly RecipeStep[];
}

const isBuild = (step: RecipeStep): boolean => 'command' in step && step.command.includes(' image build ');
const isLab = (step: RecipeStep): boolean => 'command' in step && step.command.includes(' -- lab --host ');

/** The image, made once by the page's own command. */
async function prepare(steps: readonly RecipeStep[]): Promise<Made> {
  const images = createImages(self, join(PROJECT, 'build/e2e/images'), (text) => say(`images: ${text}`));
  mkdirSync(join(PROJECT, 'build/e2e/images'), { recursive: true });
  await images.agent('x64');
  const { kernel } = await images.base('cloud');
  const [dir, image] = [join(BUILD, 'prepare'), join(BUILD, 'image')];
  for (const path of [dir, image]) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
  }
  const base = join(kernel, '..');
  const place = await createPlace({ dir, base, image });
  try {
    for (const step of steps.filter(isBuild)) await place.carryOut(step);
  } finally {
    await place.close();
  }
  return { base, image, server: steps.filter((step) => !isBuild(step)) };
}

async function play(recipe: Recipe, machine: RecipeMachine, steps: readonly RecipeStep[], made: Made): Promise<Row> {
  const name = `${recipe.id}-${machine.firmware}`;
  const lack = (recipe.needs ?? []).find((file) => !existsSync(file));
  if (lack !== undefined) return [name, 'skipped', `${lack} is not there`];
  const dir = join(BUILD, name);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const begun = performance.now();
  let place: Place | undefined;
  let console: (() => Promise<string>) | undefined;
  try {
    place = await createPlace({ dir, base: made.base, image: made.image });
    if (recipe.router === true) await place.router();
    // a recipe that starts the lab in its own way lays out what that serves before
    const own = steps.findIndex(isLab);
    const before = own < 0 ? [] : steps.slice(0, own + 1);
    for (const step of [...before, ...made.server.filter((step) => own < 0 || !isLab(step)), ...steps.slice(own + 1)])
      await place.carryOut(step);
    const powered = await place.powerOn(machine);
    console = () => powered.machine.console();
    await place.registered(powered.mac, PATIENCE_MS);
    await powered.machine.stop();
    return [name, 'passed', took(begun)];
  } catch (error) {
    const last = (await console?.())?.trim().split('\n').slice(-12).join('\n') ?? 'nothing';
    say(`${name}: FAILED\n${explain(error)}\nserver:\n${place?.said.slice(-15).join('\n') ?? ''}\nconsole:\n${last}`);
    return [name, 'failed', `${took(begun)}; ${dir}`];
  } finally {
    writeFileSync(join(dir, 'said.log'), `${place?.said.join('\n') ?? ''}\n`);
    await place?.close();
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { short: { type: 'boolean', default: false }, list: { type: 'boolean', default: false } },
  });
  const unknown = positionals.filter((id) => !RECIPES.some((recipe) => recipe.id === id));
  if (unknown.length > 0) {
    process.stderr.write(`no such recipe: ${unknown.join(' ')}; there are ${RECIPES.map(({ id }) => id).join(' ')}\n`);
    return 64;
  }
  const page = readRecipes();
  const chosen = RECIPES.filter(({ id, short }) =>
    positionals.length > 0 ? positionals.includes(id) : short === true || !values.short,
  );
  if (values.list) {
    for (const { id, title, short } of chosen) say(`${id.padEnd(12)} ${short === true ? 'short' : '     '}  ${title}`);
    return 0;
  }
  const missing = NEEDS.find((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  const cannot = missing === undefined ? undefined : `${missing} is not installed`;
  const why = process.getuid?.() === 0 ? cannot : 'only root may mount and make namespaces';
  if (why !== undefined) {
    say(`recipes: skipped: ${why} (.ci/debian-packages names what is needed)`);
    return 0;
  }
  const made = await prepare(page.get(INTRODUCTION) ?? []);
  const rows: Row[] = [];
  for (const recipe of chosen) {
    const machines = values.short ? recipe.machines.slice(0, 1) : recipe.machines;
    for (const machine of machines) {
      say(`${recipe.id}: ${recipe.title}, ${machine.firmware === 'bios' ? 'BIOS' : 'UEFI'}`);
      const row = await play(recipe, machine, page.get(recipe.title) ?? [], made);
      rows.push(row);
      say(`${row[0]}: ${row[1]}, ${row[2]}`);
    }
  }
  say(`\n${rows.map(([name, verdict, note]) => `${name.padEnd(18)} ${verdict.padEnd(8)} ${note}`).join('\n')}`);
  const count = (verdict: Row[1]): number => rows.filter((row) => row[1] === verdict).length;
  say(`recipes: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
  return count('failed') === 0 ? 0 : 1;
}

process.exitCode = await main();
