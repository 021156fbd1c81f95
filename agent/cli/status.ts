/** The verb `status`: what the running agent is doing. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { defineVerb, type Host } from '../../platform/process/verb.ts';
import { askStatus, findSocket } from '../status/local-client.ts';
import { readLogTail } from '../status/log-tail.ts';
import { renderPage } from '../status/status-page.ts';
import { renderWatch } from '../status/watch-page.ts';
import type { MachineLoad } from '../status/status-lines.ts';
import type { StatusSnapshot } from '../status/snapshot.ts';

const ENTER = '\x1b[?1049h\x1b[?25l'; // the alternate screen, no cursor
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const TO_LINE_END = '\x1b[K';
const TO_SCREEN_END = '\x1b[J';

export const verb = defineVerb({
  examples: [
    ['status', 'what the agent of this machine is doing'],
    ['status --watch', 'the same on a full screen, again and again'],
  ],
  options: (yargs) =>
    yargs
      .option('state-dir', { type: 'string', describe: 'the state directory of the agent' })
      .option('watch', { type: 'boolean', default: false, describe: 'again and again; full screen on a terminal' })
      .option('interval', { type: 'number', default: 1, describe: 'seconds between looks with --watch' })
      .option('json', { type: 'boolean', default: false, describe: 'everything, as JSON' }),
  run: async (args, host) => {
    if (!(args.interval >= 0.1 && args.interval <= 3600)) {
      throw new RazorMkError('RAZOR_MK_USAGE', '--interval takes seconds from 0.1 to 3600');
    }
    const path = await findSocket(args['state-dir']);
    const ask = (): Promise<StatusSnapshot> => askStatus(path);
    if (!args.watch) {
      const snapshot = await ask();
      host.out(args.json ? `${JSON.stringify(snapshot, undefined, 2)}\n` : text(snapshot, host, await machineLoad()));
      return snapshot.healthy ? 0 : 1;
    }
    if (args.json || host.terminal === undefined) return await watchLines(ask, args.interval, args.json, host);
    return await watchScreen(ask, args.interval, host);
  },
});

function text(snapshot: StatusSnapshot, host: Host, load: MachineLoad | undefined): string {
  const columns = host.interactive ? host.columns : 1000;
  return `${renderPage(snapshot, { columns, rows: undefined, colour: host.colour }, load).join('\n')}\n`;
}

/** Without a terminal: a line for each change of what the agent is doing, or one JSON line a look. */
async function watchLines(
  ask: () => Promise<StatusSnapshot>,
  interval: number,
  json: boolean,
  host: Host,
): Promise<number> {
  let said = '';
  while (!host.signal.aborted) {
    const line = await ask().then(
      (snapshot) => (json ? JSON.stringify(snapshot) : snapshot.state),
      (error: unknown) => (json ? JSON.stringify({ error: (error as Error).message }) : (error as Error).message),
    );
    if (json || line !== said) host.out(json ? `${line}\n` : `${new Date().toISOString()} ${line}\n`);
    said = line;
    await delay(interval * 1000, undefined, { signal: host.signal }).catch(() => undefined);
  }
  return 0;
}

const CTRL_C = '\u0003';

async function watchScreen(ask: () => Promise<StatusSnapshot>, interval: number, host: Host): Promise<number> {
  const terminal = host.terminal;
  if (terminal === undefined) return 0;
  const leave = new AbortController();
  const ended = AbortSignal.any([host.signal, leave.signal]);
  let wake = new AbortController();
  let view: 'status' | 'log' = 'status';
  const stops = [
    terminal.onResize(() => wake.abort()),
    terminal.onKey((key) => {
      if (key === 'q' || key === CTRL_C) leave.abort();
      if (key === 'l') view = view === 'log' ? 'status' : 'log';
      wake.abort();
    }),
  ];
  let snapshot: StatusSnapshot | undefined;
  let load: MachineLoad | undefined;
  let loadAt = -Infinity;
  host.out(ENTER);
  try {
    while (!ended.aborted) {
      wake = new AbortController();
      let trouble = '';
      try {
        snapshot = await ask();
      } catch (error) {
        trouble = messageOf(error);
      }
      if (performance.now() - loadAt > 5000) {
        load = await machineLoad();
        loadAt = performance.now();
      }
      const size = { ...terminal.size(), colour: host.colour };
      const log = await readLogTail(snapshot?.logFile);
      const lines = snapshot === undefined ? [] : renderWatch(snapshot, size, { load, log, view });
      if (trouble !== '') lines.splice(Math.max(0, size.rows - 1), 1, trouble.slice(0, size.columns));
      // no newline after the last line: it would scroll the page by one
      host.out(`${HOME}${lines.map((line) => `${line}${TO_LINE_END}`).join('\r\n')}${TO_SCREEN_END}`);
      const signal = AbortSignal.any([ended, wake.signal]);
      await delay(interval * 1000, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    for (const stop of stops) stop();
    host.out(LEAVE);
  }
  return 0;
}

/** Memory and CPU of the machine. Asked here and not in the agent, so that the agent stays small. */
async function machineLoad(): Promise<MachineLoad | undefined> {
  try {
    const { mem, currentLoad } = await import('systeminformation');
    const [memory, load] = await Promise.all([mem(), currentLoad()]);
    return {
      memoryTotalBytes: memory.total,
      memoryAvailableBytes: memory.available,
      cpuLoad: load.currentLoad,
      cpus: load.cpus.length,
    };
  } catch {
    return undefined;
  }
}
