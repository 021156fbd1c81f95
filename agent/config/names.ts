/** What a setting is called in each place where it can be set. */
import { OPTIONS } from './options/options.ts';
import type { SettingName } from './settings.ts';

export interface Names {
  readonly option: string | undefined;
  readonly kernel: string | undefined;
  readonly environment: string | undefined;
  readonly file: string | undefined;
  readonly pushed: string | undefined;
}

/** What a setting is called in each place: `--checkin-interval`, `razor.checkin_interval`, `RAZOR_MK_CHECKIN_INTERVAL` … */
export function settingNames(setting: SettingName): Names {
  const entry = OPTIONS[setting];
  const snake = setting.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const at = (place: 'option' | 'kernel' | 'environment' | 'file', name: string): string | undefined =>
    entry.places === undefined || entry.places.includes(place) ? name : undefined;
  return {
    option: at('option', snake.replaceAll('_', '-')),
    kernel: at('kernel', `razor.${snake}`),
    environment: at('environment', `RAZOR_MK_${snake.toUpperCase()}`),
    file: at('file', snake),
    pushed: entry.pushed,
  };
}
