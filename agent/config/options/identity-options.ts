/** Settings of what a machine is known by (docs/facts.md, "The id of a machine"). */
import { list, plainText } from '../kinds.ts';
import type { OptionEntry } from './option-entry.ts';
import type { Settings } from '../settings.ts';

type IdentitySetting = 'hwId' | 'identityInclude' | 'identityExclude';

export const IDENTITY_OPTIONS: { readonly [Name in IdentitySetting]: OptionEntry<Settings[Name]> } = {
  hwId: {
    default: '',
    kind: plainText(2000),
    value: 'MAC_MAC…',
    meaning: 'The MAC addresses to be known by, instead of those of the machine.',
  },
  identityInclude: {
    default: [],
    kind: list(plainText(64)),
    value: 'NIC,…',
    meaning: 'Interfaces (names or MAC addresses) that are part of the machine’s id, though the rules leave them out.',
  },
  identityExclude: {
    default: [],
    kind: list(plainText(64)),
    value: 'NIC,…',
    meaning: 'Interfaces (names or MAC addresses) that are not part of the machine’s id.',
  },
};
