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

/** What a verb uses of files and settings; its help shows these. The others are taken too, so that the options of `run` fit. */
interface Uses {
  readonly files: readonly (keyof typeof FILES)[];
  readonly settings: readonly SettingName[];
}

/** Everything: the agent itself. */
const ALL: Uses = {
  files: Object.keys(FILES) as (keyof typeof FILES)[],
  settings: Object.values(SETTING_GROUPS).flat(),
};

/** What looking for a server uses. */
export const TO_FIND: Uses = {
  files: ['cmdline', 'config', 'resolv-conf', 'dns-port', 'next-server-file'],
  settings: ['dialect', 'server', 'port'],
};

/** What one exchange with a server uses. */
export const TO_ASK: Uses = {
  files: [...TO_FIND.files, 'root', 'from'],
  settings: [
    ...TO_FIND.settings,
    'httpTimeout',
    ...(SETTING_GROUPS['Trust:'] ?? []),
    ...(SETTING_GROUPS['Facts and identity:'] ?? []).filter((setting) => setting !== 'factRefresh'),
  ],
};

/** A verb's own options, in the first group of its help, then those that verbs of the agent share. */
export function agentOptions<Own extends Record<string, Options>>(
  yargs: Argv,
  own: Own,
  uses = ALL,
): Argv<AgentArgs & InferredOptionTypes<Own>> {
  let built = yargs.options(own).group(Object.keys(own), 'Options:');
  for (const [group, settings] of Object.entries(SETTING_GROUPS)) {
    for (const setting of settings) {
      const { option } = settingNames(setting);
      if (option === undefined) continue;
      const alias = setting === 'checkinInterval' ? { alias: 'interval' } : {};
      const describe = inHelp(OPTIONS[setting].meaning);
      const shown = { describe, group, hidden: !uses.settings.includes(setting), ...defaultOf(setting) };
      built = built.option(option, { type: 'string', requiresArg: true, ...shown, ...alias }) as typeof built;
    }
  }
  for (const [name, file] of Object.entries(FILES)) {
    const hidden = !uses.files.includes(name as keyof typeof FILES);
    built = built.option(name, { ...file, group: 'Files:', hidden }) as typeof built;
  }
  return built as unknown as Argv<AgentArgs & InferredOptionTypes<Own>>;
}

/** The default of a setting for the help; it is put in elsewhere (config/resolve.ts). */
function defaultOf(setting: SettingName): { defaultDescription?: string } {
  const value: unknown = OPTIONS[setting].default;
  if (value === '' || value === false || (setting === 'port' && value === 0)) return {};
  const text = Array.isArray(value) ? value.join(',') : String(value);
  return text === '' ? {} : { defaultDescription: text };
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
