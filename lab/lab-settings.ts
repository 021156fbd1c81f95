/**
 * What a lab can be told: addresses, timings, and the configuration that it pushes to nodes
 * (docs/contracts/razor-0.x.md#pushed-configuration).
 */
import type { Clock } from '../platform/time/clock.ts';
import { systemClock } from '../platform/time/clock.ts';
import type { RazorServerOptions } from './dialects/razor-server/razor-server-state.ts';
import type { NewExchange } from './listeners/exchange-log.ts';
import type { LabEventListener } from './lab-events.ts';
import type { IronicNodeOptions } from './ironic/board.ts';

/** Ports of the lab; 0 asks the system for a free one. */
export interface LabPorts {
  /** Razor 0.x and Hanlon API for nodes. */
  readonly nodes: number;
  /** Kernels, initrds and installer trees. */
  readonly images: number;
  /** Page and management API, for people. */
  readonly people: number;
  /** razor-server 1.x, for nodes. */
  readonly razorServer: number;
}

export const DEFAULT_PORTS: LabPorts = { nodes: 8026, images: 8027, people: 8025, razorServer: 8150 };

export interface LabOptions {
  /** Address that nodes reach; loopback by default. */
  readonly host?: string;
  /** Address of the door for people; loopback by default, and anything else needs `token`. */
  readonly peopleHost?: string;
  readonly ports?: Partial<LabPorts>;
  /** Host name or address that is written into scripts and mk_uri; by default the one that the node itself used. */
  readonly advertise?: string;
  /** SQLite file; `:memory:` by default. */
  readonly db?: string;
  /** Behave as the original does where it is broken. */
  readonly faithful?: boolean;
  readonly clock?: Clock;
  /** A node silent for longer must register again; 120,000 ms. */
  readonly registerTimeoutMs?: number;
  /** An unbound node silent for longer is forgotten; 300,000 ms. 0 keeps it for ever. */
  readonly nodeExpireMs?: number;
  /** How often expiry is looked at; 30,000 ms. */
  readonly sweepMs?: number;
  /** Keep policies away from machines never seen before until somebody allows them. */
  readonly protectNewNodes?: boolean;
  /** `mk_*` keys over the defaults; keys that nobody knows are pushed too, as the original does. */
  readonly mk?: Readonly<Record<string, unknown>>;
  /** `quiet`, `debug` or empty: the word on the microkernel's kernel line. */
  readonly mkBootDebugLevel?: string;
  /** Free text at the end of the microkernel's kernel line. */
  readonly mkBootKernelArgs?: string;
  /** What only razor-server 1.x can be told. */
  readonly razorServer?: RazorServerOptions;
  /** Directory with a directory for each image; images of the database are relative to it. */
  readonly imageDir?: string;
  /** Secret that the door for people asks for (`Authorization: Bearer …`). */
  readonly token?: string;
  /** Certificate and key (PEM) for https on the door for people. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Largest request body in bytes; 4 MiB. */
  readonly bodyLimit?: number;
  readonly onEvent?: LabEventListener;
  /** Told of each request of nodes, boot loaders and installers as it is answered. */
  readonly onRequest?: (exchange: NewExchange) => void;
  /** An Ironic conductor beside it, on the nodes' side. */
  readonly ironic?: IronicOptions;
}

export interface IronicOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly nodes: readonly IronicNodeOptions[];
  /** Nodes that were not named may call too; the image that is written to them, if there is one. */
  readonly anyNode?: { readonly image: string | undefined };
}

/** Options with every default filled in. */
export interface LabSettings {
  readonly host: string;
  readonly peopleHost: string;
  readonly ports: LabPorts;
  readonly advertise: string | undefined;
  readonly db: string;
  readonly faithful: boolean;
  readonly clock: Clock;
  readonly registerTimeoutMs: number;
  readonly nodeExpireMs: number;
  readonly sweepMs: number;
  readonly protectNewNodes: boolean;
  readonly mk: Readonly<Record<string, unknown>>;
  readonly mkBootDebugLevel: string;
  readonly mkBootKernelArgs: string;
  readonly razorServer: RazorServerOptions;
  readonly imageDir: string | undefined;
  readonly token: string | undefined;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly bodyLimit: number;
}

/** Facts that a node leaves out: volatile ones and those that identify the running system only. */
export const FACT_EXCLUSION =
  '(^facter.*$)|(^id$)|(^kernel.*$)|(^memoryfree$)|(^operating.*$)|(^osfamily$)|(^path$)|(^ps$)|(^ruby.*$)|(^selinux$)|(^ssh.*$)|(^swap.*$)|(^timezone$)|(^uniqueid$)|(^uptime.*$)|(.*json_str$)';

/** All options with their defaults. */
export function resolveSettings(options: LabOptions): LabSettings {
  return {
    host: options.host ?? '127.0.0.1',
    peopleHost: options.peopleHost ?? '127.0.0.1',
    ports: { ...DEFAULT_PORTS, ...options.ports },
    advertise: options.advertise,
    db: options.db ?? ':memory:',
    faithful: options.faithful ?? false,
    clock: options.clock ?? systemClock,
    registerTimeoutMs: options.registerTimeoutMs ?? 120_000,
    nodeExpireMs: options.nodeExpireMs ?? 300_000,
    sweepMs: options.sweepMs ?? 30_000,
    protectNewNodes: options.protectNewNodes ?? false,
    mk: options.mk ?? {},
    mkBootDebugLevel: options.mkBootDebugLevel ?? '',
    mkBootKernelArgs: options.mkBootKernelArgs ?? '',
    razorServer: options.razorServer ?? {},
    imageDir: options.imageDir,
    token: options.token,
    tls: options.tls,
    bodyLimit: options.bodyLimit ?? 4 * 1024 * 1024,
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
    ...settings.mk,
  };
}

/** The check-in interval that is pushed, in seconds. */
export function checkinInterval(settings: LabSettings): number {
  const pushed = settings.mk['mk_checkin_interval'];
  return typeof pushed === 'number' && Number.isFinite(pushed) ? pushed : 60;
}

const texts = new WeakMap<LabSettings, Map<string, string>>();
/** Nodes may name us by many names in their Host header; only so many are remembered. */
const TEXTS_KEPT = 100;

/** `clientConfig` as JSON, made once for each address. */
export function clientConfigText(settings: LabSettings, mkUri: string): string {
  let kept = texts.get(settings);
  if (!kept || kept.size > TEXTS_KEPT) texts.set(settings, (kept = new Map()));
  let text = kept.get(mkUri);
  if (text === undefined) kept.set(mkUri, (text = JSON.stringify(clientConfig(settings, mkUri))));
  return text;
}
