/** From options and host to what a verb needs: everything that stands still while the program runs is read here, once. */
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { captureMachine, collectFacts, createBmcMemory, openCapture, openTree } from '../../facts/facts.ts';
import type { Identity } from '../../facts/identity/identity-types.ts';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import type { Host } from '../../platform/process/verb.ts';
import { resolveAgentSettings } from '../config/resolve.ts';
import type { PushedMap } from '../config/pushed.ts';
import { parseSwitch } from '../config/switch.ts';
import type { Resolved, Settings } from '../config/settings.ts';
import { askDhcpServers } from '../discovery/dhcp-inform.ts';
import { discover, type DiscoveryOptions } from '../discovery/discover.ts';
import { lookupAddresses } from '../discovery/dns.ts';
import { parseResolvConf } from '../../platform/resolv-conf.ts';
import { openHttp, type TrustOptions } from '../http/tls/trust.ts';
import { parseCommandLine, type CommandLine } from '../../platform/kernel-line.ts';
import { readKernelLine } from '../kernel-line/read-kernel-line.ts';
import type { NodeSetup } from '../node/node-setup.ts';
import { defaultServer, selectServer, type Selection } from '../servers/select-server.ts';
import type { ServerDescriptor } from '../servers/server.ts';
import { version } from '../version.ts';
import { CONFIG_FILE, type AgentArgs } from './options.ts';

export interface SetUpOptions {
  /** The kernel line, where it was read already. */
  readonly kernelLine?: string;
  /** A kernel line that names two servers is noted in `undecided`, not thrown. */
  readonly mayBeUndecided?: boolean;
  /** A configuration file that was named and does not exist is a message, not an error. */
  readonly mayLackConfig?: boolean;
  /** The servers to choose from; the registry's by default. */
  readonly servers?: readonly ServerDescriptor[];
}

const LONGEST_FILE = 1024 * 1024;
const OPTION = 'option: ';

/** Reads kernel line, environment and configuration file. Throws RAZOR_MK_DIALECT, RAZOR_MK_CONFIG, RAZOR_MK_FILE_UNREADABLE. */
export async function setUp(args: AgentArgs, host: Host, more: SetUpOptions = {}): Promise<NodeSetup> {
  const kernelLine = more.kernelLine ?? (await readKernelLine(args.cmdline));
  const kernel = parseCommandLine(Buffer.from(kernelLine, 'latin1'));
  const file = await readConfigFile(args.config, host, more.mayLackConfig === true);
  const { descriptor, reason, undecided } = chooseServer(args, host, { kernel, file }, more);
  const options = { ...writtenIn(args), dialect: descriptor.name };
  const settings = (pushed: PushedMap): Resolved =>
    resolveAgentSettings({ options, cmdline: kernel, environment: host.env, file, pushed });
  return {
    kernel,
    kernelLine,
    descriptor,
    descriptorReason: reason,
    undecided,
    settings,
    discover: (current, signal, unanswered) =>
      discover({
        descriptor,
        kernel,
        port: current.port || undefined,
        ...serversWritten(current, settings({})),
        resolvConf: args['resolv-conf'],
        nextServerFile: args['next-server-file'],
        dnsPort: args['dns-port'],
        dhcpServers: writtenIn(args)['live'] === true ? askDhcpServers : undefined,
        signal,
        unanswered,
      }),
    ...clientsFor(descriptor, kernel, host),
    ...(await collectorsFor(args, descriptor, kernel)),
  };
}

/** The options as they were written, by name; the settings of the table are among them. */
function writtenIn(args: AgentArgs): Readonly<Record<string, unknown>> {
  return args as unknown as Readonly<Record<string, unknown>>;
}

interface Choice extends Selection {
  readonly undecided: RazorMkError | undefined;
}

function chooseServer(
  args: AgentArgs,
  host: Host,
  { kernel, file }: { readonly kernel: CommandLine; readonly file: Readonly<Record<string, unknown>> },
  { mayBeUndecided, servers }: SetUpOptions,
): Choice {
  const configured = host.env['RAZOR_MK_DIALECT'] ?? file['dialect'];
  try {
    const selection = selectServer({
      option: writtenIn(args)['dialect'] as string | undefined,
      configured: configured === undefined ? undefined : String(configured),
      kernel: (name) => kernel.value(name),
      hasLeaseFile: (name) => existsSync(join(dirname(args['next-server-file']), name)),
      servers,
    });
    return { ...selection, undecided: undefined };
  } catch (error) {
    if (mayBeUndecided !== true || !(error instanceof RazorMkError)) throw error;
    return { descriptor: defaultServer(servers), reason: 'nothing else could be decided', undecided: error };
  }
}

/** The addresses of the setting `server`, under the name of the place that they come from. */
function serversWritten({ server }: Settings, { from }: Resolved): Partial<DiscoveryOptions> {
  if (from.server === 'option') return { option: server };
  return from.server === 'environment' ? { environment: server } : { configFile: server };
}

/** HTTP clients with the trust of the settings; the server's own switch for certificates counts for its servers only. */
function clientsFor(
  { insecureKey }: ServerDescriptor,
  kernel: CommandLine,
  host: Host,
): Pick<NodeSetup, 'httpFor' | 'openHttp' | 'openFiles'> {
  const insecure = insecureKey !== undefined && parseSwitch(kernel.value(insecureKey)) === true;
  const from = (settings: Settings): TrustOptions => ({
    settings,
    environment: host.env,
    userAgent: `razor-mk/${version()}`,
  });
  return {
    httpFor: (current, server) => openHttp({ ...from(current), server, insecure: current.insecure || insecure }),
    openHttp: (current, url, unchecked) => {
      const server = { url, source: 'kernel line', given: true };
      return openHttp({ ...from(current), server, insecure: current.insecure || unchecked });
    },
    openFiles: (current, { insecure: unchecked = false, pinOrAuthority }) =>
      openHttp({ ...from({ ...current, siteKey: '' }), insecure: current.insecure || unchecked, pinOrAuthority }),
  };
}

/** Facts and captures of the machine, of a tree or of a capture. */
async function collectorsFor(
  args: AgentArgs,
  descriptor: ServerDescriptor,
  kernel: CommandLine,
): Promise<Pick<NodeSetup, 'collect' | 'capture'>> {
  const bmc = descriptor.turns?.asksBmc === true ? createBmcMemory() : undefined;
  const sources = args.from === undefined ? openTree(args.root) : await openCapture(args.from);
  return {
    capture: async ({ externalFacts }, signal) =>
      (await captureMachine({ sources, externalDirs: externalFacts, signal })).bytes,
    collect: async ({ externalFacts, hwId, identityInclude, identityExclude }, signal, externalEnv) => {
      const identityChoice = { include: identityInclude, exclude: identityExclude };
      const externalDirs = externalFacts;
      const set = await collectFacts({ sources, externalDirs, externalEnv, identityChoice, bmc, signal });
      const identity = descriptor.identity?.(set.identity, kernel) ?? set.identity;
      return { ...set, identity: hwId === '' ? identity : identityOf(hwId, identity) };
    },
  };
}

/**
 * The settings of a verb that is used by hand. What cannot be used of the command line ends it: the next place would lead to
 * another server than the one that was named. Throws RAZOR_MK_USAGE.
 */
export function settingsByHand(setup: NodeSetup, host: Host): Settings {
  const resolved = setup.settings({});
  refuseBadOptions(resolved);
  for (const text of resolved.refused) host.err(`razor-mk: not used: ${text}\n`);
  return resolved.values;
}

/** Throws RAZOR_MK_USAGE for the first option with a value that is refused. */
export function refuseBadOptions({ refused }: Resolved): void {
  const option = refused.find((text) => text.startsWith(OPTION));
  if (option !== undefined) throw new RazorMkError('RAZOR_MK_USAGE', `--${option.slice(OPTION.length)}`);
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

/**
 * The configuration file as a map; an absent one is an empty map, unless somebody named it. Throws RAZOR_MK_FILE_UNREADABLE, and
 * RAZOR_MK_CONFIG unless it is a YAML map.
 */
async function readConfigFile(path: string, host: Host, mayLack: boolean): Promise<Record<string, unknown>> {
  const bytes = await readCapped(path, LONGEST_FILE);
  if (bytes === undefined) {
    const message = `the configuration file ${path} does not exist`;
    if (path !== CONFIG_FILE && !mayLack) throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', message);
    if (path !== CONFIG_FILE) host.err(`razor-mk: ${message}; going on without it\n`);
    return {};
  }
  if (bytes.length === 0) return {}; // the YAML library takes its time to load
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
    // a node goes on without one: the store tries again, and says so
    if (!live) mkdirSync(asked, { recursive: true, mode: 0o700 });
    return asked;
  }
  return live ? '/tmp' : mkdtempSync(join(tmpdir(), 'razor-mk-state-'));
}

/** The identity with the MAC addresses that somebody gave (`--hw-id`). Throws RAZOR_MK_USAGE for an invalid one. */
function identityOf(hwId: string, identity: Identity): Identity {
  const interfaces = hwId.split(/[_,]/).map((word, index) => {
    const hex = word.replaceAll(/[:.-]/g, '').toLowerCase();
    if (!/^[0-9a-f]{12}$/.test(hex)) throw new RazorMkError('RAZOR_MK_USAGE', `--hw-id: invalid MAC address "${word}"`);
    return { name: `given${index}`, mac: (hex.match(/../g) ?? []).join(':') };
  });
  return { ...identity, interfaces, note: 'known by the addresses of --hw-id' };
}
