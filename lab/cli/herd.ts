/** The verb `lab herd`: many agents at once, on a virtual clock or against a real lab. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { defineVerb } from '../../platform/process/verb.ts';
import { runHerd, spreadOf } from '../herd/herd.ts';
import { runRealHerd } from '../herd/real.ts';
import { histogram, spreadLine } from '../herd/report.ts';

/** The back-off cap of an agent that was told nothing. */
const BACKOFF_CAP_S = 60;
const TURN_MS = 50;

export const verb = defineVerb({
  examples: [
    ['lab herd', '100,000 agents on a virtual clock'],
    ['lab herd --nodes 2000 --real --lab http://192.0.2.10:8026', 'against a lab that runs'],
  ],
  options: (yargs) =>
    yargs
      .option('nodes', { type: 'number', default: 100_000, describe: 'how many agents' })
      .option('seed', { type: 'number', default: 1, describe: 'the same seed gives the same run (virtual clock)' })
      .option('interval', { type: 'number', default: 60, describe: 'seconds between check-ins' })
      .option('skew', { type: 'number', default: 5, describe: 'seconds over which the first check-ins are spread' })
      .option('outage', { type: 'number', default: 150, describe: 'seconds for which the server is away' })
      .option('json', { type: 'boolean', default: false, describe: 'check-ins of each second as JSON' })
      .option('real', { type: 'boolean', default: false, describe: 'on the real clock, against the lab of --lab' })
      .option('lab', {
        type: 'string',
        default: 'http://127.0.0.1:8026',
        describe: 'the lab that is asked, with --real',
      })
      .option('seconds', { type: 'number', default: 60, describe: 'how long, with --real' }),
  run: async (args, host) => {
    for (const [name, least] of [
      ['nodes', 1],
      ['interval', 1],
      ['skew', 0],
      ['outage', 0],
      ['seconds', 1],
    ] as const) {
      if (!(args[name] >= least)) throw new RazorMkError('RAZOR_MK_USAGE', `--${name} takes a number from ${least} on`);
    }
    const { nodes, seed, interval, outage } = args;
    const intervalMs = interval * 1000;
    const pace = { intervalMs, skewMs: args.skew * 1000, backoffCapMs: BACKOFF_CAP_S * 1000, retryAfterCapMs: 600_000 };
    if (args.real) {
      const { signal } = host;
      const real = await runRealHerd({ nodes, seed, pace, url: args.lab, durationMs: args.seconds * 1000, signal });
      const at = (share: number): string =>
        `${(real.latencies[Math.floor(real.latencies.length * share)] ?? 0).toFixed(1)} ms`;
      if (args.json) host.out(`${JSON.stringify({ answered: real.answered, failed: real.failed })}\n`);
      else
        host.out(
          `${histogram(real, host.columns)}\n${real.registered} registered; a check-in took ${at(0.5)} (p50), ${at(0.99)} (p99)\n`,
        );
      return 0;
    }
    // one interval to calm down after the cold start, one to measure; the same after the outage
    const fromS = Math.ceil(3 * interval);
    const toS = fromS + Math.ceil(outage);
    const endS = toS + Math.ceil(3 * interval);
    const result = runHerd({
      nodes,
      seed,
      pace,
      turnMs: TURN_MS,
      endMs: endS * 1000,
      outage: { fromMs: fromS * 1000, toMs: toS * 1000 },
    });
    const window = Math.ceil(interval);
    const cold = spreadOf(result.answered, window, window);
    const after = spreadOf(result.answered, toS + window, window);
    if (args.json) {
      host.out(`${JSON.stringify({ ...result, cold, after })}\n`);
      return 0;
    }
    host.out(
      `${nodes} nodes at ${interval} s, all powered on at 0 s; the server is away from ${fromS} s to ${toS} s\n` +
        `requests a second (# answered, x not):\n${histogram(result, host.columns)}\n` +
        `${spreadLine(`one interval after the cold start (${window} s to ${2 * window} s)`, cold)}\n` +
        `${spreadLine(`one interval after the outage (${toS + window} s to ${toS + 2 * window} s)`, after)}\n`,
    );
    return 0;
  },
});
