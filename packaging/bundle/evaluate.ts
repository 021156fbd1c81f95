/** The bundle as a V8 script. The executable and the making of its code cache must compile it in exactly the same way. */
import { constants, Script } from 'node:vm';

/** Names of the executable's assets (node:sea): the bundle, and V8's code cache of it. */
export const CODE_ASSET = 'razor-mk.cjs';
export const CODE_CACHE_ASSET = 'razor-mk.cache';

export interface ModuleScope {
  readonly module: { exports: object };
  readonly require: NodeJS.Require;
  readonly filename: string;
}

export interface Evaluated {
  /** Whether V8 took the cache: it takes only one of the same V8, made with the same flags. */
  readonly cached: boolean;
  run(scope: ModuleScope): void;
  /** V8's cache of everything that was compiled so far. */
  cache(): Buffer;
}

type Wrapped = (exports: object, require: NodeJS.Require, module: object, filename: string) => void;

/** `source` is a function expression (bundle.ts, WRAPPER). */
export function evaluate(source: string, cachedData?: Buffer): Evaluated {
  const script = new Script(source, {
    filename: 'razor-mk.cjs', // the same wherever the executable was built and wherever it lies
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    cachedData,
  });
  return {
    cached: cachedData !== undefined && script.cachedDataRejected === false,
    run({ module, require, filename }) {
      const wrapped = script.runInThisContext() as Wrapped;
      wrapped(module.exports, require, module, filename);
    },
    cache: () => script.createCachedData(),
  };
}
