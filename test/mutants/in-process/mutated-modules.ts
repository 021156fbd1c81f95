/**
 * Loads modules of a tree again and again in one process: `?load=N` is added to the file that is changed and to every file that
 * leads to it, so that these are loaded anew, and all others are shared.
 */
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

const QUERY = '?load=';
const TESTS = new URL('collected-tests.ts', import.meta.url).href;

interface Generation {
  /** The paths that are loaded anew. */
  readonly leading: ReadonlySet<string>;
  /** The file that is read from the tree as it is now; all others are read once, and from the untouched tree. */
  readonly changed?: string;
}

export interface MutatedModules {
  /** Loads a file of the tree, and anew what of `leading` it needs. node:test is collected-tests.ts for these. */
  load(path: string, generation: Generation): Promise<unknown>;
}

/** Takes over the loading of modules below `root`; `untouched` is a copy of it that nobody changes. */
export function mutatedModules(root: string, untouched: string): MutatedModules {
  const base = new URL(`file://${root}/`).href;
  const stripped = new Map<string, string>();
  const generations: Generation[] = [];
  const sourceOf = (path: string, changed: string | undefined): string => {
    if (changed === path) return stripTypeScriptTypes(readFileSync(`${root}/${path}`, 'utf8'));
    const source = stripped.get(path) ?? stripTypeScriptTypes(readFileSync(`${untouched}/${path}`, 'utf8'));
    stripped.set(path, source);
    return source;
  };
  registerHooks({
    resolve(specifier, context, next) {
      const [, index] = context.parentURL?.split(QUERY) ?? [];
      if (index === undefined) return next(specifier, context);
      if (specifier === 'node:test') return next(TESTS, context);
      const found = next(specifier, context);
      const anew = generations[Number(index)]?.leading.has(found.url.slice(base.length)) === true;
      return anew && found.url.startsWith(base) ? { ...found, url: `${found.url}${QUERY}${index}` } : found;
    },
    load(url, context, next) {
      const [plain = '', index] = url.split(QUERY);
      if (index === undefined) return next(url, context);
      const path = fileURLToPath(plain).slice(root.length + 1);
      return { format: 'module', source: sourceOf(path, generations[Number(index)]?.changed), shortCircuit: true };
    },
  });
  return { load: (path, generation) => import(`${base}${path}${QUERY}${generations.push(generation) - 1}`) };
}
