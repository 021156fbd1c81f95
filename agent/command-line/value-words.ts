/** What stands for the value of an option in the help: its kind or its unit. */
import { settingNames } from '../config/names.ts';
import { OPTIONS, SETTING_NAMES } from '../config/options/options.ts';

/** By the name of the option; the agent's settings bring their own. */
const WORDS: Readonly<Record<string, string>> = {
  address: 'ADDRESS',
  'address-rate': 'COUNT',
  advertise: 'ADDRESS',
  agent: 'FILE',
  'allow-initiator': 'NAME',
  'api-version-prefix': 'PATH',
  base: 'FILE|DIR',
  'base-sha256': 'SHA256',
  before: 'LINE',
  broker: 'NAME',
  days: 'DAYS',
  'password-file': 'FILE',
  'user-data': 'FILE',
  'network-config': 'FILE',
  'people-name': 'NAME',
  save: 'FILE',
  who: 'NAME',

  attempts: 'COUNT',
  'builtin-list': 'FILE',
  'build-step': 'FILE|DIR',
  cache: 'DIR',
  cards: 'COUNT',
  cmdline: 'FILE',
  command: 'FILE',
  config: 'FILE',
  database: 'URL',
  db: 'FILE',
  debian: 'PACKAGE',
  diff: 'CAPTURE|last',
  dir: 'DIR',
  'disk-attempts': 'COUNT',
  'error-wait': 'SECONDS',
  exclude: 'PATTERN',
  extension: 'FILE',
  'extension-zip': 'FILE',
  'facts-blacklist': 'NAME',
  'facts-d': 'DIR',
  'facts-dir': 'DIR,…',
  file: 'SRC:DST',
  firmware: 'FILE',
  'firmware-from': 'DIR',
  from: 'CAPTURE',
  host: 'ADDRESS',
  image: 'IMAGE',
  'image-version': 'VERSION',
  initrd: 'FILE',
  'install-timeout': 'SECONDS',
  interface: 'NAME',
  interval: 'SECONDS',
  'ironic-image': 'FILE',
  'ironic-node': 'UUID=KEY,IMAGE',
  kernel: 'FILE',
  'kernel-arg': 'WORD',
  lab: 'URL',
  label: 'NAME',
  libraries: 'DIR',
  limit: 'COUNT',
  line: 'LINE',
  machines: 'COUNT',
  match: 'PATTERN',
  maximum: 'COUNT',
  memory: 'MIB',
  minutes: 'MINUTES',
  mirror: 'URL',
  'mirror-extension': 'NAME',
  'mirror-list': 'FILE',
  mk: 'KEY=VALUE',
  'mk-kernel-args': 'WORDS',
  model: 'NAME',
  module: 'NAME',
  'modules-from': 'DIR',
  name: 'NAME',
  node: 'UUID',
  'node-expire': 'SECONDS',
  nodes: 'COUNT',
  out: 'DIR',
  outage: 'SECONDS',
  output: 'DIR',
  param: 'JSON',
  'people-host': 'ADDRESS',
  'password-hash': 'HASH',
  path: 'FILE|DIR',
  'pci-ids': 'FILE',
  range: 'FIRST,LAST',
  'register-timeout': 'SECONDS',
  remove: 'NAME',
  'request-log': 'FILE',
  root: 'DIR',
  rule: 'JSON',
  rules: 'FILE',
  seconds: 'SECONDS',
  seed: 'SEED',
  serial: 'DEVICE',
  server: 'HOST[:PORT]',
  set: 'KEY=VALUE',
  since: 'SEQ',
  skew: 'SECONDS',
  'ssh-key': 'FILE',
  status: 'STATUS',
  'stop-after-command': 'COMMAND',
  tag: 'TAG',
  tags: 'TAG',
  'task-files': 'DIR',
  template: 'NAME',
  timeout: 'SECONDS',
  'tls-cert': 'FILE',
  'tls-key': 'FILE',
  'token-file': 'FILE',
  tries: 'COUNT',
  turns: 'COUNT',
  url: 'URL',
  version: 'VERSION',
  'v8-flag': 'FLAG',
  'volume-id': 'NAME',
  wait: 'SECONDS',
};

/** By the end of the name, for the others. */
const ENDS: readonly (readonly [RegExp, string])[] = [
  [/(^|-)port$/, 'PORT'],
  [/(^|-)dir$/, 'DIR'],
  [/-(file|key|conf)$/, 'FILE'],
  [/-url$/, 'URL'],
];

let settings: ReadonlyMap<string, string> | undefined;

function settingWords(): ReadonlyMap<string, string> {
  settings ??= new Map(
    SETTING_NAMES.flatMap((setting) => {
      const { option } = settingNames(setting);
      return option === undefined ? [] : [[option, OPTIONS[setting].value] as const];
    }),
  );
  return settings;
}

/** The word for the value of this option. */
export function valueWord(option: string, number: boolean): string {
  const own = WORDS[option] ?? settingWords().get(option) ?? ENDS.find(([end]) => end.test(option))?.[1];
  return own ?? (number ? 'NUMBER' : 'TEXT');
}
