/**
 * How a deployment is done, where the conductor does not say it: each setting is an option of `razor-mk deploy` and a word of
 * the kernel line or of parameters.txt, `--allow-initiator` as `razor.deploy_allow_initiator=`. Options go before words.
 */
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { parseSwitch } from '../../../config/switch.ts';

export const THEN = ['reboot', 'poweroff', 'hold'] as const;
export const TARGETS = ['tgt', 'lio'] as const;

export interface DeploySettings {
  readonly iscsiPort: number;
  readonly donePort: number;
  /** Who may log in besides API and boot server; ALL for everybody. */
  readonly allowInitiator: readonly string[];
  /** File with USER:PASSWORD. */
  readonly chapFile: string;
  /** `/v1`; empty for servers before it. */
  readonly apiVersionPrefix: string;
  readonly tftpToken: boolean;
  readonly tftpPort: number;
  readonly tokenOverHttp: boolean;
  /** Empty: the first that is there. */
  readonly target: '' | (typeof TARGETS)[number];
  readonly diskAttempts: number;
  /** Seconds. */
  readonly wait: number;
  /** Seconds that the conductor has after an error, to read it and to turn the machine off. */
  readonly errorWait: number;
  readonly then: (typeof THEN)[number];
}

export const DEPLOY_DEFAULTS: DeploySettings = {
  iscsiPort: 3260,
  donePort: 10_000,
  allowInitiator: [],
  chapFile: '',
  apiVersionPrefix: '/v1',
  tftpToken: false,
  tftpPort: 69,
  tokenOverHttp: false,
  target: '',
  diskAttempts: 60,
  wait: 1800,
  errorWait: 60,
  then: 'reboot',
};

type Read<T> = (text: string) => T | undefined;

const whole =
  (low: number, high: number): Read<number> =>
  (text) =>
    /^\d{1,9}$/.test(text) && Number(text) >= low && Number(text) <= high ? Number(text) : undefined;
const one =
  <T extends string>(choices: readonly T[]): Read<T> =>
  (text) =>
    choices.find((choice) => choice === text);
const port = whole(1, 65_535);

const READ: { readonly [Name in keyof DeploySettings]: Read<DeploySettings[Name]> } = {
  iscsiPort: port,
  donePort: port,
  allowInitiator: (text) => {
    const names = text.split(',').filter(Boolean);
    return names.every((name) => /^[\w.:-]{1,253}$/.test(name)) ? names : undefined;
  },
  chapFile: (text) => (text.startsWith('/') ? text : undefined),
  apiVersionPrefix: (text) => (/^(\/[\w.-]+)*$/.test(text) ? text : undefined),
  tftpToken: parseSwitch,
  tftpPort: port,
  tokenOverHttp: parseSwitch,
  target: one(TARGETS),
  diskAttempts: whole(0, 3600),
  wait: whole(1, 86_400),
  errorWait: whole(0, 86_400),
  then: one(THEN),
};

/** `allowInitiator` → `razor.deploy_allow_initiator`. */
export function kernelWord(name: string): string {
  return `razor.deploy_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}

/** The settings that words hold. A value that is none throws RAZOR_MK_USAGE: a deployment on a misread wish is a wrong one. */
export function settingsOf(words: ReadonlyMap<string, string>): Partial<DeploySettings> {
  const found: Record<string, unknown> = {};
  for (const name of Object.keys(READ) as (keyof DeploySettings)[]) {
    const text = words.get(kernelWord(name));
    if (text === undefined) continue;
    const value = READ[name](text);
    if (value === undefined) throw new RazorMkError('RAZOR_MK_USAGE', `${kernelWord(name)}=${text} is not understood`);
    found[name] = value;
  }
  return found;
}
