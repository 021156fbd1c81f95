/** The lab's options and their defaults, and the configuration that it pushes to nodes (docs/contracts/razor-0.x.md#pushed-configuration). */
import { systemClock, type Clock } from '../platform/time/clock.ts';
import type { IronicNodeOptions } from './ironic/board.ts';
import type { LabEventListener } from './lab-events.ts';
import type { NewExchange } from './listeners/exchange-log.ts';
import type { Role } from './store/people.ts';

/** Ports of the lab; 0 asks the system for a free one. */
interface LabPorts {
  /** Razor 0.x and Hanlon API for nodes. */
  readonly nodes: number;
  /** Kernels, initrds and installer trees. */
  readonly images: number;
  /** Page and management API, for people. */
  readonly people: number;
  /** razor-server 1.x, for nodes; undefined listens nowhere. */
  readonly razorServer: number | undefined;
}

export const DEFAULT_PORTS = { nodes: 8026, images: 8027, people: 8025, razorServer: 8150 } as const;

/** Certificate chain and key, as PEM. */
export interface Pem {
  readonly cert: string;
  readonly key: string;
}

/** Logins by OpenID Connect. */
export interface OpenIdOptions {
  /** URL; https, or http on loopback. */
  readonly issuer: string;
  /** The lab's name at the provider. */
  readonly client: string;
  /** The lab's secret there; without it it is a public client. */
  readonly secret: string | undefined;
  /** As `openid profile email`. */
  readonly scope: string;
  /** The claim that says what somebody may do. */
  readonly rolesClaim: string;
  /** Role for each value of the claim. */
  readonly roles: ReadonlyMap<string, Role>;
}

/** The listener of page and management API. */
export interface PeopleOptions {
  /** Address; loopback by default, and anything else needs a token or operators. */
  readonly host?: string;
  /** A secret that may do everything (`Authorization: Bearer …`). */
  readonly token?: string | undefined;
  /** Taken as the token where the address is not loopback and neither a token nor operators exist. */
  readonly spareToken?: string;
  /** Where people can log in besides. */
  readonly openId?: OpenIdOptions | undefined;
  /** Certificate and key (PEM) for https. */
  readonly tls?: Pem | undefined;
  /** Reads certificate and key again where they were renewed; undefined where they were not. */
  readonly renewedTls?: (() => Promise<Pem | undefined>) | undefined;
  /** How often that is asked; 60,000 ms. */
  readonly renewMs?: number;
  /** Names by which browsers know the lab, besides its addresses and those of its certificate. */
  readonly names?: readonly string[];
}

/** After how much silence something happens; milliseconds. */
interface TimingOptions {
  /** A node silent for longer must register again; 120,000. */
  readonly registerTimeoutMs?: number;
  /** An unbound node silent for longer is forgotten; 300,000. 0 keeps it for ever. */
  readonly nodeExpireMs?: number;
  /** How often expiry is looked at; 30,000. */
  readonly sweepMs?: number;
}

/** What microkernels are given. */
interface MicrokernelOptions {
  /** `mk_*` keys over the defaults; unknown keys are pushed too, as the original does. */
  readonly pushed?: Readonly<Record<string, unknown>>;
  /** `quiet`, `debug` or empty: a word on the kernel line. */
  readonly debugLevel?: string;
  /** Free text at the end of the kernel line. */
  readonly kernelArgs?: string;
  /** Directory with boot loaders, which /boot/ serves to firmware that boots by HTTP; none by default. */
  readonly bootDir?: string;
}

/** What razor-server matches machines by. */
export type MatchKey = 'mac' | 'serial' | 'asset' | 'uuid';

/** The keys of razor-server's config.yaml that a node can notice (docs/contracts/razor-server.md#server-settings-that-an-agent-notices). */
export interface RazorServerOptions {
  /** By default `mac`. Any one that is shared makes two machines the same node. */
  readonly matchNodesOn?: readonly MatchKey[];
  /** Names, or `/patterns/` of whole names, of facts that are not stored. */
  readonly factsBlacklist?: readonly string[];
  /** File that /svc/mk/extension.zip gives. */
  readonly extensionZip?: string;
}

/** An Ironic conductor beside the lab, on the nodes' side. */
export interface IronicOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly nodes: readonly IronicNodeOptions[];
  /** Nodes that were not named may call too; the image that is written to them, if there is one. */
  readonly anyNode?: { readonly image: string | undefined };
}

/** What a lab is started with. Everything has a default. */
export interface LabOptions {
  /** Address that nodes reach; loopback by default. */
  readonly host?: string;
  readonly ports?: Partial<LabPorts>;
  /** Host name or address that is written into scripts and mk_uri; by default the one that the node itself used. */
  readonly advertise?: string;
  /** SQLite file, or the URL of a database of PostgreSQL; `:memory:` by default. */
  readonly db?: string;
  /** File with the keys of the secrets in the database; `FILE.key` beside a file of SQLite by default, needed with PostgreSQL. */
  readonly secretsKey?: string | undefined;
  /** Where ISOs are unpacked; see openImageDirectory for the default. */
  readonly imageDir?: string;
  /** Reproduce the bugs of the original servers. */
  readonly faithful?: boolean;
  /** Keep policies away from machines never seen before until somebody allows them. */
  readonly protectNewNodes?: boolean;
  /** Largest request body in bytes; 4 MiB. */
  readonly bodyLimit?: number;
  /** Requests a second that one address may send to the nodes' listeners, ten seconds' worth at once; 500, 0 for any number. */
  readonly addressRate?: number;
  readonly clock?: Clock;
  readonly people?: PeopleOptions;
  readonly timing?: TimingOptions;
  readonly microkernel?: MicrokernelOptions;
  readonly razorServer?: RazorServerOptions;
  /** Directory with files of one's own for installers and brokers. */
  readonly taskFiles?: string | undefined;
  readonly ironic?: IronicOptions;
  /** Private key (PEM, Ed25519) that signs what nodes are answered. */
  readonly siteKey?: string | undefined;
  readonly onEvent?: LabEventListener;
  /** Called with each request of nodes, boot loaders and installers as it is answered. */
  readonly onRequest?: (exchange: NewExchange) => void;
}

/** Options with every default filled in. */
export interface LabSettings {
  readonly host: string;
  readonly ports: LabPorts;
  readonly advertise: string | undefined;
  readonly db: string;
  readonly imageDir: string | undefined;
  readonly faithful: boolean;
  readonly protectNewNodes: boolean;
  readonly bodyLimit: number;
  readonly addressRate: number;
  readonly clock: Clock;
  readonly people: PeopleOptions & { readonly host: string };
  readonly timing: Required<TimingOptions>;
  readonly microkernel: Required<MicrokernelOptions>;
  readonly razorServer: RazorServerOptions;
  readonly taskFiles: string | undefined;
}

/** Facts that a node leaves out: volatile ones and those that identify the running system only. */
const FACT_EXCLUSION =
  '(^facter.*$)|(^id$)|(^kernel.*$)|(^memoryfree$)|(^operating.*$)|(^osfamily$)|(^path$)|(^ps$)|(^ruby.*$)|(^selinux$)|(^ssh.*$)|(^swap.*$)|(^timezone$)|(^uniqueid$)|(^uptime.*$)|(.*json_str$)';

/** All options with their defaults. */
export function resolveSettings(options: LabOptions): LabSettings {
  const { people, timing, microkernel } = options;
  return {
    host: options.host ?? '127.0.0.1',
    ports: { ...DEFAULT_PORTS, razorServer: undefined, ...options.ports },
    advertise: options.advertise,
    db: options.db ?? ':memory:',
    imageDir: options.imageDir,
    faithful: options.faithful ?? false,
    taskFiles: options.taskFiles,
    protectNewNodes: options.protectNewNodes ?? false,
    bodyLimit: options.bodyLimit ?? 4 * 1024 * 1024,
    addressRate: options.addressRate ?? 500,
    clock: options.clock ?? systemClock,
    people: { ...people, host: people?.host ?? '127.0.0.1' },
    timing: {
      registerTimeoutMs: timing?.registerTimeoutMs ?? 120_000,
      nodeExpireMs: timing?.nodeExpireMs ?? 300_000,
      sweepMs: timing?.sweepMs ?? 30_000,
    },
    microkernel: {
      pushed: microkernel?.pushed ?? {},
      debugLevel: microkernel?.debugLevel ?? '',
      kernelArgs: microkernel?.kernelArgs ?? '',
      bootDir: microkernel?.bootDir ?? '',
    },
    razorServer: options.razorServer ?? {},
  };
}

/**
 * The `client_config` of a reply, in the order of the original's. The original's first configuration leaves the port
 * out of three mirror addresses (docs/contracts/razor-0.x.md#pushed-configuration), and so does a faithful lab.
 */
export function clientConfig(settings: LabSettings, mkUri: string): Record<string, unknown> {
  const mirror = settings.faithful ? 'http://localhost:' : 'http://localhost:2157';
  return {
    mk_tce_mirror_port: 2157,
    mk_checkin_interval: 60,
    mk_checkin_skew: 5,
    mk_register_path: '/razor/api/node/register',
    mk_checkin_path: '/razor/api/node/checkin',
    mk_fact_excl_pattern: FACT_EXCLUSION,
    mk_log_level: 'Logger::ERROR',
    mk_gem_mirror_uri: 'http://localhost:2158/gem-mirror',
    mk_gemlist_uri: 'http://localhost:2158/gem-mirror/gems/gem.list',
    mk_uri: mkUri,
    mk_tce_mirror_uri: `${mirror}/tinycorelinux`,
    mk_tce_install_list_uri: `${mirror}/tinycorelinux/tce-install-list`,
    mk_kmod_install_list_uri: `${mirror}/tinycorelinux/kmod-install-list`,
    ...settings.microkernel.pushed,
  };
}

/** The check-in interval that is pushed, in seconds. */
export function checkinInterval(settings: LabSettings): number {
  const pushed = settings.microkernel.pushed['mk_checkin_interval'];
  return typeof pushed === 'number' && Number.isFinite(pushed) ? pushed : 60;
}

const texts = new WeakMap<LabSettings, Map<string, string>>();
/** Nodes may name us by many names in their Host header; only so many are kept. */
const TEXTS_KEPT = 100;

/** `clientConfig` as JSON, made once for each address. */
export function clientConfigText(settings: LabSettings, mkUri: string): string {
  let kept = texts.get(settings);
  if (!kept || kept.size > TEXTS_KEPT) texts.set(settings, (kept = new Map()));
  let text = kept.get(mkUri);
  if (text === undefined) kept.set(mkUri, (text = JSON.stringify(clientConfig(settings, mkUri))));
  return text;
}
