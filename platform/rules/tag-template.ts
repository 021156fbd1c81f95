/** A rule's tag as it is written: text, `%V=FACT-%` and `%R=PATTERN:FACT-%` (docs/contracts/razor-0.x.md#tags). Pure. */
import { compilePattern } from './patterns.ts';
import type { FactTest } from './condition.ts';

/** Facts longer than this are cut before a pattern looks at them. */
const LOOKED_AT = 64 * 1024;

type FactValues = Readonly<Record<string, unknown>>;

/** A fact as text; absent facts are empty. */
export function factText(facts: FactValues, key: string): string {
  return Object.hasOwn(facts, key) ? ruleText(facts[key]) : '';
}

/** A value as rules of Razor see it. */
export function ruleText(value: unknown): string {
  if (value == null) return '';
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, LOOKED_AT);
}

/** Keeps letters, digits and `_ % = - \ +`: "Intel Corporation" becomes IntelCorporation. */
function clean(tag: string): string {
  return tag.replaceAll(/[^\w%=\-\\+]+/g, '');
}

type Part = { readonly text: string } | { readonly fact: string; readonly pattern: string | undefined };

/** The pieces of a template, in their order. */
function partsOf(template: string): readonly Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const found of template.matchAll(/%R=(.+?):([\w.:]+?)-%|%V=([\w.:]+?)-%/g)) {
    parts.push({ text: template.slice(end, found.index) });
    parts.push({ fact: found[2] ?? found[3] ?? '', pattern: found[1] });
    end = found.index + found[0].length;
  }
  return [...parts, { text: template.slice(end) }];
}

/** What a part puts in for a value of its fact. */
function inserted({ pattern }: { readonly pattern: string | undefined }, value: unknown): string {
  const text = ruleText(value);
  if (pattern === undefined) return text;
  const compiled = compilePattern(pattern);
  const found = typeof compiled === 'string' ? undefined : compiled.exec(text);
  return (found !== undefined && found.length > 1 ? found[1] : found?.[0]) ?? '';
}

/** The tag that a template gives these facts; empty for none. */
export function tagFrom(template: string, facts: FactValues): string {
  const texts = partsOf(template).map((part) =>
    'text' in part ? part.text : inserted(part, Object.hasOwn(facts, part.fact) ? facts[part.fact] : undefined),
  );
  return clean(texts.join('')).slice(0, 200);
}

/** The text of a template that is the same for all machines: `nics_` of `nics_%V=mk_hw_nic_count-%`. */
export function fixedText(template: string): string {
  return clean(
    partsOf(template)
      .map((part) => ('text' in part ? part.text : ''))
      .join(''),
  );
}

/** A template with this text in the place of each insertion. */
export function templateWith(template: string, text: string): string {
  return clean(
    partsOf(template)
      .map((part) => ('text' in part ? part.text : text))
      .join(''),
  );
}

/** What facts would have to hold for a template to give this tag; undefined where it never can. */
export function templateTests(template: string, tag: string, facts: FactValues): readonly FactTest[] | undefined {
  const parts = partsOf(template);
  const source = parts.map((part) =>
    'text' in part ? clean(part.text).replaceAll(/[\\+]/g, '\\$&') : '([\\w%=\\-\\\\+]*)',
  );
  const found = new RegExp(`^${source.join('')}$`).exec(tag);
  if (!found) return undefined;
  return parts
    .filter((part) => 'fact' in part)
    .map((part, index): FactTest => {
      const wanted = found[index + 1] ?? '';
      const accepts = (value: unknown): boolean => clean(inserted(part, value)) === wanted;
      const value = Object.hasOwn(facts, part.fact) ? facts[part.fact] : undefined;
      return {
        fact: part.fact,
        found: value,
        wants: part.pattern === undefined ? `reads "${wanted}"` : `has "${wanted}" where "${part.pattern}" looks`,
        holds: accepts(value),
        accepts,
        examples: part.pattern === undefined || accepts(wanted) ? [wanted] : [],
      };
    });
}
