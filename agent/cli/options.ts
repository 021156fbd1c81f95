/** Options that the agent's verbs share: the table of settings, in groups, and where this machine's files are. */
import type { Argv, InferredOptionTypes, Options } from 'yargs';
import { settingNames } from '../config/names.ts';
import { OPTIONS } from '../config/options/options.ts';
import type { SettingName } from '../config/settings.ts';
import { NEXT_SERVER_FILE } from '../discovery/next-server.ts';
import { SERVERS } from '../servers/registry.ts';

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

/** The settings that have an option, in the groups of `--help`. */
export const SETTING_GROUPS: Readonly<Record<string, readonly SettingName[]>> = {
  'Server:': ['dialect', 'server', 'port', 'httpTimeout', 'rediscoverAfter', 'backoffCap', 'probation'],
  'Trust:': ['caFile', 'pin', 'insecure', 'clientCert', 'clientKey', 'token', 'tokenFile', 'siteKey'],
  'Turns:': ['checkinInterval', 'checkinSkew', 'checkinCron', 'housekeepingCron', 'loopLimit', 'loopWindow'],
  'Facts and identity:': ['factExclude', 'factRefresh', 'externalFacts', 'hwId', 'identityInclude', 'identityExclude'],
  'Node:': [
    'commandsDir',
    'ntp',
    'lldp',
    'watchdog',
    'reloadModules',
    'controlPort',
    'localPush',
    'logLevel',
    'logDir',
    'syslog',
  ],
  'Orders from Foreman:': ['apiPort', 'apiPlainPort', 'apiAllow', 'apiKexec'],
};

/** Read when it is there; another one that is named must exist. */
export const CONFIG_FILE = '/etc/razor-mk/config.yaml';

/** Where this machine's files are; other places are for trying things out. */
const FILES = {
  cmdline: { type: 'string', default: '/proc/cmdline', describe: 'the kernel command line' },
  config: { type: 'string', default: CONFIG_FILE, describe: 'configuration file' },
  'state-dir': { type: 'string', describe: 'where state is kept (a private directory; /tmp with --live)' },
  'resolv-conf': { type: 'string', default: '/etc/resolv.conf', describe: 'resolvers and search list' },
  'dns-port': { type: 'number', describe: 'port of the resolvers (53)' },
  'next-server-file': {
    type: 'string',
    default: NEXT_SERVER_FILE,
    describe: 'next-server, as the DHCP client left it',
  },
  root: { type: 'string', default: '/', describe: 'gather facts from a recorded tree' },
  from: { type: 'string', describe: 'gather facts from a capture' },
} satisfies Record<string, Options>;

/** A verb's own options, in the first group of its help, then those that all verbs of the agent share. */
export function agentOptions<Own extends Record<string, Options>>(
  yargs: Argv,
  own: Own,
): Argv<AgentArgs & InferredOptionTypes<Own>> {
  let built = yargs.options(own).group(Object.keys(own), 'Options:');
  built = built.options(FILES).group(Object.keys(FILES), 'Files:') as unknown as typeof built;
  for (const [group, settings] of Object.entries(SETTING_GROUPS)) {
    for (const setting of settings) {
      const { option } = settingNames(setting);
      if (option === undefined) continue;
      const alias = setting === 'checkinInterval' ? { alias: 'interval' } : {};
      const describe = inHelp(OPTIONS[setting].meaning);
      built = built.option(option, { type: 'string', requiresArg: true, describe, group, ...alias }) as typeof built;
    }
  }
  return built as unknown as Argv<AgentArgs & InferredOptionTypes<Own>>;
}

/** The kinds of servers, a line each, for the end of a verb's help. */
export function serverList(): string {
  const width = Math.max(...SERVERS.map(({ name }) => name.length));
  const lines = SERVERS.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`);
  return ['Kinds of servers (--dialect):', ...lines].join('\n');
}

/** A meaning of the table of settings, which is whole sentences for the page, as help has it: a phrase without a full stop. */
function inHelp(meaning: string): string {
  const [first = '', ...others] = meaning.replace(/\.$/, '').split(/\.\s+/);
  const phrase = /^[A-Z][a-z]* (?!only)/.test(first) ? first.charAt(0).toLowerCase() + first.slice(1) : first;
  return [phrase, ...others].join('. ');
}
