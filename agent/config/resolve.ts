/** Who wins: option, kernel line, environment, configuration file, pushed by the server, built in. */
import { isSecretName, REDACTED, redactText } from '../../platform/log/redact.ts';
import type { CommandLine } from '../../platform/kernel-line.ts';
import { settingNames } from './names.ts';
import { OPTIONS, SETTING_NAMES } from './options/options.ts';
import type { SettingOrigin, Resolved, SettingName, Settings } from './settings.ts';

const LONGEST_SHOWN = 60;

export interface Places {
  /** By option name without dashes in front: `checkin-interval`. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly cmdline?: CommandLine;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly file?: Readonly<Record<string, unknown>>;
  /** Already validated key by key (pushed.ts). */
  readonly pushed?: Readonly<Record<string, unknown>>;
}

/**
 * Each setting from the strongest place that has a usable value for it. A bad value is refused and the next place asked;
 * an unknown setting of the file is refused as well: it is a misspelling.
 */
export function resolveAgentSettings(places: Places): Resolved {
  const values: Partial<Record<SettingName, unknown>> = {};
  const from: Partial<Record<SettingName, SettingOrigin>> = {};
  const refused: string[] = [];
  for (const setting of SETTING_NAMES) {
    const entry = OPTIONS[setting];
    const names = settingNames(setting);
    const asked: readonly [SettingOrigin, string | undefined, (name: string) => unknown][] = [
      ['option', names.option, (name) => places.options?.[name]],
      ['kernel line', names.kernel, (name) => places.cmdline?.value(name)],
      ['environment', names.environment, (name) => places.environment?.[name]],
      ['configuration file', names.file, (name) => places.file?.[name]],
      ['pushed', names.pushed, (name) => places.pushed?.[name]],
    ];
    values[setting] = entry.default;
    from[setting] = 'built in';
    for (const [origin, name, read] of asked) {
      const written = name === undefined ? undefined : read(name);
      if (name === undefined || written === undefined || written === null) continue;
      const checked = (origin === 'pushed' ? (entry.pushedKind ?? entry.kind) : entry.kind)(written);
      if ('wrong' in checked) {
        refused.push(`${origin}: ${name}=${shownValue(name, written)} ${checked.wrong}`);
        continue;
      }
      values[setting] = checked.value;
      from[setting] = origin;
      break;
    }
  }
  const known = new Set(SETTING_NAMES.map((setting) => settingNames(setting).file));
  for (const name of Object.keys(places.file ?? {}))
    if (!known.has(name)) refused.push(`configuration file: unknown setting ${name.slice(0, 60)}`);
  return { values: values as unknown as Settings, from: from as Record<SettingName, SettingOrigin>, refused };
}

/** A refused value for people: short, without secrets. */
function shownValue(name: string, written: unknown): string {
  if (isSecretName(name)) return REDACTED;
  const text = typeof written === 'string' ? written : (JSON.stringify(written) ?? '');
  return redactText(text).slice(0, LONGEST_SHOWN);
}
