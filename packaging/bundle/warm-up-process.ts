/**
 * Makes the code cache: runs the agent on a recorded machine against a server on loopback, a check-in, a registration and
 * `facts`, and writes down what V8 compiled for that. Started by code-cache.ts only, bundled, under the Node and the
 * V8 flags of the executable. Everything it meets is the same on every machine, so that the cache is.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { evaluate, type Evaluated } from './evaluate.ts';

const require = createRequire(import.meta.url);

const [codeFile = '', cacheFile = '', root = '', pciIds = '', work = ''] = process.argv.slice(2);
const LIMIT_MS = 60_000;

/** Check-ins: the first is asked to register and pushed a configuration, the others are acknowledged. */
function serve(): Server {
  let checkins = 0;
  return createServer((request, response) => {
    request.resume().on('end', () => {
      const registering = request.method === 'POST';
      const command_name = !registering && checkins++ === 0 ? 'register' : 'acknowledge';
      const client_config = { mk_checkin_interval: 60, mk_checkin_skew: 5, mk_log_level: 'Logger::INFO' };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ errcode: 0, response: registering ? {} : { command_name, command_param: {} }, client_config }),
      );
    });
  });
}

/** As in the executable, but that the list of PCI names is the recording's. */
const requireForAgent = Object.assign(
  (id: string): unknown =>
    id === 'node:sea' ? { getRawAsset: () => Uint8Array.from(readFileSync(pciIds)).buffer } : require(id),
  require,
);

async function finished(script: Evaluated, words: readonly string[]): Promise<void> {
  process.argv = [process.execPath, codeFile, ...words];
  process.exitCode = undefined;
  script.run({ module: { exports: {} }, require: requireForAgent, filename: codeFile });
  // main.ts sets the exit status when it is done; this process goes on
  const until = performance.now() + LIMIT_MS;
  while ((process.exitCode as unknown) === undefined) {
    if (performance.now() > until) throw new Error(`${words.join(' ')} did not end within ${LIMIT_MS / 1000} s`);
    await sleep(2);
  }
  if ((process.exitCode as unknown) !== 0) throw new Error(`${words.join(' ')} ended with ${process.exitCode}`);
}

/** Whether V8 takes the cache when the executable starts: this process then has its flags and nothing else. */
function check(code: string, cache: string): void {
  if (!evaluate(readFileSync(code, 'latin1'), readFileSync(cache)).cached)
    throw new Error('V8 does not take the code cache');
}

/**
 * V8 throws compiled functions away that were not used for some collections, and writes into the cache which of its other
 * compilers was just busy with a function. All are put back before the cache is made: V8 only takes one made with its own flags.
 */
const OFF = ['flush-bytecode', 'sparkplug', 'maglev', 'turbofan'];

async function warmUp(): Promise<void> {
  // two turns: with the third the agent ends the optimizing compilers itself
  for (const flag of OFF) setFlagsFromString(`--no-${flag}`);
  const script = evaluate(readFileSync(codeFile, 'latin1'));
  const server = serve();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const none = join(work, 'none');
  const machine = ['--root', root, '--external-facts', none];
  const site = [
    '--cmdline',
    join(work, 'cmdline'),
    '--resolv-conf',
    none,
    '--next-server-file',
    none,
    '--config',
    '/dev/null',
  ];
  const pace = ['--checkin-skew', '0.001', '--checkin-interval', '0.01', '--turns', '2'];
  writeFileSync(join(work, 'cmdline'), 'quiet\n');
  await finished(script, ['run', ...machine, ...site, ...pace, '--server', `127.0.0.1:${port}`, '--state-dir', work]);
  await finished(script, ['facts', ...machine.slice(0, 2)]);
  server.close();
  server.closeAllConnections();
  for (const flag of OFF) setFlagsFromString(`--${flag}`);
  writeFileSync(cacheFile, script.cache());
}

if (codeFile === '--check') check(cacheFile, root);
else await warmUp();
