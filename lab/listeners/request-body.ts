/** Input from strangers: JSON with limits, parameters without surprises. */

const DEEPEST_JSON = 32;
const MOST_JSON_VALUES = 100_000;

/** JSON text as a value, or undefined when it is none, nested deeper than 32 or made of more than 100,000 values. */
export function parseJson(source: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return undefined;
  }
  return withinLimits(value) ? value : undefined;
}

function withinLimits(value: unknown): boolean {
  const queue: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  let count = 0;
  for (let next = queue.pop(); next; next = queue.pop()) {
    if (++count > MOST_JSON_VALUES || next.depth > DEEPEST_JSON) return false;
    if (typeof next.value !== 'object' || next.value === null) continue;
    for (const inner of Object.values(next.value)) queue.push({ value: inner, depth: next.depth + 1 });
  }
  return true;
}

/** Whether a value is an object, not a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value of an object's own key, whatever the key is called. */
export function own(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Query or form fields; a doubled name keeps its last value, `name[]` makes a list. */
export function parseFields(source: string): ReadonlyMap<string, string | readonly string[]> {
  const fields = new Map<string, string | string[]>();
  let count = 0;
  for (const [name, value] of new URLSearchParams(source)) {
    if (++count > 1000) break;
    if (!name.endsWith('[]')) {
      fields.set(name, value);
      continue;
    }
    const key = name.slice(0, -2);
    const before = fields.get(key);
    if (Array.isArray(before)) before.push(value);
    else fields.set(key, [value]);
  }
  return fields;
}

/** One field of a form, the last of its name; the usual form of one field is read without taking the text apart. */
export function formField(source: string, name: string): unknown {
  if (source.startsWith(`${name}=`) && !source.includes('&')) {
    try {
      return decodeURIComponent(source.slice(name.length + 1).replaceAll('+', ' '));
    } catch {
      // not UTF-8, or a stray %: read with patience
    }
  }
  return parseFields(source).get(name);
}

/** Whether text holds a control character. */
export function hasControl(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text);
}
