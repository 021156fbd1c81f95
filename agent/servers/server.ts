/**
 * What a server is to the agent: its descriptor. The rest of the agent asks the descriptor and never compares a server's name
 * (eslint holds that). Descriptors are data and small functions; what speaks a server's language is loaded when it is used.
 */
import type { OpenedRules } from '../../facts/cli/extras.ts';
import type { FactSet } from '../../facts/fact-types.ts';
import type { Identity } from '../../facts/identity/identity-types.ts';
import type { LoopBreaker } from '../commands/loop-breaker.ts';
import type { Settings } from '../config/settings.ts';
import type { ServerAddress } from '../discovery/address.ts';
import type { Candidate, Discovery } from '../discovery/candidate.ts';
import type { Exchange, TextReply } from '../http/exchange.ts';
import type { FileClient } from '../http/file-client.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { CommandLine } from '../../platform/kernel-line.ts';
import type { CommandRunner } from '../loop/command-runner.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { CheckinReply, Dialect, NodeReport } from './dialect.ts';
import type { Job } from './job.ts';

/** A server whose agent takes turns, or one for which it does a job. */
export type ServerDescriptor = TurnServer | JobServer;

interface CommonDescriptor {
  /** As it is written after `--dialect` and `razor.dialect=`. Lower case, unique. */
  readonly name: string;
  /** For people: `Razor 0.x`. */
  readonly title: string;
  /** One line: which servers these are, and what the agent does for them. */
  readonly description: string;
  /** The page of docs/ about it. */
  readonly page: string;
  readonly offer: Offer;
  readonly discovery: DiscoveryRules;
  /** How somebody names such a server on the kernel line, for remedies. */
  readonly address: AddressForm;
  /** The server's own kernel parameter that switches the checking of certificates off. */
  readonly insecureKey?: string;
  /** The identity as this server knows a machine, where the kernel line says more than the machine. */
  readonly identity?: (identity: Identity, kernel: CommandLine) => Identity;
  /** What such servers make of facts by themselves, for `facts explain`. */
  readonly factRules?: readonly FactRule[];
  /** Facts that rules of a site may read, and that may not be there, for `facts --missing` and `doctor`. */
  readonly wantedFacts?: WantedFacts;
  /** Reads and applies rules of such a server without it, for `facts --tags`. */
  readonly loadRules?: () => Promise<ServerRules>;
  /** Rows of the table in docs/dialects.md that follow from nothing else here. */
  readonly contract?: ContractWords;
}

/** A server that is asked (or given facts) turn by turn. */
export interface TurnServer extends CommonDescriptor {
  readonly turns: TurnRules;
  readonly job?: undefined;
  /** Loads and opens the exchanges with one server. */
  readonly openDialect: (options: DialectOptions) => Promise<Dialect>;
  /** What runs on the node beside the turns. */
  readonly startService?: (options: ServerServiceOptions) => Promise<ServerService>;
}

/** A server without turns: `run` does a job for it until it is stopped, or until the job is done. */
export interface JobServer extends CommonDescriptor {
  readonly turns?: undefined;
  readonly job: JobRules;
  /** For the verbs that do one thing by hand (`checkin`, `register`, `doctor`); absent where they have nothing to do. */
  readonly openDialect?: (options: DialectOptions) => Promise<Dialect>;
}

/** What names a server of this kind, so that it is chosen. */
interface Offer {
  /** Kernel parameters; each alone is enough, unless `needsAll`. */
  readonly kernelKeys: readonly string[];
  readonly needsAll?: true;
  /** The parameters are an order for this boot: they go before the configuration file and before other servers' parameters. */
  readonly isOrder?: true;
  /** A file that the DHCP client leaves when the lease names such a server; beside the next-server file. */
  readonly leaseFile?: string;
  /** It is chosen where nothing names another. One server of the registry has this. */
  readonly byDefault?: true;
}

/** Where such a server is looked for, in this order after what was written on this machine (`--server` and others). */
export interface DiscoveryRules {
  /** Kernel parameters that hold an address, in order. */
  readonly kernelKeys: readonly string[];
  /** The port of an address that has none; undefined for that of its scheme. */
  readonly defaultPort: number | undefined;
  /** The scheme of an address that has none; http. */
  readonly scheme?: 'http' | 'https';
  /** A name stays in the URL, because the server has virtual hosts. With https it stays anyhow. */
  readonly keepsName?: true;
  /** Asked of DNS. */
  readonly dnsName?: string;
  /** What the DHCP client left about this server. */
  readonly lease?: LeaseSource;
  /** Whether next-server of DHCP may be this server. */
  readonly nextServer?: true;
  /** `_razor._tcp` */
  readonly srvName?: string;
  /** Ports of SRV records that mean https. */
  readonly httpsPorts?: readonly number[];
  /** Instead of all this, for servers that write whole URLs on the kernel line. Throws RAZOR_MK_NO_SERVER. */
  readonly find?: (kernel: CommandLine) => Promise<Discovery>;
}

export interface LeaseSource {
  /** As the trace names it: `DHCP options of Hanlon`. */
  readonly source: string;
  /** Reads the files beside the next-server file. Never throws. */
  readonly read: (
    nextServerFile: string,
  ) => Promise<{ readonly address: ServerAddress | undefined; readonly note: string }>;
}

/** How somebody names such a server on the kernel line. */
interface AddressForm {
  readonly key: string;
  /** Of the value: `HOST[:PORT]`. */
  readonly form: string;
  /** With another port, for whoever gave the wrong one: `HOST:PORT`. */
  readonly withPort: string;
}

interface TurnRules {
  /** A check-in is answered with a command. False where facts are sent when they are due, and nobody is asked. */
  readonly asksServer: boolean;
  /** Every check-in carries all facts. */
  readonly checkinSendsFacts: boolean;
  /** The pattern of facts that are kept back where nobody set one, and the server pushed none; without it all are sent. */
  readonly exclusion?: string;
  /** It uses facts of the management processor: that is asked, by ipmitool, where there is one. */
  readonly asksBmc?: true;
  /** Facter 4's structured facts go beside the flat ones. */
  readonly structuredFacts?: true;
  /** There is a register request; false where the first check-in registers. */
  readonly registers: boolean;
  /** `acknowledge` says that the server knows this node, also to a first check-in. */
  readonly acknowledgeMeansKnown: boolean;
  /** Seconds of silence after which the server takes the node for a new one; undefined where it never does. */
  readonly forgetsAfterS: number | undefined;
  readonly interval: IntervalRule;
  /** Why a register command is carried out, in words. */
  readonly registerReason: string;
  /** The verb that stores what it sends, where a check-in of the doctor would leave a trace on the server. */
  readonly storedBy?: 'checkin' | 'register';
  /** Loads the reader of a check-in's reply, for `explain-reply`. Throws what the check-in throws. */
  readonly loadReplyReader?: () => Promise<(reply: TextReply, url: string) => CheckinReply>;
}

/** How often a turn is taken where nobody set an interval. */
export interface IntervalRule {
  /** The server's own; undefined for the setting's default. */
  readonly seconds?: number;
  /** A kernel parameter of the server that names it, in seconds, and its bounds. */
  readonly kernelKey?: string;
  readonly bounds?: readonly [min: number, max: number];
}

interface JobRules {
  readonly load: () => Promise<Job>;
  /** It ends by itself: `--once` and `--turns` change nothing. */
  readonly ends: boolean;
  /** Why `register` by hand has nothing to send, in words. */
  readonly noRegister: string;
}

export interface DialectOptions {
  /** Base URL without a slash at its end: `http://10.0.0.1:8026`; for razor-server the URL of `razor.register=`. */
  readonly serverUrl: string;
  readonly exchange: Exchange;
  readonly kernel: CommandLine;
  /** Paths of the configuration (mk_checkin_path, mk_register_path); the dialect's own by default. */
  readonly checkinPath?: string;
  readonly registerPath?: string;
  /** Called when the server knows this machine under another id. */
  readonly onSwitch?: (from: string | undefined, to: string) => void;
  /** The facts of this moment, for requests by hand that are made of their structure. Absent where nothing is going to be sent. */
  readonly factSet?: FactSet;
}

export interface ServerServiceOptions extends Runtime {
  readonly kernel: CommandLine;
  /** As they are at the start. */
  readonly settings: Settings;
  readonly stateDir: string;
  /** Holds back what would end in a loop of reboots. */
  readonly breaker: LoopBreaker;
  /** All addresses of a name. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  readonly httpFor: (settings: Settings, server: Candidate) => Promise<HttpClient>;
  /** A client for files of any host: token and client certificate stay at home. */
  readonly openFiles: (settings: Settings) => Promise<HttpClient & FileClient>;
}

/** What runs on the node beside the turns: a listener, a cache of what the server adds to the agent. */
export interface ServerService {
  /** Before each turn; `runner` is what the service may have the agent do. Throws RazorMkError, which costs no turn. */
  readonly beforeTurn: (server: Candidate, settings: Settings, runner: CommandRunner) => Promise<void>;
  /** In place of the descriptor's, where the service must see what is sent. */
  readonly openDialect?: (options: DialectOptions) => Promise<Dialect>;
  /** Environment of commands and of programs that print facts, where the server brings tools for them. */
  readonly programEnvironment?: () => Readonly<Record<string, string>>;
  /** Directories of further facts. */
  readonly factDirs?: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** What such a server's rules make of a machine; nothing is asked of a server. */
export interface ServerRules {
  /** What the rules of a file come to; undefined for a text that is not of this server's form. Throws RAZOR_MK_RULES. */
  readonly open: (text: string | undefined) => OpenedRules | undefined;
}

/** A rule that such servers have built in, and the facts that it reads. */
export interface FactRule {
  /** What it makes of the fact, in words: `tag cpus_N`. */
  readonly rule: string;
  readonly facts: RegExp;
}

/** Facts of another program that sites of such servers write rules on. */
export interface WantedFacts {
  /** Whose facts they are: `Facter`. */
  readonly from: string;
  /** What the server does about a rule on a missing one, and what to do, in sentences. */
  readonly remedy: string;
  /** Names of those that a node with these facts does not send. */
  readonly missing: (report: Pick<NodeReport, 'facts' | 'structured'>) => Promise<readonly string[]>;
}

export interface ContractWords {
  readonly machine: string;
  readonly checkin: string;
  readonly register: string;
  readonly success: string;
  readonly commands: string;
  /** What a node sees when a policy has matched it. */
  readonly bound: string;
  readonly pushed: string;
  /** The form in which facts are sent. */
  readonly facts: string;
}
