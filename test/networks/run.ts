/**
 * `npm run test:networks`: a node comes up on each kind of network, with real programs in namespaces, and how long it took from
 * the moment when the network would let a client through until the lab had it. `--short` is the gate's form; ids choose.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { explain } from '../../platform/errors/errors.ts';
import { cannot } from '../overlay/node-root.ts';
import { NETWORKS } from './networks.ts';
import type { Network, Play } from './network.ts';
import { createNode, type TestNode } from './node.ts';
import { createSite, type TestSite } from './site.ts';

/** Seconds from the moment when the network lets a client through, on a machine that has time for it. */
const TARGET_S = 10;
/** Processes that wait for each processor; beyond it the agent's own start takes longer than a network. */
const BUSY = 2;

interface Row {
  readonly network: Network;
  readonly verdict: 'passed' | 'late' | 'busy' | 'failed' | 'skipped';
  readonly seconds?: number;
  readonly note: string;
}

async function play(network: Network, short: boolean): Promise<Row> {
  const lacks = network.lacks?.();
  if (lacks !== undefined) return { network, verdict: 'skipped', note: lacks };
  const open: { close(): Promise<void> }[] = [];
  let [opened, registered]: (number | undefined)[] = [];
  let said = (): string => '';
  const keep = <T extends { close(): Promise<void> }>(thing: T): T => {
    open.unshift(thing);
    return thing;
  };
  const form: Play = {
    site: async (...addresses) => keep(await createSite(...addresses)),
    async node(site, cmdline, plugged = {}) {
      const node = keep(await createNode(cmdline));
      if (plugged !== 'unplugged') await site.plug(node.namespace, plugged);
      return node;
    },
    opens: () => void (opened = performance.now()),
    async boots(site: TestSite, node: TestNode, timeoutS = 60) {
      said = () => [...site.said.slice(-25), node.console().slice(-6000)].join('\n');
      const begun = performance.now();
      await node.boot();
      registered = await site.registered(timeoutS * 1000);
      opened ??= begun;
      if (registered === undefined) throw new Error(`not registered after ${timeoutS} s`);
    },
    async expect(node, command, pattern) {
      const shown = await node.sh(command);
      if (!pattern.test(shown)) throw new Error(`${command} does not show ${String(pattern)}:\n${shown}`);
    },
  };
  try {
    await network.play(form, { short });
    const seconds = ((registered ?? NaN) - (opened ?? NaN)) / 1000;
    const load = (loadavg()[0] ?? 0) / availableParallelism();
    const late = load > BUSY ? 'busy' : 'late';
    return { network, seconds, verdict: seconds <= TARGET_S ? 'passed' : late, note: '' };
  } catch (error) {
    return { network, verdict: 'failed', note: `${explain(error)}\n${said()}` };
  } finally {
    for (const thing of open) await thing.close();
    await sleep(50);
  }
}

function line({ network, verdict, seconds, note }: Row): string {
  const took = seconds === undefined ? '' : `${seconds.toFixed(1)} s`;
  return `${network.id.padEnd(16)} ${took.padStart(7)}  ${verdict.padEnd(8)} ${network.title}${verdict === 'skipped' ? ` (${note})` : ''}`;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean', default: false } },
});
const chosen = NETWORKS.filter(({ id, short }) =>
  positionals.length > 0 ? positionals.includes(id) : !values.short || short === true,
);
const reason = await cannot();
if (reason !== false) {
  console.log(`skipped: ${reason}`);
  process.exit(0);
}
const rows: Row[] = [];
const queue = [...chosen];

/** Plays one after the other; a network that is late or fails is tried once more. */
async function player(): Promise<void> {
  for (let network = queue.shift(); network !== undefined; network = queue.shift()) {
    let row = await play(network, values.short);
    if (row.verdict !== 'passed' && row.verdict !== 'skipped') {
      console.log(`${line(row)}; once more\n${row.note}`);
      row = await play(network, values.short);
    }
    rows.push(row);
    console.log(line(row));
    if (row.verdict === 'failed') console.log(row.note);
  }
}

// figures are taken one by one; in the short form most of the time is waiting
await Promise.all(Array.from({ length: values.short ? 3 : 1 }, player));
const counted = (verdict: Row['verdict']): number => rows.filter((row) => row.verdict === verdict).length;
console.log(
  `\n${rows.length} networks: ${counted('passed')} registered within ${TARGET_S} s, ${counted('late')} late, ` +
    `${counted('busy')} late on a busy machine, ${counted('failed')} failed, ${counted('skipped')} skipped`,
);
// not exitCode: a namespace that something left open would keep this process, and the gate, for ever; it dies with us
process.exit(counted('late') + counted('failed') > 0 ? 1 : 0);
