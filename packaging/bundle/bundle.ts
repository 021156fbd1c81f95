/** The agent as one JavaScript file: esbuild, with the image builder left out, and the lab where it is not asked for. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { lazyModules } from './lazy-modules.ts';
import { packageDirectory } from '../inventory/npm-archives.ts';
import { PROJECT } from '../project-paths.ts';

interface BundleOptions {
  readonly version: string;
  readonly commit: string;
  /** With the lab in it. */
  readonly lab?: boolean;
  /** File to write; its directory exists. */
  readonly output: string;
}

export interface Bundle {
  readonly path: string;
  readonly bytes: number;
  /** npm packages that went in, by the directory below node_modules: `got`, `@scope/name`; sorted. */
  readonly packages: readonly string[];
  /** Files of npm packages that went in, relative to the project; sorted. */
  readonly packageFiles: readonly string[];
  /** Our own modules that went in, relative to the project; sorted. */
  readonly modules: readonly string[];
}

/** Rooms that never run on a node: none of their modules may be in the bundle, but for the lab's where it is asked for. */
const LEFT_OUT = ['lab/', 'packaging/', 'tinycore/image/', 'scripts/', 'test/'];

/**
 * esbuild does not carry a constant from one module into another, so `if (EXECUTABLE)` would keep both branches. With
 * the import taken away the name is free, and the define below decides it.
 */
const inlineExecutable: Plugin = {
  name: 'inline-executable',
  setup: (esbuild) => {
    esbuild.onLoad({ filter: /\/(agent|facts|lab|platform|tinycore)\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        /^import \{ EXECUTABLE(?:, WITH_LAB)? \} from '[./]+\/(platform\/)?(process\/)?executable\.ts';$/m,
        '',
      ),
      loader: 'ts',
    }));
  },
};

/** `performance.now` without `node:perf_hooks`, which Node loads for it: milliseconds since the start of the process. */
const NOW =
  'const __began=process.uptime()*1e3,__at=process.hrtime(),__now=()=>{const[s,n]=process.hrtime(__at);return __began+s*1e3+n/1e6};';
const BANNER = `const __import_meta_url=require('node:url').pathToFileURL(__filename).href;${NOW}`;

/** The bundle is a function expression: the loader hands in what a module of CommonJS has. */
const WRAPPER = ['(function (exports, require, module, __filename) {', '\n})'] as const;

/** Bundles agent/main.ts. Throws RAZOR_MK_PACKAGE where esbuild fails or a room of the clone got in. */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  let metafile: Metafile;
  const lab = options.lab === true;
  try {
    const result = await build({
      entryPoints: ['agent/main.ts'],
      absWorkingDir: PROJECT,
      outfile: options.output,
      bundle: true,
      preserveSymlinks: true, // node_modules may be a link; the paths of the inventory stay inside the project
      platform: 'node',
      target: 'node24',
      format: 'cjs',
      // a native import() of what is outside of the bundle makes Node print an ExperimentalWarning on the node's console
      supported: { 'dynamic-import': false },
      minify: true,
      legalComments: 'none', // the licence texts lie beside the executable, whole
      metafile: true,
      logLevel: 'silent',
      // the lab uses more of Node than what the stand-ins have
      plugins: lab ? [inlineExecutable] : [inlineExecutable, lazyModules],
      external: ['pg-native'], // another client, which pg takes where somebody has installed it
      define: {
        // yargs and node-cron call createRequire(import.meta.url), which is undefined in CommonJS (esbuild is silent)
        'import.meta.url': '__import_meta_url',
        'performance.now': '__now',
        EXECUTABLE: 'true',
        WITH_LAB: String(lab),
        RAZOR_MK_WITH_LAB: String(lab),
        RAZOR_MK_EXECUTABLE: 'true',
        RAZOR_MK_VERSION: JSON.stringify(options.version),
        RAZOR_MK_COMMIT: JSON.stringify(options.commit),
      },
      banner: { js: BANNER },
    });
    metafile = result.metafile;
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_PACKAGE', `esbuild: ${messageOf(error)}`, { cause: error });
  }
  const output = Object.values(metafile.outputs)[0];
  // inputs of the output with no byte left are modules that were read, found unreachable and dropped
  const kept = Object.entries(output?.inputs ?? {})
    .filter(([path, part]) => part.bytesInOutput > 0 && !path.startsWith('lazy:'))
    .map(([path]) => path)
    .sort();
  const out = LEFT_OUT.filter((room) => !lab || room !== 'lab/');
  const strays = kept.filter((path) => out.some((room) => path.startsWith(room)));
  if (strays.length > 0)
    throw new RazorMkError('RAZOR_MK_PACKAGE', `modules of the clone got into the executable: ${strays.join(', ')}`, {
      remedy: 'Import them behind `if (EXECUTABLE) … else …` (agent/verbs.ts).',
    });
  writeFileSync(`${options.output}.meta.json`, JSON.stringify(metafile));
  const code = wrapped(readFileSync(options.output, 'utf8'));
  writeFileSync(options.output, code);
  return {
    path: options.output,
    bytes: code.length,
    packages: [...new Set(kept.map(packageDirectory).filter((name) => name !== undefined))].sort(),
    packageFiles: kept.filter((path) => packageDirectory(path) !== undefined),
    modules: kept.filter((path) => packageDirectory(path) === undefined),
  };
}

/** Without the #! line, as a function expression, in ASCII: esbuild escapes all but what stands in patterns. */
function wrapped(code: string): string {
  const ascii = code
    .replace(/^#!.*\n/, '')
    .replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return WRAPPER.join(ascii);
}

/** Bundles a script of the packager that runs where TypeScript does not: the loader, the warm-up. Throws RAZOR_MK_PACKAGE. */
export async function bundleScript(entry: string, output: string, format: 'cjs' | 'esm'): Promise<void> {
  try {
    const common = { bundle: true, platform: 'node', target: 'node24', minify: true, logLevel: 'silent' } as const;
    await build({ entryPoints: [entry], absWorkingDir: PROJECT, outfile: output, format, ...common });
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_PACKAGE', `esbuild: ${entry}: ${messageOf(error)}`, { cause: error });
  }
}

/** Where the staged bundle lies below a stage directory. */
export function bundlePath(stage: string): string {
  return join(stage, 'razor-mk.cjs');
}
