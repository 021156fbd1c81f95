/** The verb `explain-reply`: what the agent would do with a reply that lies in a file. */
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import { defineVerb, type Host } from '../../platform/process/verb.ts';
import type { CommandHandler } from '../commands/command-handler.ts';
import { createRegistry } from '../commands/command-registry.ts';
import { OPTIONS } from '../config/options/options.ts';
import { diffPushed, examinePushed, pushedText } from '../config/pushed.ts';
import type { CheckinReply } from '../servers/dialect.ts';
import { SERVERS } from '../servers/registry.ts';
import { defaultServer } from '../servers/select-server.ts';
import { openStateStore } from '../state/state-store.ts';

const LONGEST = 1024 * 1024;
/** Readers of the replies of servers whose check-ins are answered. */
const READERS = new Map(
  SERVERS.flatMap(({ name, turns }) => (turns?.loadReplyReader ? [[name, turns.loadReplyReader] as const] : [])),
);

export const verb = defineVerb({
  usage: '<file>',
  examples: [
    ['explain-reply reply.json', 'what the agent would do with a saved reply'],
    ['explain-reply - --dialect razor-server --status 404', 'a reply on standard input, and its HTTP status'],
  ],
  options: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'the body of a reply; - for standard input' })
      .option('dialect', {
        choices: [...READERS.keys()],
        default: defaultServer().name,
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
    const load = READERS.get(args.dialect);
    if (load === undefined) throw new Error(`no reader of replies of ${args.dialect}`);
    const headers = { 'content-type': 'application/json' };
    const readReply = await load();
    const reply = readReply({ status: args.status, headers, body: bytes.toString('utf8') }, args.server);
    explainCommand(reply, args['commands-dir'], host);
    const before = args['state-dir'] === undefined ? {} : ((await openStateStore(args['state-dir'])).config ?? {});
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
