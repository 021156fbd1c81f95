/**
 * Files of one's own for installers, with `{{name}}` filled in. A fact comes from whoever claims to be the machine, so it must
 * never become code: it is inserted through a form that quotes for the file's language, `{{sh rack}}`, or as it stands where
 * it is one word that means nothing in any of these languages. Pure.
 */

/** Values by name. */
interface TemplateValues {
  /** Facts of the node: not trusted. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Names of the lab and settings of the model, which come before facts of the same name. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The filled file, or why it is not sent. */
export type FilledTemplate = { readonly text: string } | { readonly refused: string };

const FORMS: Readonly<Record<string, (value: string) => string>> = {
  // POSIX shell, 2.2.2: nothing is special within single quotes but their end
  sh: (value) => `'${value.replaceAll("'", "'\\''")}'`,
  xml: (value) => value.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`),
  // a JSON string is a double-quoted scalar of YAML 1.2
  yaml: (value) => JSON.stringify(value),
  // the rest of a line of debconf-set-selections, in which a backslash at the end would take the next line in
  preseed: (value) => value.replace(/\\+$/, ''),
  // pykickstart splits lines as Python's shlex does
  kickstart: (value) => `"${value.replaceAll(/[\\"]/g, (char) => `\\${char}`)}"`,
};

const PLACE = new RegExp(`\\{\\{ *(?:(${Object.keys(FORMS).join('|')}) +)?([\\w.]{1,100}) *\\}\\}`, 'g');
/** One word without a meaning of its own in shell, preseed, kickstart, XML or YAML: a blank could begin a command. */
const PLAIN = /^(?:[\w./+][\w.:/@%+,=-]*)?$/;
// eslint-disable-next-line no-control-regex -- control characters are what is refused
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Fills a file in; a name that nothing has stays as it is. */
export function fillTemplate(text: string, { facts, settings }: TemplateValues): FilledTemplate {
  let refused: string | undefined;
  const filled = text.replaceAll(PLACE, (whole, form: string | undefined, name: string) => {
    const trusted = Object.hasOwn(settings, name) && settings[name] !== undefined;
    const value = textOf(trusted ? settings[name] : Object.hasOwn(facts, name) ? facts[name] : undefined);
    if (value === undefined) return whole;
    if (CONTROL.test(value)) refused ??= `${name} holds control characters`;
    if (form !== undefined) return FORMS[form]?.(value) ?? whole;
    if (!trusted && !PLAIN.test(value))
      refused ??= `the fact ${name} holds characters that could be code: ${advice(name)}`;
    return value;
  });
  return refused === undefined ? { text: filled } : { refused };
}

function advice(name: string): string {
  return `write ${Object.keys(FORMS)
    .map((form) => `{{${form} ${name}}}`)
    .join(' or ')}`;
}

function textOf(value: unknown): string | undefined {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
}
