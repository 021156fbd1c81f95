/**
 * What open log pages cost the nodes: p99 of check-ins and registers without and with 64 pages open, in turns in one run, so that the
 * machine's other work is in both. Exit status 1 when the median of the ratios is above the goal.
 *   node test/bench/log-pages.ts [--rounds N] [--seconds S] [--rate R] [--pages N]
 */
import { get, type ClientRequest } from 'node:http';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startDaemon } from '../../platform/process/daemon.ts';
import { load, type Measured } from './lab/load.ts';
import { checkin, register } from './lab/nodes.ts';

const SERVER = fileURLToPath(new URL('lab/serve.ts', import.meta.url));
const GOAL = 1.5;
const NODES = 1000;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '4' },
    rate: { type: 'string', default: '300' },
    pages: { type: 'string', default: '64' },
  },
});

const ready = Promise.withResolvers<string>();
const server = await startDaemon([process.execPath, SERVER, ':memory:', String(NODES)], {
  onLine: (line) => ready.resolve(line),
});
const [, port = '', people = ''] = (await ready.promise).split(' ');

/** Every tenth request is a register, which the log shows. */
const [ask, tell] = [checkin(NODES), register(NODES)];
const make = (turn: number): string => (turn % 10 === 0 ? tell(turn) : ask(turn));
const measure = (seconds = Number(values.seconds)): Promise<Measured> =>
  load({ port: Number(port), seconds, connections: 32, rate: Number(values.rate), make });

async function openPages(count: number): Promise<ClientRequest[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const opened = Promise.withResolvers<void>();
      const page = get(`http://127.0.0.1:${people}/log/stream`, (reply) => {
        if (reply.statusCode !== 200) opened.reject(new Error(`a page is answered ${reply.statusCode}`));
        reply.on('error', () => undefined).resume();
        opened.resolve();
      });
      page.on('error', () => undefined);
      await opened.promise;
      return page;
    }),
  );
}

const ratios: number[] = [];
try {
  await measure(2); // warms up
  for (let round = 0; round < Number(values.rounds); round++) {
    const without = await measure();
    const pages = await openPages(Number(values.pages));
    const withPages = await measure();
    for (const page of pages) page.destroy();
    ratios.push(withPages.p99 / without.p99);
    const ms = ({ p50, p99 }: Measured): string => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
    const failures = without.failures + withPages.failures;
    console.log(
      `without: ${ms(without)}; with ${values.pages} pages: ${ms(withPages)}; p99 x${(ratios.at(-1) ?? 0).toFixed(2)}${failures > 0 ? `; ${failures} failed` : ''}`,
    );
  }
} finally {
  await server.stop();
}
ratios.sort((a, b) => a - b);
const median = ratios[Math.floor(ratios.length / 2)] ?? Infinity;
console.log(
  `goal ${median <= GOAL ? 'met   ' : 'MISSED'}  p99 with ${values.pages} open log pages at most x${GOAL} of without: median x${median.toFixed(2)} (load average ${loadavg()[0]?.toFixed(1)})`,
);
process.exitCode = median <= GOAL ? 0 : 1;
