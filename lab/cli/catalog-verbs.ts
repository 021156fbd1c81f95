/** The verbs `lab node`, `lab active-model`, `lab tag`, `lab model`, `lab broker`, `lab policy`, `lab image`: one each. */
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { defineVerb, type Host, type VerbModule } from '../../platform/process/verb.ts';
import { MODEL_SETTINGS } from '../engine/models.ts';
import { clientOptions, openClient, type ClientArgs, type LabClient } from './management-client.ts';
import { isRecord } from '../listeners/request-body.ts';
import { print, printable } from './print.ts';

interface CatalogArgs extends ClientArgs {
  readonly action: string | undefined;
  readonly id: string | undefined;
  readonly value: string | undefined;
  readonly force: boolean;
}

interface CatalogKind<T> {
  /** Below /api. */
  readonly path: string;
  readonly columns: readonly string[];
  readonly options: (yargs: Argv<CatalogArgs>) => Argv<T>;
  /** What `add` posts; undefined where it cannot be added. */
  readonly add?: (args: T & CatalogArgs) => unknown;
  /** Further actions on one kind. */
  readonly actions?: Readonly<
    Record<string, (client: LabClient, path: string, args: T & CatalogArgs) => Promise<unknown>>
  >;
  /** Questions about one, and what is printed of the answer unless JSON is asked for. */
  readonly texts?: Readonly<Record<string, (answer: unknown) => string>>;
}

function catalogVerb<T>(kind: CatalogKind<T>): VerbModule {
  const more = Object.keys(kind.actions ?? {});
  const actions = ['list', 'get', ...(kind.add ? ['add'] : []), ...Object.keys(kind.texts ?? {}), ...more, 'remove'];
  return defineVerb<T & CatalogArgs>({
    usage: '[action] [id] [value]',
    options: (yargs) =>
      kind.options(
        clientOptions(yargs)
          .positional('action', { type: 'string', choices: actions, describe: 'list by default; get with an id' })
          .positional('id', { type: 'string', describe: 'UUID, the start of it, or a name' })
          .positional('value', { type: 'string', describe: 'what force and move need' })
          .option('force', {
            type: 'boolean',
            default: false,
            describe: 'also what means nothing: tags that no rule gives, settings that no installer reads',
          }) as Argv<CatalogArgs>,
      ) as Argv<T & CatalogArgs>,
    complete: async (words, host) => (words.length === 1 ? await namesOf(kind.path, host) : []),
    run: async (args, host) => {
      const client = await openClient(args, host);
      const action = args.action ?? 'list';
      const show = (value: unknown): number => {
        print(value, kind.columns, args, host);
        return 0;
      };
      if (action === 'list') return show(await client.call('GET', kind.path));
      if (action === 'add') return show(await client.call('POST', kind.path, kind.add?.(args)));
      if (args.id === undefined) throw new RazorMkError('RAZOR_MK_USAGE', `${action} what? Its id is missing`);
      const path = `${kind.path}/${encodeURIComponent(args.id)}`;
      if (action === 'get') return show(await client.call('GET', path));
      if (action === 'remove') return show(await client.call('DELETE', args.force ? `${path}?force=1` : path));
      const asked = kind.texts?.[action];
      if (asked !== undefined) {
        const value = await client.call('GET', `${path}/${action}`);
        if ((args.format ?? 'table') === 'json') return show(value);
        host.out(asked(value));
        return 0;
      }
      return show(await kind.actions?.[action]?.(client, path, args));
    },
  });
}

/** What the things of a kind are called in the lab of the environment, for the completion of shells. */
async function namesOf(path: string, host: Host): Promise<readonly string[]> {
  const client = await openClient({ lab: undefined, 'token-file': undefined, format: undefined }, host);
  const things = await client.call('GET', path);
  const names = (Array.isArray(things) ? things : [])
    .filter(isRecord)
    .map((thing) => thing['label'] ?? thing['name'] ?? thing['uuid']);
  return names.map(String);
}

/** `KEY=VALUE` words as a record. Throws RAZOR_MK_USAGE. */
function pairs(words: readonly string[] | undefined): Record<string, string> {
  return Object.fromEntries(
    (words ?? []).map((word) => {
      const at = word.indexOf('=');
      if (at < 1) throw new RazorMkError('RAZOR_MK_USAGE', `${word} is not KEY=VALUE`);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

function jsonOf(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_USAGE', `${option} is not valid JSON: ${messageOf(error)}`);
  }
}

/** `FACT=VALUE`, `FACT!=VALUE`, `FACT~PATTERN`, `FACT!~PATTERN`. Throws RAZOR_MK_USAGE. */
export function parseMatcher(word: string): { key: string; compare: string; value: string; inverse: boolean } {
  const match = /^([^=~!]+)(!?)([=~])(.*)$/s.exec(word);
  if (!match) {
    throw new RazorMkError('RAZOR_MK_USAGE', `${word} is not FACT=VALUE, FACT!=VALUE, FACT~PATTERN or FACT!~PATTERN`);
  }
  const [, key = '', inverse, sign, value = ''] = match;
  return { key, compare: sign === '=' ? 'equal' : 'like', value, inverse: inverse === '!' };
}

/** Tags as they were typed, one by one: a tag has neither commas nor blanks. */
function tagWords(words: readonly string[] | undefined): readonly string[] | undefined {
  return words?.flatMap((word) => word.split(/[,\s]+/)).filter((tag) => tag !== '');
}

const strings = { type: 'string', array: true } as const;

/** `lab node explain`: the summary, then each policy. */
function explanationText(answer: unknown): string {
  const { summary, policies } = answer as { summary: string; policies: readonly { lines: readonly string[] }[] };
  return [summary, ...policies.flatMap(({ lines }) => lines)].map((line) => `${printable(line)}\n`).join('');
}

export const node = catalogVerb({
  path: '/api/nodes',
  columns: ['uuid', 'status', 'state', 'policy', 'lastContact', 'hwIds', 'tags'],
  options: (yargs) => yargs.option('param', { type: 'string', describe: 'force: the command’s parameter, as JSON' }),
  texts: { explain: explanationText },
  actions: {
    force: (client, path, args) => {
      if (args.value === undefined) throw new RazorMkError('RAZOR_MK_USAGE', 'force what? lab node force ID COMMAND');
      return client.call('PATCH', path, {
        forcedAction: args.value,
        ...(args.param !== undefined && { forcedParam: jsonOf(args.param, '--param') }),
      });
    },
    unforce: (client, path) => client.call('PATCH', path, { forcedAction: null }),
    allow: (client, path) => client.call('PATCH', path, { allowed: true }),
    protect: (client, path) => client.call('PATCH', path, { allowed: false }),
  },
});

export const activeModel = catalogVerb({
  path: '/api/active-models',
  columns: ['uuid', 'node', 'policy', 'model', 'state', 'command', 'boots', 'bound'],
  options: (yargs) => yargs,
});

export const tag = catalogVerb({
  path: '/api/tags',
  columns: ['uuid', 'name', 'tag', 'matchers', 'rule'],
  options: (yargs) =>
    yargs
      .option('name', { type: 'string', describe: 'add: the rule’s name' })
      .option('tag', {
        type: 'string',
        describe: 'add: the tag; %V=FACT-% and %R=PATTERN:FACT-% insert what a fact holds',
      })
      .option('match', {
        ...strings,
        describe: 'add: FACT=VALUE, FACT!=VALUE, FACT~PATTERN, FACT!~PATTERN; all must hold',
      })
      .option('rule', { type: 'string', describe: 'add: a rule of razor-server as JSON, in place of --match' }),
  add: (args) => ({
    name: args.name ?? args.tag,
    tag: args.tag,
    matchers: (args.match ?? []).map(parseMatcher),
    rule: args.rule === undefined ? undefined : jsonOf(args.rule, '--rule'),
  }),
});

export const model = catalogVerb({
  path: '/api/models',
  columns: ['uuid', 'label', 'template', 'image', 'metadata'],
  options: (yargs) =>
    yargs
      .option('label', { type: 'string', describe: 'add: its name' })
      .option('template', { type: 'string', describe: 'add: what it installs (lab template lists them)' })
      .option('image', { type: 'string', describe: 'add: UUID or name of its image' })
      .option('set', {
        ...strings,
        describe: `add: KEY=VALUE of its metadata: ${Object.keys(MODEL_SETTINGS).join(', ')}`,
      }),
  add: (args) => ({
    label: args.label,
    template: args.template,
    image: args.image,
    metadata: pairs(args.set),
    ...(args.force && { force: true }),
  }),
});

export const broker = catalogVerb({
  path: '/api/brokers',
  columns: ['uuid', 'name', 'url'],
  options: (yargs) =>
    yargs
      .option('name', { type: 'string', describe: 'add: its name' })
      .option('url', { type: 'string', describe: 'add: where finished nodes are POSTed to' }),
  add: (args) => ({ name: args.name, url: args.url }),
});

export const policy = catalogVerb({
  path: '/api/policies',
  columns: ['line', 'uuid', 'label', 'enabled', 'maximum', 'bound', 'tags', 'model', 'broker'],
  options: (yargs) =>
    yargs
      .option('label', { type: 'string', describe: 'add, edit: its name' })
      .option('model', { type: 'string', describe: 'add, edit: UUID or label of its model' })
      .option('broker', { type: 'string', describe: 'add, edit: UUID or name of its broker' })
      .option('tags', {
        ...strings,
        describe: 'add, edit: tags that a node must have, all of them, by blanks or commas',
      })
      .option('maximum', { type: 'number', describe: 'add, edit: at most this many nodes; 0 for any number' })
      .option('disabled', { type: 'boolean', describe: 'add: binds nothing until it is enabled' })
      .option('line', { type: 'number', describe: 'add, edit: its place in the order, from 0' }),
  add: (args) => ({
    label: args.label,
    model: args.model,
    broker: args.broker,
    tags: tagWords(args.tags),
    maximum: args.maximum,
    enabled: args.disabled !== true,
    line: args.line,
    ...(args.force && { force: true }),
  }),
  actions: {
    edit: (client, path, args) => {
      const { label, model, broker, maximum, line } = args;
      const change = { label, model, broker, maximum, line, tags: tagWords(args.tags) };
      return client.call('PATCH', path, { ...change, ...(args.force && { force: true }) });
    },
    enable: (client, path) => client.call('PATCH', path, { enabled: true }),
    disable: (client, path) => client.call('PATCH', path, { enabled: false }),
    move: (client, path, args) => {
      const line = args.value ?? args.line;
      if (line === undefined || !/^\d{1,9}$/.test(String(line))) {
        throw new RazorMkError('RAZOR_MK_USAGE', 'move where? lab policy move ID LINE; the first line is 0');
      }
      return client.call('PATCH', path, { line: Number(line) });
    },
  },
});

export const image = catalogVerb({
  path: '/api/images',
  columns: ['uuid', 'type', 'name', 'version', 'kernel', 'initrd', 'path'],
  options: (yargs) =>
    yargs
      .option('type', {
        choices: ['mk', 'os', 'esxi', 'xenserver'] as const,
        default: 'mk' as const,
        describe: 'add: what it is',
      })
      .option('path', { type: 'string', describe: 'add: an ISO, or a directory that is served as it lies there' })
      .option('name', { type: 'string', describe: 'add: its name' })
      .option('image-version', { type: 'string', describe: 'add: its version' })
      .option('kernel', { type: 'string', describe: 'add: path of the kernel in it' })
      .option('initrd', { type: 'string', describe: 'add: path of the initrd in it' }),
  add: (args) => {
    const path = args.path ?? args.id;
    return {
      type: args.type,
      path: path === undefined ? undefined : resolve(path),
      name: args.name,
      version: args['image-version'],
      kernel: args.kernel,
      initrd: args.initrd,
    };
  },
});

export const template = defineVerb({
  options: clientOptions,
  run: async (args, host) => {
    const client = await openClient(args, host);
    print(await client.call('GET', '/api/templates'), ['name', 'family', 'answers', 'describe'], args, host);
    return 0;
  },
});
