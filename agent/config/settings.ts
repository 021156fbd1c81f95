/** What the agent is set to, after every place where it can be set has been asked. */
import type { LogLevel } from '../../platform/log/log.ts';

export interface Settings {
  /** The name of the servers' kind; its descriptor is what the agent asks. */
  readonly dialect: string;
  /** Addresses of the server; discovery goes on to other ways when empty. */
  readonly server: readonly string[];
  readonly port: number;
  readonly checkinInterval: number;
  readonly checkinSkew: number;
  readonly checkinCron: string;
  readonly housekeepingCron: string;
  readonly checkinPath: string;
  readonly registerPath: string;
  readonly pushedUri: string;
  readonly factExclude: string;
  readonly factRefresh: number;
  readonly externalFacts: readonly string[];
  readonly hwId: string;
  readonly identityInclude: readonly string[];
  readonly identityExclude: readonly string[];
  readonly logLevel: LogLevel;
  readonly httpTimeout: number;
  readonly rediscoverAfter: number;
  readonly probation: number;
  readonly backoffCap: number;
  readonly caFile: string;
  readonly pin: readonly string[];
  readonly clientCert: string;
  readonly clientKey: string;
  readonly token: string;
  readonly tokenFile: string;
  readonly insecure: boolean;
  readonly siteKey: string;
  readonly commandsDir: string;
  readonly tceMirrorUri: string;
  readonly tceMirrorPort: number;
  readonly tceInstallListUri: string;
  readonly kmodInstallListUri: string;
  readonly ntp: readonly string[];
  readonly syslog: string;
  readonly logDir: string;
  readonly watchdog: 'on' | 'off';
  readonly lldp: 'on' | 'off';
  readonly reloadModules: readonly string[];
  readonly controlPort: number;
  readonly localPush: 'root' | 'anyone';
  readonly loopLimit: number;
  readonly loopWindow: number;
  readonly apiPort: number;
  readonly apiPlainPort: number;
  readonly apiAllow: readonly string[];
  readonly apiKexec: boolean;
  readonly allowDeploy: boolean;
  readonly allowErase: boolean;
  readonly requireErase: boolean;
  readonly ironicStrict: boolean;
  readonly unsignedDeploy: boolean;
}

export type SettingName = keyof Settings;

/** Where a value came from, strongest first. */
export type SettingOrigin = 'option' | 'kernel line' | 'environment' | 'configuration file' | 'pushed' | 'built in';

export interface Resolved {
  readonly values: Settings;
  readonly from: Readonly<Record<SettingName, SettingOrigin>>;
  /** Values that were refused, in words. */
  readonly refused: readonly string[];
}
