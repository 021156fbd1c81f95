/** Options that the agent's verbs share: the table of settings, and where this machine's files are. */
import type { Argv } from 'yargs';
import { namesOf } from '../config/names.ts';
import { OPTIONS, SETTING_NAMES } from '../config/options.ts';
import { NEXT_SERVER_FILE } from '../discovery/next-server.ts';

/** The settings of the table are there too, by option name; config/resolve.ts looks them up. */
export interface AgentArgs {
  readonly cmdline: string;
  readonly 'resolv-conf': string;
  readonly 'next-server-file': string;
  readonly 'dns-port': number | undefined;
  readonly config: string;
  readonly root: string;
  readonly from: string | undefined;
  readonly 'state-dir': string | undefined;
}

/** Adds them to a verb. */
export function agentOptions(yargs: Argv): Argv<AgentArgs> {
  let built = yargs
    .option('cmdline', { type: 'string', default: '/proc/cmdline', describe: 'the kernel command line' })
    .option('resolv-conf', { type: 'string', default: '/etc/resolv.conf', describe: 'resolvers and search list' })
    .option('next-server-file', {
      type: 'string',
      default: NEXT_SERVER_FILE,
      describe: 'what DHCP said of next-server',
    })
    .option('dns-port', { type: 'number', describe: 'port of the resolvers (53)' })
    .option('config', { type: 'string', default: '/etc/razor-mk/config.yaml', describe: 'configuration file' })
    .option('root', { type: 'string', default: '/', describe: 'gather facts from a recorded tree' })
    .option('from', { type: 'string', describe: 'gather facts from a capture' })
    .option('state-dir', { type: 'string', describe: 'where state is kept (a private directory; /tmp with --live)' });
  for (const setting of SETTING_NAMES) {
    const { option } = namesOf(setting);
    if (option === undefined) continue;
    const alias = setting === 'checkinInterval' ? { alias: 'interval' } : {};
    const { meaning } = OPTIONS[setting];
    built = built.option(option, { type: 'string', requiresArg: true, describe: meaning, ...alias });
  }
  return built as unknown as Argv<AgentArgs>;
}
