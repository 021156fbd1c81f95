/** The verb `run`: the agent. */
import { resolve } from 'node:path';
import { systemClock } from '../../platform/time/clock.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { createSystem } from '../../platform/system.ts';
import { defineVerb } from '../../platform/process/verb.ts';
import { startAgent } from '../loop/agent.ts';
import type { Disk } from '../disks/disks.ts';
import type { AgentEvent } from '../loop/events.ts';
import { hasTurns } from '../servers/select.ts';
import { createExtensionKeeper } from '../servers/razor-server/extension/extension-cache.ts';
import { createConsoleTeller, writeConsole } from '../node/console.ts';
import { startNode } from '../node/node.ts';
import { stopOptimizing } from '../node/optimizing.ts';
import { openNodeLog } from '../node/logging.ts';
import { openStore } from '../state/state-store.ts';
import { version } from '../version.ts';
import { bootParameters } from '../kernel-line/read-kernel-line.ts';
import { createNarrator } from '../node/narrate.ts';
import { agentOptions } from './options.ts';
import { addressesOf, resolverOf, setUp, stateDir } from './setup.ts';

export const verb = defineVerb({
  options: (yargs) =>
    agentOptions(yargs)
      .option('live', { type: 'boolean', default: false, describe: 'change this machine: reboot it when told to, …' })
      .option('events', { type: 'boolean', default: false, describe: 'each step as a JSON line on standard output' })
      .option('once', { type: 'boolean', default: false, describe: 'one turn' })
      .option('turns', { type: 'number', describe: 'so many turns' })
      .option('disk-file', { type: 'string', describe: 'a regular file that stands for the disks; not with --live' })
      .option('stop-after-command', { type: 'string', array: true, describe: 'end after a turn with this command' }),
  run: async (args, host) => {
    const turns = args.once ? 1 : args.turns;
    if (turns !== undefined && !(Number.isInteger(turns) && turns > 0)) {
      throw new RazorMkError('RAZOR_MK_USAGE', '--turns takes a whole number above 0');
    }
    if (args['disk-file'] !== undefined && args.live) {
      throw new RazorMkError('RAZOR_MK_USAGE', '--disk-file is for trying it out, and not for --live');
    }
    const dir = stateDir(args, args.live);
    const people = args.events ? host.err : host.out;
    const kernel = await bootParameters(args.cmdline, args.live, host);
    const setup = await setUp(args, host, {
      kernelLine: kernel.text,
      mayBeUndecided: args.live && turns === undefined,
    });
    const initial = setup.settings({});
    const logDir = initial.values.logDir || (args.live ? '/var/log' : dir);
    const nodeLog = openNodeLog({
      logDir,
      level: initial.values.logLevel,
      syslog: initial.values.syslog,
      console: (line) => people(`${line}\n`),
      resolve: resolverOf(args),
    });
    const { log } = nodeLog;
    const system = createSystem({ live: args.live, log });
    const store = await openStore(dir);
    const extension = createExtensionKeeper({
      urlFor: setup.extensionUrl,
      httpFor: setup.httpFor,
      stateDir: dir,
      system,
    });
    const toConsole = (line: string): void => {
      if (args.live && !host.interactive) writeConsole(line);
    };
    const say = (line: string): void => {
      people(`${line}\n`);
      toConsole(line);
    };
    const tellConsole = createConsoleTeller(toConsole);
    const node = startNode({
      clock: systemClock,
      log,
      nodeLog,
      system,
      store,
      setup,
      binDirs: () => extension.binDirs(),
      resolve: resolverOf(args),
      say,
      signal: host.signal,
    });
    const narrate = createNarrator();
    const emit = (event: AgentEvent): void => {
      node.onEvent(event);
      tellConsole(event);
      if (event.event === 'checkin' && event.turn === 3) stopOptimizing();
      const line = narrate(event);
      if (line !== undefined) log.info(line);
      if (!args.events) return;
      host.out(
        `${JSON.stringify({ ...event, at: new Date().toISOString(), sinceMs: Math.round(performance.now()) })}\n`,
      );
    };
    emit({ event: 'started', version: version(), dialect: initial.values.dialect, live: args.live, stateDir: dir });
    if (initial.values.insecure) {
      const message = 'certificates of servers are not checked (insecure=on): anybody on the way can be the server';
      people(`razor-mk: ${message}\n`);
      emit({ event: 'warning', message });
    }
    const { deployment } = kernel;
    if (deployment !== undefined || setup.undecided !== undefined || !hasTurns(initial.values.dialect)) {
      if (turns !== undefined && deployment === undefined)
        throw new RazorMkError('RAZOR_MK_USAGE', `${initial.values.dialect} has no turns to count`);
      const { runInsteadOfTurns } = await import('../servers/start-job.ts');
      const listDisks = await disksOf(args['disk-file']);
      const parts = { clock: systemClock, log, emit, system, say, listDisks, signal: host.signal };
      return await runInsteadOfTurns({ ...parts, setup, settings: initial, node, deployment, stateDir: dir, logDir });
    }
    const foreman =
      initial.values.dialect !== 'foreman'
        ? undefined
        : await (
            await import('../servers/foreman/foreman-setup.ts')
          ).serveForeman(setup, {
            clock: systemClock,
            log,
            emit,
            system,
            breaker: node.breaker,
            orders: () => agent.control,
            resolve: addressesOf(args),
            signal: host.signal,
          });
    const agent = startAgent({
      clock: systemClock,
      log,
      emit,
      system,
      store,
      commands: node.commands,
      collect: () => {
        const { values } = agent.control.settings;
        return setup.collect(
          { ...values, externalFacts: [...values.externalFacts, ...extension.factDirs()] },
          host.signal,
        );
      },
      settings: setup.settings,
      discover: setup.discover,
      httpFor: setup.httpFor,
      hooks: {
        ...node.hooks(emit),
        async beforeTurn(server, settings, signal) {
          await foreman?.api.refresh(server, settings);
          await extension.refresh(server, settings, signal);
        },
      },
      ...(foreman === undefined ? {} : { dialectOptions: { foreman: foreman.dialect } }),
      extraErrors: node.errorsForFacts,
      signal: host.signal,
      turns,
      ...(args['stop-after-command'] === undefined ? {} : { stopAfter: args['stop-after-command'] }),
    });
    await node.open(agent.control);
    await agent.done;
    await foreman?.api.close();
    await node.close();
    return 0;
  },
});

/** The file that stands for the disks, or undefined for those of the machine. */
async function disksOf(file: string | undefined): Promise<(() => Disk[]) | undefined> {
  if (file === undefined) return undefined;
  const { fileAsDisk } = await import('../disks/file-disk.ts');
  return () => [fileAsDisk(resolve(file))];
}
