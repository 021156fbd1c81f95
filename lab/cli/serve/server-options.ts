/** The options of `razor-mk lab`, once: command line, environment and configuration file are made from this table. */
import { DEFAULT_PORTS } from '../../lab-settings.ts';

type Kind = 'text' | 'number' | 'flag' | 'texts' | 'path' | 'port';

/** Headings of the help. */
type Group =
  | 'Addresses'
  | 'Page and management API'
  | 'Logins by OpenID Connect'
  | 'Storage'
  | 'Nodes'
  | 'Microkernel'
  | 'razor-server'
  | 'Ironic';

/** A row of the table. */
export interface ServerOption {
  readonly kind: Kind;
  readonly group: Group;
  readonly describe: string;
  readonly default?: string | number | boolean | readonly string[];
  readonly choices?: readonly string[];
  /** For numbers: the smallest. */
  readonly least?: number;
}

/** Every option, by name. */
export const SERVER_OPTIONS = {
  host: {
    kind: 'text',
    group: 'Addresses',
    default: '127.0.0.1',
    describe: 'Address that nodes reach; 0.0.0.0 for all',
  },
  port: {
    kind: 'port',
    group: 'Addresses',
    default: DEFAULT_PORTS.nodes,
    describe: 'Port of Razor 0.x and Hanlon; 0 takes a free one',
  },
  'image-port': {
    kind: 'port',
    group: 'Addresses',
    default: DEFAULT_PORTS.images,
    describe: 'Port of kernels and initrds',
  },
  advertise: {
    kind: 'text',
    group: 'Addresses',
    describe: 'Name or address in scripts and mk_uri; by default the one that the node used',
  },
  'people-host': {
    kind: 'text',
    group: 'Page and management API',
    default: '127.0.0.1',
    describe: 'Their address; any but loopback requires operators or a token',
  },
  'people-port': {
    kind: 'port',
    group: 'Page and management API',
    default: DEFAULT_PORTS.people,
    describe: 'Their port',
  },
  'token-file': {
    kind: 'path',
    group: 'Page and management API',
    describe: 'File with a token that may do everything; one is made where neither it nor operators exist',
  },
  'people-name': {
    kind: 'texts',
    group: 'Page and management API',
    describe: 'Name by which browsers know it, besides host name, addresses and names of the certificate',
  },
  'oidc-issuer': {
    kind: 'text',
    group: 'Logins by OpenID Connect',
    describe: 'URL of a provider where people log in to the page; needs --oidc-client and --oidc-role',
  },
  'oidc-client': { kind: 'text', group: 'Logins by OpenID Connect', describe: 'Client id of the lab at the provider' },
  'oidc-secret-file': {
    kind: 'path',
    group: 'Logins by OpenID Connect',
    describe: 'File with the client secret; without it the lab is a public client',
  },
  'oidc-scope': {
    kind: 'text',
    group: 'Logins by OpenID Connect',
    default: 'openid profile email',
    describe: 'Scopes that are asked for',
  },
  'oidc-roles-claim': {
    kind: 'text',
    group: 'Logins by OpenID Connect',
    default: 'groups',
    describe: 'Claim that says what somebody may do',
  },
  'oidc-role': {
    kind: 'texts',
    group: 'Logins by OpenID Connect',
    describe: 'VALUE=ROLE: who has this value in the claim may look, operate or administer',
  },
  'tls-cert': {
    kind: 'path',
    group: 'Page and management API',
    describe: 'Certificate (PEM) for https; read again when it was renewed',
  },
  'tls-key': { kind: 'path', group: 'Page and management API', describe: 'Key of the certificate (PEM)' },
  db: { kind: 'path', group: 'Storage', describe: 'Keep everything in this file; by default in memory' },
  database: {
    kind: 'text',
    group: 'Storage',
    describe: 'Keep everything in PostgreSQL, with other labs: postgres://USER@HOST/DATABASE',
  },
  'secrets-key': {
    kind: 'path',
    group: 'Storage',
    describe: 'File with the key of the secrets in the database; by default FILE.key beside it; needed with --database',
  },
  'image-dir': {
    kind: 'path',
    group: 'Storage',
    describe: 'Where ISOs are unpacked; by default FILE.images beside the database; needed with --database',
  },
  'request-log': {
    kind: 'path',
    group: 'Storage',
    describe: 'Append one line for each request of a node to this file',
  },
  events: { kind: 'flag', group: 'Storage', default: false, describe: 'Print every event as one JSON line' },
  'task-files': {
    kind: 'path',
    group: 'Nodes',
    describe: 'Directory with your own files for installers and brokers',
  },
  faithful: { kind: 'flag', group: 'Nodes', default: false, describe: 'Reproduce the bugs of the original servers' },
  'protect-new-nodes': {
    kind: 'flag',
    group: 'Nodes',
    default: false,
    describe: 'Bind no machine before it is allowed',
  },
  'address-rate': {
    kind: 'number',
    group: 'Nodes',
    default: 500,
    least: 0,
    describe: 'Requests a second of one address, but loopback, before it gets 429; 0 for any number',
  },
  'site-key': {
    kind: 'path',
    group: 'Nodes',
    describe: 'Private key (razor-mk lab key) that signs what nodes are answered',
  },
  'register-timeout': {
    kind: 'number',
    group: 'Nodes',
    default: 120,
    least: 1,
    describe: 'Seconds of silence after which a node registers again',
  },
  'node-expire': {
    kind: 'number',
    group: 'Nodes',
    least: 0,
    describe:
      'Seconds after which a silent unbound node is forgotten; 0 never [default: never with --db or --database, else 300]',
  },
  mk: {
    kind: 'texts',
    group: 'Microkernel',
    describe: 'KEY=VALUE of the pushed configuration, as mk_checkin_interval=10',
  },
  'mk-kernel-args': { kind: 'text', group: 'Microkernel', describe: 'Text at the end of the kernel line' },
  'boot-dir': {
    kind: 'path',
    group: 'Microkernel',
    describe: 'Directory of image ipxe --secure-boot, for firmware that boots by HTTP: /boot/shimx64.efi',
  },
  'mk-debug-level': {
    kind: 'text',
    group: 'Microkernel',
    choices: ['quiet', 'debug'],
    describe: 'Log level on the kernel line',
  },
  'razor-server': {
    kind: 'flag',
    group: 'razor-server',
    default: false,
    describe: 'Listen for nodes of razor-server 1.x; implied by the options below',
  },
  'razor-server-port': {
    kind: 'port',
    group: 'razor-server',
    describe: `Port of razor-server 1.x [default: ${DEFAULT_PORTS.razorServer}]`,
  },
  'extension-zip': { kind: 'path', group: 'razor-server', describe: 'Extension archive of the microkernel' },
  'match-nodes-on': {
    kind: 'texts',
    group: 'razor-server',
    choices: ['mac', 'serial', 'asset', 'uuid'],
    describe: 'What makes two machines the same node [default: mac]',
  },
  'facts-blacklist': {
    kind: 'texts',
    group: 'razor-server',
    describe: 'Names, or /patterns/, of facts that are not kept',
  },
  ironic: {
    kind: 'flag',
    group: 'Ironic',
    default: false,
    describe: 'Run an Ironic conductor; any deploy ramdisk may call',
  },
  'ironic-node': {
    kind: 'texts',
    group: 'Ironic',
    describe: 'UUID=KEY,IMAGE[,local]: a node of the conductor; implies --ironic',
  },
  'ironic-image': {
    kind: 'path',
    group: 'Ironic',
    describe: 'Raw image for nodes that are not named; implies --ironic',
  },
  'ironic-port': { kind: 'port', group: 'Ironic', default: 6385, describe: 'Port of the conductor' },
} as const satisfies Record<string, ServerOption>;

/** Name of an option. */
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

/** Whether an option has this name. */
export function isOption(name: string): name is OptionName {
  return Object.hasOwn(SERVER_OPTIONS, name);
}

/** The environment's name of an option: RAZOR_MK_LAB_IMAGE_PORT. */
export function environmentName(name: OptionName | 'config'): string {
  return `RAZOR_MK_LAB_${name.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * The options as yargs takes them. They have no defaults there, so that an option that was not given is undefined, and numbers
 * are text: yargs makes 0 of the empty value of `--port=$UNSET`.
 */
export function yargsOptions(): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries<ServerOption>(SERVER_OPTIONS).map(([name, { kind, group, describe, default: usual, choices }]) => [
      name,
      {
        type: kind === 'flag' ? 'boolean' : 'string',
        // those of the server alone: `lab node` and its like do not take them
        global: false,
        group: `${group}:`,
        describe,
        array: kind === 'texts',
        choices,
        defaultDescription: usual === undefined || usual === false ? undefined : [usual].flat().join(' '),
      },
    ]),
  );
}
