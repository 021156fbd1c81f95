/**
 * Modules of others that take long to begin and that most runs never use: in the bundle they begin when they are first
 * used, or are left out where nothing of ours can reach them. Measured on the way to the first check-in: string-width
 * builds tables of emoji (45 ms, for help texts), two list formatters of @sindresorhus/is (10 ms, for messages nobody
 * sees), https and crypto (12 ms), assert (7 ms), http2 (4 ms), fs/promises with readline (3 ms), net with the streams for `facts` (6 ms).
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Plugin } from 'esbuild';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { PROJECT } from '../project-paths.ts';

const calls = (...names: readonly string[]): string =>
  names.map((name) => `export const ${name} = (...words) => real().${name}(...words);`).join('\n');
const WHOLE = 'export default new Proxy({}, { get: (_, name) => (real().default ?? real())[name] });';

const CRYPTO =
  'createHash createPrivateKey createPublicKey generateKeyPairSync randomBytes randomInt randomUUID sign timingSafeEqual verify'.split(
    ' ',
  );

const FILE_PROMISES = 'mkdir mkdtemp open readFile readdir realpath rename rm rmdir stat symlink writeFile'.split(' ');

/** What stands for each module, by its name in import; `real()` is the module itself, loaded at the first use. */
const STAND_INS: Readonly<Record<string, string>> = {
  // help and completion are our own (agent/command-line)
  cliui: "export default function () { throw new Error('yargs prints no help here'); }",
  'string-width': 'export default (text) => String(text).length;',
  './completion.js': 'export const completion = () => ({ setParsed() {} });',
  // yargs looks in vain for a package.json at each start, and catches what these throw
  assert: `export const strictEqual = (a, b, message) => { if (!Object.is(a, b)) throw new Error(message ?? 'not equal'); };
    export const notStrictEqual = (a, b, message) => { if (Object.is(a, b)) throw new Error(message ?? 'equal'); };`,
  'node:crypto': `${calls(...CRYPTO)}
    export const X509Certificate = function (pem) { return new (real().X509Certificate)(pem); };
    ${WHOLE}`,
  // with it come net and dgram; facts start no program
  'node:child_process': calls('spawn'),
  // got's client for HTTP/2 and its cache, which nobody asks for, are left out
  'node:http2': `export class Http2ServerResponse {} export const constants = {};`,
  './utils/http2-client.js': 'export default {};',
  'cacheable-request': `export default function () { throw new Error('got has no cache here'); }
    export class CacheError extends Error {}`,
  './utils/dns-cache.js': "export default function () { throw new Error('got has no cache here'); }",
  './utils/decompress-response.js': `export default (response) =>
    (response.headers['content-encoding'] ?? '') === '' ? response : real().default(response);`,
  'node:https': WHOLE,
  'node:tls': calls('checkServerIdentity'),
  // what an address is is asked of it, and with it come all streams
  'node:net': `${calls('isIP', 'isIPv4', 'isIPv6', 'connect', 'createServer')}
    export const BlockList = function () { return new (real().BlockList)(); };
    ${WHOLE}`,
  // with it come readline and half of what reads terminals
  'node:fs/promises': `${calls(...FILE_PROMISES)}
    ${WHOLE}`,
  // pino's transports are threads, which the executable cannot have
  'thread-stream': "module.exports = function () { throw new Error('pino has no transports here'); };",
  worker_threads: 'module.exports = { isMainThread: true };',
};
/** What of our own modules loads nothing at its own start. */
const OURS = new Map([
  // whole rooms: a list of folders does not survive a move of files
  ['node:crypto', /\/(platform|facts|tinycore\/node|agent)\/([\w-]+\/)*[\w-]+\.ts$/],
  ['node:net', /\/(platform|facts|agent)\/([\w-]+\/)*[\w-]+\.ts$/],
  ['node:fs/promises', /\/(platform|facts|tinycore\/node|agent)\/([\w-]+\/)*[\w-]+\.ts$/],
  ['node:child_process', /\/platform\/process\/(run|daemon)\.ts$/],
]);

/** Changes of a line or two: in which file, what, how often it must be there, and what takes its place. */
const PATCHES: readonly { file: RegExp; what: RegExp; times: number; by: string }[] = [
  {
    file: /\/@sindresorhus\/is\/distribution\/index\.js$/,
    what: /^const (\w+) = (new Intl\.ListFormat\([^;]*\));$/gm,
    times: 2,
    by: 'const $1 = { format: (list) => ($2).format(list) };',
  },
  {
    // an id for listeners of a diagnostics channel; there are none, and a random one loads all of crypto
    file: /\/got\/dist\/source\/core\/diagnostics-channel\.js$/,
    what: /return randomUUID\(\);/g,
    times: 1,
    by: "return 'request';",
  },
];

const SYSTEM = /^const (_linux|_darwin|_windows|_freebsd|_openbsd|_netbsd|_sunos) = .*;$/gm;

/** What facts/opinion and `status` never ask systeminformation for. */
const UNASKED =
  /^\.\/(audio|battery|bluetooth|docker|graphics|internet|osinfo|printer|processes|usb|users|virtualbox|wifi)$/;

/** Its tables of Apple's models, AMD's clock rates and sockets: nothing that is asked of it looks there. */
const TABLES = /const (appleModelIds|AMDBaseFrequencies|socketTypes|socketTypesByName) = ([[{])[^]*?\n(?: {2})?[\]}];/g;

/** systeminformation asks everywhere on which of seven systems it runs: here the answer is known, and the rest goes. */
function forLinux(text: string): string {
  return text
    .replaceAll(SYSTEM, '')
    .replaceAll(TABLES, (_, name, open) => `const ${name} = ${open === '[' ? '[]' : '{}'};`)
    .replaceAll(/(?<![\w.'])_(linux|darwin|windows|freebsd|openbsd|netbsd|sunos)\b/g, (_, name) =>
      String(name === 'linux'),
    );
}

/** The esbuild plugin. A build fails where a module is no longer as it was when this was written. */
export const lazyModules: Plugin = {
  name: 'lazy-modules',
  setup(esbuild) {
    const names = Object.keys(STAND_INS).join('|').replaceAll('.', '\\.');
    esbuild.onResolve({ filter: new RegExp(`^(${names})$`) }, ({ path, namespace, resolveDir, importer }) => {
      const wanted = importer.includes('/node_modules/') || OURS.get(path)?.test(importer) === true;
      if (namespace === 'lazy' || !wanted) return undefined; // a stand-in gets the module itself
      return { path: `${relative(PROJECT, resolveDir)}:${path}`, namespace: 'lazy', pluginData: { path, resolveDir } };
    });
    esbuild.onResolve({ filter: UNASKED }, ({ path, importer, resolveDir }) => {
      if (!importer.endsWith('/systeminformation/lib/index.js')) return undefined;
      return { path: `systeminformation:${path}`, namespace: 'lazy', pluginData: { path, resolveDir } };
    });
    esbuild.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ pluginData }) => {
      const { path, resolveDir } = pluginData as { readonly path: string; readonly resolveDir: string };
      const code = STAND_INS[path] ?? 'module.exports = {};';
      const real = `let known; const real = () => (known ??= require(${JSON.stringify(path)}));`;
      return { contents: code.includes('real()') ? `${real}\n${code}` : code, resolveDir, loader: 'js' };
    });
    esbuild.onLoad({ filter: /\/systeminformation\/lib\/\w+\.js$/ }, ({ path }) => ({
      contents: forLinux(readFileSync(path, 'utf8')),
      loader: 'js',
    }));
    for (const { file, what, times, by } of PATCHES) {
      esbuild.onLoad({ filter: file }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (text.match(what)?.length !== times)
          throw new RazorMkError('RAZOR_MK_PACKAGE', `${path} is not what lazy-modules.ts knows: ${what.source}`);
        return { contents: text.replaceAll(what, by), loader: 'js' };
      });
    }
  },
};
