/**
 * Stands for node:test in test files that are loaded once for each mutant: what they define is collected here, and run by
 * `runCollected` below a real test of Node's runner, so that `t` is the real one.
 */
import * as real from 'node:test';
import type { TestContext } from 'node:test';

type Body = (t: TestContext) => unknown;
type Hooks = Record<'before' | 'after' | 'beforeEach' | 'afterEach', Body[]>;

export interface Suite {
  readonly hooks: Hooks;
  readonly entries: (Suite | { readonly name: string; readonly body: Body })[];
}

const newSuite = (): Suite => ({ hooks: { before: [], after: [], beforeEach: [], afterEach: [] }, entries: [] });
let current = newSuite();

/** What `load`, which imports a test file, defines. */
export async function collect(load: () => Promise<unknown>): Promise<Suite> {
  const suite = (current = newSuite());
  await load();
  return suite;
}

/** The arguments of `test` are a name, options and a body, each of which may be left out. */
function parts(args: readonly unknown[]): { name: string; options: real.TestOptions; body: Body } {
  const name = args.find((arg) => typeof arg === 'string') ?? '';
  const options = (args.find((arg) => typeof arg === 'object') ?? {}) as real.TestOptions;
  const body = (args.find((arg) => typeof arg === 'function') ?? (() => undefined)) as Body;
  return { name, options, body };
}

/** Collects a test; one that is skipped or still to be done is left out. */
export function test(...args: readonly unknown[]): void {
  const { name, options, body } = parts(args);
  if (!options.skip && !options.todo) current.entries.push({ name, body });
}
export const it = test;
export { test as default };

/** Collects what `body` defines, as a suite of its own. */
export function describe(...args: readonly unknown[]): void {
  const { options, body } = parts(args);
  if (options.skip) return;
  const outer = current;
  const suite = (current = newSuite());
  outer.entries.push(suite);
  (body as () => void)();
  current = outer;
}
export const suite = describe;

/** Collects a hook of the suite that is being defined. */
export const before = (body: Body): void => void current.hooks.before.push(body);
/** As `before`. */
export const after = (body: Body): void => void current.hooks.after.push(body);
/** As `before`. */
export const beforeEach = (body: Body): void => void current.hooks.beforeEach.push(body);
/** As `before`. */
export const afterEach = (body: Body): void => void current.hooks.afterEach.push(body);
export const { mock } = real;

/** Runs what was collected below `t`, each test for at most `limitMs`, until one fails: its name. */
export async function runCollected(t: TestContext, collected: Suite, limitMs: number): Promise<string | undefined> {
  let failed: string | undefined;
  const step = async (name: string, body: Body): Promise<void> => {
    if (failed !== undefined) return;
    failed = name; // and so it stays when the body throws or does not end
    await t.test(name, { timeout: limitMs }, async (inner) => {
      await body(inner);
      failed = undefined;
    });
  };
  const runSuite = async (
    { hooks, entries }: Suite,
    before: readonly Body[],
    after: readonly Body[],
  ): Promise<void> => {
    for (const body of hooks.before) await step('before', body);
    for (const entry of entries) {
      const inside = [
        [...before, ...hooks.beforeEach],
        [...hooks.afterEach, ...after],
      ] as const;
      if ('entries' in entry) await runSuite(entry, ...inside);
      else await step(entry.name, (inner) => within(inner, entry.body, ...inside));
    }
    for (const body of hooks.after) await t.test('after', async (inner) => void (await body(inner)));
  };
  await runSuite(collected, [], []);
  return failed;
}

async function within(t: TestContext, body: Body, before: readonly Body[], after: readonly Body[]): Promise<void> {
  for (const hook of before) await hook(t);
  try {
    await body(t);
  } finally {
    for (const hook of after) await hook(t);
  }
}
