/** The fact razor_mk_errors: what the agent has to say about itself, beside what gathering facts put into it. */
import { redactText } from '../../platform/log/redact.ts';
import type { FactCache } from './fact-cache.ts';

const LONGEST = 4096;

/** Facts to add to what is sent; none when there are no errors. */
export function createErrorsFact(
  facts: FactCache,
  errors: () => readonly string[],
): () => Readonly<Record<string, string>> {
  return (): Readonly<Record<string, string>> => {
    const own = errors();
    const gathered = facts.last?.facts.get('razor_mk_errors')?.value;
    if (own.length === 0) return {};
    const all = [...(gathered === undefined ? [] : [gathered]), ...own.map((text) => redactText(text))];
    return { razor_mk_errors: all.join('; ').slice(0, LONGEST) };
  };
}
