/** What people may send to the management API. */
import * as z from 'zod/mini';
import { didYouMean } from '../../platform/near-names.ts';
import { compilePattern } from '../../platform/rules/patterns.ts';
import { expressionFault } from '../../platform/rules/tag-expression.ts';
import { WEBHOOK_SECRET } from '../engine/hand-over/webhook.ts';
import { TEMPLATES, templateOf } from '../installers/templates.ts';
import { ROLES } from '../store/people.ts';

/** Names end up in iPXE scripts, installer files and tables. */
const name = z.string().check(z.regex(/^[\w .,:@/=+-]{1,100}$/, 'use 1 to 100 letters, digits, blanks and .,:@/=+-_'));
const id = z.string().check(z.minLength(1), z.maxLength(100));
const line = z.string().check(z.maxLength(1000), z.regex(/^[^\0\r\n]*$/, 'must be one line'));

/** A template that does not exist, as a sentence with the ones that are near, or all. */
function noTemplate(text: string): string {
  const names = TEMPLATES.map((each) => each.name);
  return `unknown template ${text.slice(0, 100)}${didYouMean(text, names) || `; known: ${names.join(', ')}`}`;
}

/** Names that mean nothing are kept all the same: for who knows better. */
const force = z._default(z.boolean(), false);

const matcherSchema = z
  .strictObject({
    key: z.string().check(z.minLength(1), z.maxLength(200)),
    compare: z.enum(['equal', 'like']),
    value: line,
    inverse: z._default(z.boolean(), false),
  })
  .check(({ value, issues }) => {
    const problem = value.compare === 'equal' ? undefined : compilePattern(value.value);
    if (typeof problem !== 'string') return;
    issues.push({
      code: 'custom',
      input: value.value,
      path: ['value'],
      message: `cannot be used as a pattern: ${problem}`,
    });
  });

/** A rule in razor-server's language; refused with its server's words. */
const expressionSchema = z.array(z.unknown()).check((payload) => {
  const fault = expressionFault(payload.value);
  if (fault !== undefined) payload.issues.push({ code: 'custom', message: fault, input: payload.value });
});

export const tagRuleSchema = z
  .strictObject({
    name,
    tag: z.string().check(z.minLength(1), z.maxLength(200)),
    matchers: z._default(z.array(matcherSchema).check(z.maxLength(50)), []),
    rule: z.optional(expressionSchema),
  })
  .check(
    z.refine(({ matchers, rule }) => rule === undefined || matchers.length === 0, {
      message: 'give matchers or a rule, not both',
      path: ['rule'],
    }),
  );

const cloudFile = z.string().check(z.minLength(1), z.maxLength(256 * 1024));

export const modelSchema = z.strictObject({
  label: name,
  template: z
    .string()
    .check(z.refine((text) => templateOf(text) !== undefined, { error: ({ input }) => noTemplate(String(input)) })),
  image: z.optional(id),
  metadata: z._default(z.record(z.string().check(z.regex(/^\w{1,100}$/)), line), {}),
  /** cloud-init's files, as they stand. */
  userData: z.optional(cloudFile),
  networkConfig: z.optional(cloudFile),
  force,
});

export const brokerSchema = z.strictObject({
  name,
  url: z
    .url({ protocol: /^https?$/, error: 'must be a URL: http://HOST[:PORT]/PATH or https://…' })
    .check(z.maxLength(1000)),
  /** `true` makes one, which is shown once. */
  secret: z.optional(
    z.union([z.literal(true), z.string().check(z.regex(WEBHOOK_SECRET))], {
      error: 'must be whsec_ and 24 to 64 bytes in base64, or true for a new one',
    }),
  ),
  attempts: z.optional(z.int().check(z.gte(1), z.lte(100))),
});

/** Boots of the installer, and seconds that each may take; 0 for no limit. */
const tries = z.optional(z.int().check(z.gte(0), z.lte(1000)));
const installTimeout = z.optional(z.int().check(z.gte(0), z.lte(30 * 86_400)));

export const policySchema = z.strictObject({
  label: name,
  model: id,
  broker: z.optional(id),
  tags: z._default(z.array(z.string().check(z.minLength(1), z.maxLength(200))).check(z.maxLength(50)), []),
  enabled: z._default(z.boolean(), true),
  maximum: z._default(z.int().check(z.gte(0)), 0),
  tries,
  installTimeout,
  /** Place in the order; last by default. */
  line: z.optional(z.int().check(z.gte(0))),
  force,
});

export const policyChangeSchema = z.strictObject({
  label: z.optional(name),
  model: z.optional(id),
  broker: z.optional(z.nullable(id)),
  tags: z.optional(z.array(z.string().check(z.minLength(1), z.maxLength(200))).check(z.maxLength(50))),
  enabled: z.optional(z.boolean()),
  maximum: z.optional(z.int().check(z.gte(0))),
  tries,
  installTimeout,
  line: z.optional(z.int().check(z.gte(0))),
  force,
});

const operatorName = z.string().check(z.regex(/^[a-z][\w.@-]{0,63}$/i, 'use a letter, then letters, digits and .@-_'));
const role = z.enum(ROLES);
/** `true` makes one, which is shown once. */
const password = z.optional(
  z.union([z.literal(true), z.string().check(z.minLength(12), z.maxLength(1000))], {
    error: 'must have 12 characters or more, or be true for a new one',
  }),
);

export const operatorChangeSchema = z.strictObject({ role: z.optional(role), password });

/** A token of a script: what it is for, and for how many days it is good. */
export const tokenSchema = z.strictObject({
  label: name,
  days: z._default(z.int().check(z.gte(1), z.lte(3650)), 90),
});

/** With a token at once: after the first operator nobody may ask for one without. */
export const operatorSchema = z.strictObject({ name: operatorName, role, password, token: z.optional(tokenSchema) });

/** A path on the lab's machine. */
export const absolutePath = z.string().check(z.regex(/^\/[^\0]{0,4000}$/, 'must be an absolute path'));

export const imageSchema = z.strictObject({
  /** By default what the image says of itself. */
  type: z.optional(z.enum(['mk', 'os', 'esxi', 'xenserver', 'disk'])),
  path: absolutePath,
  name: z.optional(name),
  version: z.optional(name),
  kernel: z.optional(line),
  initrd: z.optional(line),
  force,
});

/** A request that has nothing to say but that it is meant. */
export const forceSchema = z.strictObject({ force });

export const nodeChangeSchema = z.strictObject({
  /** Told to the node at every check-in, as it stands; null takes it back. */
  forcedAction: z.optional(z.nullable(z.string().check(z.regex(/^[\w-]{1,64}$/, 'use letters, digits, - and _')))),
  /** What goes with it as its parameter; `{}` without. */
  forcedParam: z.optional(z.record(z.string(), z.unknown())),
  allowed: z.optional(z.boolean()),
});
