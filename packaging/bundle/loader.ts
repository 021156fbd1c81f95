/**
 * What the executable begins with: loads the agent from its asset, with V8's code cache beside it. esbuild makes one small
 * file of this (bundle.ts). Without the cache, or where V8 does not take it, everything works and starts later.
 */
import { getRawAsset } from 'node:sea';
import { CODE_ASSET, CODE_CACHE_ASSET, evaluate, type ModuleScope } from './evaluate.ts';

declare const module: ModuleScope['module'];
declare const require: NodeJS.Require;
declare const __filename: string;

function asset(name: string): Buffer | undefined {
  try {
    return Buffer.from(getRawAsset(name));
  } catch {
    return undefined;
  }
}

const code = asset(CODE_ASSET);
if (code === undefined) throw new Error(`this executable has no ${CODE_ASSET}`);
// plain ASCII: one byte a character in memory, and nothing to decode
evaluate(code.toString('latin1'), asset(CODE_CACHE_ASSET)).run({ module, require, filename: __filename });
