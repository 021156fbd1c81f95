/** Settings of the API that a node opens for Foreman (docs/foreman.md). */
import { integer, list, onOff, plainText } from '../kinds.ts';
import type { OptionEntry } from './option-entry.ts';
import type { Settings } from '../settings.ts';

type ApiSetting = 'apiPort' | 'apiPlainPort' | 'apiAllow' | 'apiKexec';

export const API_OPTIONS: { readonly [Name in ApiSetting]: OptionEntry<Settings[Name]> } = {
  apiPort: {
    default: 8443,
    kind: integer(0, 65_535),
    value: 'PORT',
    meaning: 'Foreman only: port on which the node takes orders over https. Without --live the system chooses one.',
  },
  apiPlainPort: {
    default: 0,
    kind: integer(0, 65_535),
    value: 'PORT',
    meaning: 'Foreman only: a second port, without encryption (8448 in Foreman’s own image); 0 for none.',
  },
  apiAllow: {
    default: [],
    kind: list(plainText(100)),
    value: 'ADDRESS[/BITS],…',
    meaning: 'Foreman only: who may give orders besides the server that receives the facts, for example a smart proxy.',
  },
  apiKexec: {
    default: false,
    kind: onOff,
    value: 'on|off',
    meaning: 'Foreman only: obey its order to boot another kernel by kexec. The order carries no password.',
  },
};
