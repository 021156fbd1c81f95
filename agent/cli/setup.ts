/** From options and host to the parts that a verb needs. */
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { captureMachine, collectFacts, openCapture, openSources } from '../../facts/facts.ts';
import type { FactSet } from '../../facts/fact-types.ts';
import type { Identity } from '../../facts/identity/identity-types.ts';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import type { Host } from '../../platform/process/verb.ts';
import { resolveSettings } from '../config/resolve.ts';
import type { PushedMap } from '../config/pushed.ts';
import { parseSwitch } from '../config/switch.ts';
import type { Resolved, Settings } from '../config/settings.ts';
import { HANLON_LEASE_FILE, selectDialect, type Selection } from '../servers/select.ts';
import { parseCommandLine, type CommandLine } from '../../platform/kernel-line.ts';
import { lookupAddresses } from '../discovery/dns.ts';
import { parseResolvConf } from '../discovery/resolv-conf.ts';
import { discover, type DiscoveryOptions } from '../discovery/discover.ts';
import type { Candidate, Discovery } from '../discovery/candidate.ts';
import type { FileClient } from '../http/file-client.ts';
import type { HttpClient } from '../http/http-client.ts';
import { openHttp, type TrustOptions } from '../http/tls/trust.ts';
import { version } from '../version.ts';
import { readKernelLine } from '../kernel-line/read-kernel-line.ts';
import type { AgentArgs } from './options.ts';

export interface Setup {
  readonly cmdline: CommandLine;
  /** Its text. */
  readonly kernelLine: string;
  /** The settings with a pushed map in its place. */
  readonly settings: (pushed: PushedMap) => Resolved;
  readonly discover: (settings: Settings, signal: AbortSignal, unanswered?: ReadonlySet<string>) => Promise<Discovery>;
  readonly httpFor: (settings: Settings, server: Candidate) => Promise<HttpClient>;
  readonly collect: (settings: Settings, signal?: AbortSignal) => Promise<FactSet>;
  /** Where the extension archive is: `razor.extend=`, or beside the check-in. Undefined for dialects without one. */
  readonly extensionUrl: (server: Candidate, settings: Settings) => string | undefined;
  /** Why this dialect. */
  readonly dialectWhy: string;
  /** What is not plain about the dialect; `settings` then has the built-in one. */
  readonly undecided: RazorMkError | undefined;
  /** A client for one URL, with the trust of the settings; `insecure` leaves certificates unchecked where none is pinned. */
  readonly openHttp: (settings: Settings, url: string, insecure: boolean) => Promise<HttpClient>;
  /** A client for lists and files of any host (agent/http/tls/trust.ts): token, client certificate and reply key stay at home. */
  readonly openFiles: (
    settings: Settings,
    trust: { readonly insecure?: boolean; readonly pinOrAuthority?: boolean },
  ) => Promise<HttpClient & FileClient>;
  /** A capture of the same sources, gzipped tar. */
  readonly capture: (settings: Settings, signal?: AbortSignal) => Promise<Buffer>;
}

export interface SetUpOptions {
  /** The kernel line, where it was read already. */
  readonly kernelLine?: string;
  /** A kernel line that names two servers is noted in `undecided`, not thrown. */
  readonly mayBeUndecided?: boolean;
}

const LONGEST_FILE = 1024 * 1024;

/** Reads what stands still while the program runs: kernel line, environment, configuration file. */
export async function setUp(args: AgentArgs, host: Host, more: SetUpOptions = {}): Promise<Setup> {
  const kernelLine = more.kernelLine ?? (await readKernelLine(args.cmdline));
  const cmdline = parseCommandLine(Buffer.from(kernelLine, 'latin1'));
  const file = await readConfigFile(args.config);
  const configured = host.env['RAZOR_MK_DIALECT'] ?? file['dialect'];
  const written = args as unknown as Readonly<Record<string, unknown>>;
  let undecided: RazorMkError | undefined;
  let selection: Selection = { dialect: 'razor', why: 'nothing else was plain' };
  try {
    selection = selectDialect({
      option: written['dialect'] as string | undefined,
      configured: configured === undefined ? undefined : String(configured),
      kernel: (name) => cmdline.value(name),
      hanlonLease: existsSync(join(dirname(args['next-server-file']), HANLON_LEASE_FILE)),
    });
  } catch (error) {
    if (more.mayBeUndecided !== true || !(error instanceof RazorMkError)) throw error;
    undecided = error;
  }
  const { dialect, why } = selection;
  // Ironic's own switch, for its own servers only
  const insecure = parseSwitch(cmdline.value('ipa-insecure')) === true;
  const sources = args.from === undefined ? openSources({ root: args.root }) : await openCapture(args.from);
  const options = { ...written, dialect };
  const from = (current: Settings): TrustOptions => ({
    settings: current,
    environment: host.env,
    userAgent: `razor-mk/${version()}`,
  });
  const settings = (pushed: PushedMap): Resolved =>
    resolveSettings({ options, cmdline, environment: host.env, file, pushed });

  return {
    cmdline,
    kernelLine,
    settings,
    dialectWhy: why,
    undecided,
    extensionUrl: (server, current) => {
      if (current.dialect !== 'razor-server') return undefined;
      const given = cmdline.value('razor.extend') ?? '';
      if (given !== '') return /^https?:\/\//i.test(given) && URL.canParse(given) ? given : undefined;
      return server.url.replace(/\/checkin(\/\d+)?$|$/, (end) => (end === '' ? '/svc' : '')) + '/mk/extension.zip';
    },
    discover: async (current, signal, unanswered) => {
      if (current.dialect === 'ironic')
        return (await import('../servers/ironic/discover-ironic.ts')).discoverIronic(cmdline);
      const from = settings({}).from.server;
      const origin = from === 'option' ? 'option' : from === 'environment' ? 'environment' : 'configFile';
      return await discover({
        ...wayTo(current),
        cmdline,
        [origin]: current.server,
        resolvConf: args['resolv-conf'],
        nextServerFile: args['next-server-file'],
        signal,
        unanswered,
        ...(args['dns-port'] === undefined ? {} : { dnsPort: args['dns-port'] }),
      });
    },
    httpFor: (current, server) => {
      const any = current.insecure || (current.dialect === 'ironic' && insecure);
      return openHttp({ ...from(current), server, insecure: any });
    },
    openHttp: (current, url, insecure) => {
      const server = { url, source: 'kernel line', given: true };
      return openHttp({ ...from(current), server, insecure: insecure || current.insecure });
    },
    openFiles: (current, { insecure: any = false, pinOrAuthority }) =>
      openHttp({ ...from({ ...current, replyKey: '' }), insecure: any || current.insecure, pinOrAuthority }),
    capture: async (current, signal) => {
      const made = await captureMachine({
        sources,
        externalDirs: current.externalFacts,
        signal,
      });
      return made.bytes;
    },
    collect: async (current, signal) => {
      const set = await collectFacts({
        sources,
        externalDirs: current.externalFacts,
        identityChoice: { include: current.identityInclude, exclude: current.identityExclude },
        signal,
      });
      const identity = current.dialect === 'hanlon' ? withKernelUuid(set.identity, cmdline) : set.identity;
      return { ...set, identity: current.hwId === '' ? identity : knownAs(identity, current.hwId) };
    },
  };
}

/**
 * The settings of a verb that is used by hand. What cannot be used of the command line ends it: the next place would lead to
 * another server than the one that was named. Throws RAZOR_MK_USAGE.
 */
export function settingsByHand(setup: Setup, host: Host): Settings {
  const { values, refused } = setup.settings({});
  for (const text of refused) {
    if (text.startsWith('option: ')) throw new RazorMkError('RAZOR_MK_USAGE', `--${text.slice('option: '.length)}`);
    host.err(`razor-mk: not used: ${text}\n`);
  }
  return values;
}

/** How a server of the dialect is looked for. */
function wayTo({ dialect, port }: Settings): Pick<DiscoveryOptions, 'product' | 'kernelKeys' | 'defaultPort'> {
  if (dialect === 'foreman') {
    return { product: 'foreman', kernelKeys: ['proxy.url', 'foreman.url'], defaultPort: port || undefined };
  }
  const product = dialect === 'hanlon' ? 'hanlon' : 'razor';
  const keys = [`${product}.ip`, `${product}.server`];
  if (dialect !== 'razor-server') return { product, kernelKeys: keys, defaultPort: port || 8026 };
  return { product, kernelKeys: ['razor.register', ...keys], defaultPort: port || 8150 };
}

/** Finds the first address of a name with our own resolver, which the settings of the verb may direct elsewhere. */
export function resolverOf(args: AgentArgs): (name: string) => Promise<string | undefined> {
  const all = addressesOf(args);
  return async (name) => (await all(name))[0];
}

/** Finds all addresses of a name. */
export function addressesOf(args: AgentArgs): (name: string) => Promise<readonly string[]> {
  return async (name) => {
    const text = await readCapped(args['resolv-conf'], 65_536).catch(() => undefined);
    const port = args['dns-port'];
    const conf = parseResolvConf(text?.toString('utf8') ?? '');
    return (await lookupAddresses(name, { conf, port })).found;
  };
}

/** The configuration file as a map; an absent one is an empty map. Throws RAZOR_MK_CONFIG for one that is no YAML map. */
async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  const bytes = await readCapped(path, LONGEST_FILE);
  if (bytes === undefined) return {};
  let value: unknown;
  try {
    const { parse } = await import('yaml');
    value = parse(bytes.toString('utf8'), { maxAliasCount: 20, logLevel: 'error' }) as unknown;
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_CONFIG', `${path} is not YAML: ${messageOf(error)}`);
  }
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new RazorMkError('RAZOR_MK_CONFIG', `${path} is not a map of settings`);
  }
  return value as Record<string, unknown>;
}

/** `--state-dir`; else /tmp with --live, the original's place; else a new private directory. */
export function stateDir(args: AgentArgs, live: boolean): string {
  const asked = args['state-dir'];
  if (asked !== undefined) {
    // a node goes on without one: openStore tries again, and says so
    if (!live) mkdirSync(asked, { recursive: true, mode: 0o700 });
    return asked;
  }
  return live ? '/tmp' : mkdtempSync(join(tmpdir(), 'razor-mk-state-'));
}

/**
 * The identity with the UUID of `smbios_uuid=`, given exactly once (docs/contracts/hanlon.md#identity): iPXE puts its
 * own view there, which the server knows the machine by, and which on some boards is not the kernel's.
 */
function withKernelUuid(identity: Identity, cmdline: CommandLine): Identity {
  const [uuid = '', another] = cmdline.all('smbios_uuid');
  return uuid === '' || another !== undefined ? identity : { ...identity, uuid };
}

/** The identity with the MAC addresses that somebody gave (`--hw-id`). Throws RAZOR_MK_USAGE for words that are none. */
function knownAs(identity: Identity, hwId: string): Identity {
  const interfaces = hwId.split(/[_,]/).map((word, index) => {
    const hex = word.replaceAll(/[:.-]/g, '').toLowerCase();
    if (!/^[0-9a-f]{12}$/.test(hex)) throw new RazorMkError('RAZOR_MK_USAGE', `--hw-id: "${word}" is no MAC address`);
    return { name: `given${index}`, mac: (hex.match(/../g) ?? []).join(':') };
  });
  return { ...identity, interfaces, note: 'known by the addresses of --hw-id' };
}
