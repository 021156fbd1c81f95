/**
 * Every setting, declared once: default, where it can be set, and what it means. The command line, the kernel line, the
 * environment, /etc/razor-mk/config.yaml, pushed configuration and docs/configuration.md are all made from this table.
 */
import {
  address,
  httpUrl,
  integer,
  list,
  logLevel,
  oneOf,
  onOff,
  seconds,
  strictNumber,
  plainText,
  urlPath,
} from '../kinds.ts';
import { API_OPTIONS } from './api-options.ts';
import { IDENTITY_OPTIONS } from './identity-options.ts';
import { IRONIC_OPTIONS } from './ironic-options.ts';
import type { OptionEntry } from './option-entry.ts';
import { pattern } from '../pattern.ts';
import { defaultPorts, SERVERS } from '../../servers/registry.ts';
import type { SettingName, Settings } from '../settings.ts';

/** The longest interval that is accepted: a day. */
const DAY = 86_400;

export const OPTIONS: { readonly [Name in SettingName]: OptionEntry<Settings[Name]> } = {
  dialect: {
    default: 'razor',
    kind: plainText(60), // which of them there are is checked where the server is selected (servers/select-server.ts)
    value: 'NAME',
    meaning: `The kind of server: ${SERVERS.map(({ name }) => name).join(', ')}.`,
  },
  server: {
    default: [],
    kind: list(address),
    places: ['option', 'environment', 'file'],
    value: 'HOST[:PORT],…',
    meaning:
      'Addresses of the server, tried in turn. On the kernel line each server has its own words (docs/dialects.md).',
  },
  port: {
    default: 0,
    kind: integer(1, 65_535),
    value: 'PORT',
    meaning: `Port for addresses without one. Default: that of the server, ${defaultPorts()}.`,
  },
  checkinInterval: {
    default: 60,
    kind: seconds(0.001, DAY),
    pushed: 'mk_checkin_interval',
    pushedKind: strictNumber(1, DAY, false),
    value: 'SECONDS',
    meaning: 'Time from the start of one turn to the start of the next. Servers forget a node after 120 s.',
  },
  checkinSkew: {
    default: 5,
    kind: seconds(0, 3600),
    pushed: 'mk_checkin_skew',
    pushedKind: strictNumber(0, 3600, false),
    value: 'SECONDS',
    meaning: 'The first turn waits for a random time up to this.',
  },
  checkinCron: {
    default: '',
    kind: plainText(200),
    value: 'EXPRESSION',
    meaning: 'Cron expression for check-ins, in place of the interval.',
  },
  housekeepingCron: {
    default: '',
    kind: plainText(200),
    value: 'EXPRESSION',
    meaning: 'Cron expression for housekeeping: refreshes all facts and the lists of extensions and modules.',
  },
  checkinPath: {
    default: '',
    kind: urlPath,
    pushed: 'mk_checkin_path',
    places: ['file'],
    value: 'PATH',
    meaning: 'Path of the check-in on the server; the dialect’s own by default.',
  },
  registerPath: {
    default: '',
    kind: urlPath,
    pushed: 'mk_register_path',
    places: ['file'],
    value: 'PATH',
    meaning: 'Path of the registration on the server; the dialect’s own by default.',
  },
  pushedUri: {
    default: '',
    kind: httpUrl,
    pushed: 'mk_uri',
    places: [],
    value: 'URL',
    meaning: 'Base URL that the server wants to be used from now on. Dropped when nothing answers there.',
  },
  factExclude: {
    default: '',
    kind: pattern,
    pushed: 'mk_fact_excl_pattern',
    value: 'PATTERN',
    meaning:
      'Facts whose name matches are not sent: a regular expression of Ruby’s. Until one is pushed, Razor’s and Hanlon’s own defaults count for them.',
  },
  factRefresh: {
    default: 60,
    kind: seconds(1, DAY),
    value: 'SECONDS',
    meaning: 'Facts older than this are gathered again, and sent when they changed.',
  },
  externalFacts: {
    default: ['/etc/razor-mk/facts.d'],
    kind: list(plainText()),
    value: 'DIR,…',
    meaning: 'Directories of external facts (text, JSON, YAML, executables).',
  },
  ...IDENTITY_OPTIONS,
  logLevel: {
    default: 'info',
    kind: logLevel,
    pushed: 'mk_log_level',
    value: 'LEVEL',
    meaning: 'debug, info, warn, error or fatal; also in the original’s form, Logger::ERROR.',
  },
  httpTimeout: {
    default: 10,
    kind: seconds(0.1, 600),
    value: 'SECONDS',
    meaning: 'Time limit of an exchange with the server, from connect to the last byte.',
  },
  rediscoverAfter: {
    default: 3,
    kind: integer(1, 1000),
    value: 'COUNT',
    meaning: 'Failed turns in a row after which the next candidate, or discovery, is tried.',
  },
  probation: {
    default: 3,
    kind: integer(0, 100),
    value: 'COUNT',
    meaning: 'Good check-ins after which pushed configuration is accepted for good.',
  },
  backoffCap: {
    default: 60,
    kind: seconds(0.1, 3600),
    value: 'SECONDS',
    meaning: 'Longest wait after an error.',
  },
  caFile: {
    default: '',
    kind: plainText(),
    value: 'FILE',
    meaning: 'Certificates (PEM) of the authorities that are trusted for https, in place of the built-in ones.',
  },
  pin: {
    default: [],
    kind: list(plainText(200)),
    value: 'SHA256,…',
    meaning: 'SHA-256 fingerprints of server certificates. Nothing is sent to a server with another certificate.',
  },
  clientCert: { default: '', kind: plainText(), value: 'FILE', meaning: 'Client certificate (PEM) for https servers.' },
  clientKey: { default: '', kind: plainText(), value: 'FILE', meaning: 'Private key (PEM) of the client certificate.' },
  token: {
    default: '',
    kind: plainText(),
    value: 'TOKEN',
    meaning: 'Bearer token for the server. Other users can read command and kernel lines: prefer the file.',
  },
  tokenFile: { default: '', kind: plainText(), value: 'FILE', meaning: 'A file that holds the bearer token.' },
  insecure: {
    default: false,
    kind: onOff,
    value: 'on|off',
    meaning: 'Accept any server certificate when none is pinned. Allows man-in-the-middle attacks.',
  },
  siteKey: {
    default: '',
    kind: plainText(),
    places: ['option', 'environment', 'file'],
    value: 'FILE',
    meaning:
      'Ed25519 public key (PEM) of the site. Replies, lists, extensions, kernels and images that it does not vouch for are refused. Not on the kernel line: whoever writes that could take it away.',
  },
  commandsDir: {
    default: '/usr/lib/razor',
    kind: plainText(),
    value: 'DIR',
    meaning: 'Directory of executables that the server may name as commands.',
  },
  tceMirrorUri: {
    default: '',
    kind: httpUrl,
    pushed: 'mk_tce_mirror_uri',
    places: ['file'],
    value: 'URL',
    meaning: 'Mirror of Tiny Core extensions.',
  },
  tceMirrorPort: {
    default: 2157,
    kind: integer(1, 65_535),
    pushed: 'mk_tce_mirror_port',
    pushedKind: strictNumber(1, 65_535, true),
    places: ['file'],
    value: 'PORT',
    meaning: 'Port of the local mirror.',
  },
  tceInstallListUri: {
    default: '',
    kind: httpUrl,
    pushed: 'mk_tce_install_list_uri',
    places: ['file'],
    value: 'URL',
    meaning: 'List of extensions to install.',
  },
  kmodInstallListUri: {
    default: '',
    kind: httpUrl,
    pushed: 'mk_kmod_install_list_uri',
    places: ['file'],
    value: 'URL',
    meaning: 'List of kernel modules to load.',
  },
  ntp: {
    default: [],
    kind: list(plainText(253)),
    value: 'HOST,…',
    meaning: 'NTP servers; the first one that answers sets the clock. With --live only.',
  },
  syslog: {
    default: '',
    kind: plainText(300),
    value: 'udp://HOST:PORT',
    meaning: 'Also sends log lines to a collector (RFC 5424): udp://HOST:514 or tcp://HOST:601.',
  },
  logDir: {
    default: '',
    kind: plainText(),
    value: 'DIR',
    meaning: 'Directory of the log file: /var/log with --live, otherwise the state directory.',
  },
  watchdog: {
    default: 'on',
    kind: oneOf(['on', 'off']),
    value: 'on|off',
    meaning: 'Feeds /dev/watchdog while the agent makes progress. With --live only.',
  },
  lldp: {
    default: 'on',
    kind: oneOf(['on', 'off']),
    value: 'on|off',
    meaning: 'Listens for the switches at the other end of the cables (LLDP, CDP). With --live only.',
  },
  reloadModules: {
    default: [],
    kind: list(plainText(64)),
    value: 'MODULE,…',
    meaning: 'More drivers to reload when they found no device, like bnx2.',
  },
  controlPort: {
    default: 2156,
    kind: integer(0, 65_535),
    value: 'PORT',
    meaning: 'Port on 127.0.0.1 for health, metrics and setMkConfig. Without --live the system chooses one.',
  },
  localPush: {
    default: 'root',
    kind: oneOf(['root', 'anyone']),
    value: 'root|anyone',
    meaning:
      'Who may push configuration from this machine (setMkConfig): root and the user of the agent, or anyone, as in the original.',
  },
  loopLimit: {
    default: 5,
    kind: integer(1, 20),
    value: 'COUNT',
    meaning: 'How often the same destructive command may run within the loop window before it is held back.',
  },
  loopWindow: {
    default: 1800,
    kind: seconds(60, DAY),
    value: 'SECONDS',
    meaning: 'Time window of the loop breaker.',
  },
  ...API_OPTIONS,
  ...IRONIC_OPTIONS,
};

export const SETTING_NAMES = Object.keys(OPTIONS) as SettingName[];
