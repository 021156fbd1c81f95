/** The options of `razor-mk lab`, once: command line, environment and configuration file are made from this table. */
import { DEFAULT_PORTS } from '../lab-settings.ts';

type Kind = 'text' | 'number' | 'flag' | 'texts' | 'path' | 'port';

export interface ServerOption {
  readonly kind: Kind;
  readonly describe: string;
  readonly default?: string | number | boolean | readonly string[];
  readonly choices?: readonly string[];
  /** For numbers: the smallest. */
  readonly least?: number;
}

export const SERVER_OPTIONS = {
  host: { kind: 'text', default: '127.0.0.1', describe: 'address that nodes reach; 0.0.0.0 for all' },
  port: { kind: 'port', default: DEFAULT_PORTS.nodes, describe: 'Razor 0.x and Hanlon; 0 takes a free one' },
  'image-port': { kind: 'port', default: DEFAULT_PORTS.images, describe: 'kernels and initrds' },
  'people-port': { kind: 'port', default: DEFAULT_PORTS.people, describe: 'page and management API' },
  'razor-server-port': { kind: 'port', default: DEFAULT_PORTS.razorServer, describe: 'razor-server 1.x' },
  'people-host': {
    kind: 'text',
    default: '127.0.0.1',
    describe: 'address of page and management API; elsewhere than on loopback they ask for a token',
  },
  'token-file': { kind: 'path', describe: 'file with that token; one is made and printed otherwise' },
  'tls-cert': { kind: 'path', describe: 'certificate (PEM): page and management API over https' },
  'tls-key': { kind: 'path', describe: 'its key (PEM)' },
  advertise: { kind: 'text', describe: 'name or address for scripts and mk_uri; the one that a node used by default' },
  db: { kind: 'path', describe: 'keep everything in this file; in memory by default' },
  'image-dir': { kind: 'path', describe: 'where ISOs are unpacked; FILE.images beside the database by default' },
  'request-log': { kind: 'path', describe: 'append one line a request of nodes to this file' },
  faithful: { kind: 'flag', default: false, describe: 'be as wrong as the original where it is' },
  'protect-new-nodes': { kind: 'flag', default: false, describe: 'bind no machine before it was allowed' },
  'register-timeout': {
    kind: 'number',
    default: 120,
    least: 1,
    describe: 'seconds of silence after which a node registers again',
  },
  'node-expire': {
    kind: 'number',
    default: 300,
    least: 0,
    describe: 'seconds after which a silent unbound node is forgotten; 0 never',
  },
  mk: { kind: 'texts', describe: 'KEY=VALUE of the configuration pushed to nodes, as mk_checkin_interval=10' },
  'mk-kernel-args': { kind: 'text', describe: 'added to the microkernel’s kernel line' },
  'mk-debug-level': { kind: 'text', choices: ['quiet', 'debug'], describe: 'the word on that line' },
  'extension-zip': { kind: 'path', describe: 'razor-server: the microkernel’s extension archive' },
  'task-files': { kind: 'path', describe: 'razor-server: directory with files of your own for installers and brokers' },
  'match-nodes-on': {
    kind: 'texts',
    choices: ['mac', 'serial', 'asset', 'uuid'],
    default: ['mac'],
    describe: 'razor-server: what makes two machines the same node',
  },
  'facts-blacklist': { kind: 'texts', describe: 'razor-server: names, or /patterns/, of facts that are not kept' },
  ironic: { kind: 'flag', default: false, describe: 'an Ironic conductor too: any deploy ramdisk may call' },
  'ironic-node': {
    kind: 'texts',
    describe: 'a node that this conductor waits for: UUID=KEY,IMAGE[,local]; implies --ironic',
  },
  'ironic-image': {
    kind: 'path',
    describe: 'raw image that is written to every node that calls and was not named; implies --ironic',
  },
  'ironic-port': { kind: 'port', default: 6385, describe: 'port of that conductor' },
  events: { kind: 'flag', default: false, describe: 'print every event as one JSON line' },
} as const satisfies Record<string, ServerOption>;

export type OptionName = keyof typeof SERVER_OPTIONS;

type ValueOf<O extends { readonly kind: Kind }> = O extends { readonly kind: 'number' | 'port' }
  ? number
  : O extends { readonly kind: 'flag' }
    ? boolean
    : O extends { readonly kind: 'texts' }
      ? readonly string[]
      : string;

/** Every option with its value; those without a default may be undefined. */
export type ServerValues = {
  readonly [N in OptionName]: (typeof SERVER_OPTIONS)[N] extends { readonly default: unknown }
    ? ValueOf<(typeof SERVER_OPTIONS)[N]>
    : ValueOf<(typeof SERVER_OPTIONS)[N]> | undefined;
};

export function isOption(name: string): name is OptionName {
  return Object.hasOwn(SERVER_OPTIONS, name);
}

/** The environment's name of an option: RAZOR_MK_LAB_IMAGE_PORT. */
export function environmentName(name: OptionName | 'config'): string {
  return `RAZOR_MK_LAB_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** The options as yargs takes them. They have no defaults there: what was not given must be told from what was. */
export function yargsOptions(): Record<string, Record<string, unknown>> {
  const types = { text: 'string', path: 'string', number: 'number', port: 'number', flag: 'boolean', texts: 'string' };
  return Object.fromEntries(
    Object.entries<ServerOption>(SERVER_OPTIONS).map(([name, { kind, describe, default: usual, choices }]) => [
      name,
      {
        type: types[kind],
        // those of the server alone: `lab node` and its like do not take them
        global: false,
        describe,
        ...(kind === 'texts' && { array: true }),
        ...(choices && { choices }),
        ...(usual !== undefined && usual !== false && { defaultDescription: [usual].flat().join(' ') }),
      },
    ]),
  );
}
