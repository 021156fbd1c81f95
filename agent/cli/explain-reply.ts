/** The verb `explain-reply`: what the agent would do with a reply that lies in a file. */
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import { defineVerb, type Host } from '../../platform/process/verb.ts';
import type { CommandHandler } from '../commands/command-handler.ts';
import { createRegistry } from '../commands/command-registry.ts';
import { OPTIONS } from '../config/options.ts';
import { diffPushed, examinePushed, pushedText } from '../config/pushed.ts';
import { createDialect } from '../servers/registry.ts';
import { ASKED_DIALECT_NAMES } from '../servers/select.ts';
import type { CheckinReply, AskedDialectName } from '../servers/dialect.ts';
import { openStore } from '../state/state-store.ts';

const LONGEST = 1024 * 1024;
/** Whose reply it is does not matter to the parser; the identity only has to be one. */
const SOMEBODY = {
  interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:01' }],
  uuid: undefined,
  serial: undefined,
  assetTag: undefined,
  note: undefined,
};

export const verb = defineVerb({
  usage: '<file>',
  options: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'the body of a reply; - for standard input' })
      .option('dialect', {
        choices: ASKED_DIALECT_NAMES,
        default: 'razor' as AskedDialectName,
        describe: 'whose reply it is',
      })
      .option('status', { type: 'number', default: 200, describe: 'the HTTP status it came with' })
      .option('server', { type: 'string', default: 'http://127.0.0.1:8026', describe: 'where it came from' })
      .option('commands-dir', {
        type: 'string',
        default: OPTIONS.commandsDir.default,
        describe: 'executables in it are commands',
      })
      .option('state-dir', { type: 'string', describe: 'the state to compare pushed configuration with' }),
  run: async (args, host) => {
    const path = args.file === '-' ? '/dev/stdin' : args.file;
    const bytes = await readCapped(path, LONGEST + 1);
    if (bytes === undefined)
      throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${path}: it does not exist`);
    if (bytes.length > LONGEST) throw new RazorMkError('RAZOR_MK_REPLY', `the reply is longer than ${LONGEST} bytes`);
    const dialect = createDialect(args.dialect, {
      serverUrl: args.dialect === 'razor-server' ? `${args.server}/svc/checkin/1` : args.server,
      exchange: () =>
        Promise.resolve({
          status: args.status,
          headers: { 'content-type': 'application/json' },
          body: bytes.toString('utf8'),
        }),
    });
    const reply = await dialect.checkin({ identity: SOMEBODY, facts: {}, firstCheckin: false, lastState: 'idle' });
    explainCommand(reply, args['commands-dir'], host);
    const before = args['state-dir'] === undefined ? {} : ((await openStore(args['state-dir'])).config ?? {});
    explainConfig(reply, before, args.server, host);
    return 0;
  },
});

function explainCommand({ command }: CheckinReply, commandsDir: string, host: Host): void {
  const handler = createRegistry([], { commandsDir: () => commandsDir }).find(command.name);
  if (handler === undefined) {
    host.out(`command ${command.name}: unknown to this agent; it would be reported and nothing done\n`);
    return;
  }
  host.out(
    `command ${command.name}: ${handler.describe}${handler.destructive ? ' Ends what runs on the machine.' : ''}\n`,
  );
  for (const step of planOf(handler, command.param)) host.out(`  would ${step}\n`);
}

function planOf(handler: CommandHandler, param: unknown): readonly string[] {
  try {
    return handler.plan(param);
  } catch (error) {
    return [`do nothing: ${messageOf(error)}`];
  }
}

function explainConfig(
  reply: CheckinReply,
  before: Readonly<Record<string, unknown>>,
  server: string,
  host: Host,
): void {
  if (reply.clientConfig === undefined) {
    host.out('configuration: none pushed\n');
    return;
  }
  const { accepted, refused } = examinePushed(reply.clientConfig, before, server);
  const changes = diffPushed(before, accepted);
  host.out(`configuration: ${changes.length} keys would change, ${refused.length} are refused\n`);
  for (const { key, from, to } of changes) host.out(`  ${key}: ${pushedText(key, from)} -> ${pushedText(key, to)}\n`);
  for (const { key, value, reason } of refused) host.out(`  refused ${key} = ${value}: it ${reason}\n`);
}
