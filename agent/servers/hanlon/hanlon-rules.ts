/** Hanlon's rules: Razor's, and each id of a node is a tag of it (docs/contracts/hanlon.md#tags). */
import type { ServerRules } from '../server.ts';
import { tagRulesOf } from '../tag-rules.ts';

/** Reads and applies them without a server. */
export function hanlonRules(): ServerRules {
  return tagRulesOf({
    server: 'Hanlon',
    language: 'matchers',
    otherTags: ({ identity }) => [
      ...(identity.uuid === undefined ? [] : [identity.uuid.toUpperCase()]),
      ...identity.interfaces.map(({ mac }) => mac.replaceAll(':', '').toUpperCase()),
    ],
  });
}
