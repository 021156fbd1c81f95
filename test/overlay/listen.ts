/** The agent's listening alone, as a program in the namespaces of neighbours.overlay.ts: DIR is where it leaves what it hears. */
import { observeNetwork } from '../../agent/network/network-state.ts';
import { listenForNeighbours } from '../../agent/network/neighbours/listen.ts';
import { createLog } from '../../platform/log/log.ts';
import { createSystem } from '../../platform/system.ts';
import { systemClock } from '../../platform/time/clock.ts';

const end = new AbortController();
process.stdout.write(`pid ${process.pid}\n`);
process.once('SIGTERM', () => end.abort());
const log = createLog({ level: 'debug', people: (line) => void process.stdout.write(`${line}\n`) });
const listening = listenForNeighbours({
  log,
  system: createSystem({ live: true, log }),
  clock: systemClock,
  observe: () => observeNetwork(),
  onHeard: (card) => void process.stdout.write(`heard ${card}\n`),
  signal: end.signal,
  dir: process.argv[2] ?? '',
});
void listening.firstRound(60_000).then(
  () => void process.stdout.write('first round\n'),
  () => undefined,
);
await listening.done;
