/** razor-server's rules see facts in the form of Facter 2 (docs/contracts/razor-server.md#tag-rules). */
import { structuredFacts } from '../../../facts/facts.ts';
import type { ServerRules } from '../server.ts';
import { tagRulesOf } from '../tag-rules.ts';
import { facterForm } from './facter-form.ts';

/** Reads and applies them without a server. */
export function razorServerRules(): ServerRules {
  return tagRulesOf({
    server: 'razor-server 1.x',
    language: 'expressions',
    form: (set, values) => facterForm(values, structuredFacts(set)),
  });
}
