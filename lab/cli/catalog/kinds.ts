/** The verbs `lab node`, `lab active-model`, `lab tag`, `lab model`, `lab broker`, `lab policy`, `lab image`, `lab template`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { defineVerb } from '../../../platform/process/verb.ts';
import { DEFAULT_ATTEMPTS } from '../../engine/brokers.ts';
import { DEFAULT_LIMITS } from '../../engine/tries.ts';
import { MODEL_SETTINGS } from '../../installers/templates.ts';
import { clientOptions, openClient, readToken } from '../management-client.ts';
import { previewText, print, printable } from '../print.ts';
import { catalogVerb } from './catalog-verb.ts';
import { jsonOf, pairs, parseMatcher, tagWords } from './typed.ts';

const strings = { type: 'string', array: true } as const;

/** `lab node explain`: the summary, then each policy. */
function explanationText(answer: unknown): string {
  const { summary, policies } = answer as { summary: string; policies: readonly { lines: readonly string[] }[] };
  return [summary, ...policies.flatMap(({ lines }) => lines)].map((line) => `${printable(line)}\n`).join('');
}

export const node = catalogVerb({
  path: '/api/nodes',
  examples: [
    ['lab node', 'all nodes'],
    ['lab node explain 525400AABB01', 'why each policy fits it or not, and what it would take'],
    ['lab node force 525400AABB01 reboot', 'what it is told at its next check-in'],
  ],
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
  examples: [
    ['lab active-model', 'policies at work, and how far they are'],
    ['lab active-model retry 3f2a', 'starts an installation that was stopped or failed again'],
    ['lab active-model handover 3f2a', 'hands a finished node over to its broker again'],
    ['lab active-model remove 3f2a', 'ends one: its node is free again'],
  ],
  columns: ['uuid', 'node', 'policy', 'model', 'state', 'tries', 'handover', 'command', 'boots', 'bound'],
  options: (yargs) => yargs,
  actions: {
    retry: (client, path, args) => client.call('POST', `${path}/retry`, { force: args.force }),
    handover: (client, path, args) => client.call('POST', `${path}/handover`, { force: args.force }),
  },
});

export const tag = catalogVerb({
  path: '/api/tags',
  examples: [
    ['lab tag', 'the rules, and what they look at'],
    ["lab tag add --name big --tag big --match 'memorysize_mb~^[3-9]\\d{4,}'", 'machines with 30 GB and more'],
  ],
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
  examples: [
    ['lab model', 'what can be installed'],
    [
      'lab model add --label bookworm --template debian --image debian --set root_password=sesame',
      'Debian from the image of that name',
    ],
    [
      'lab model add --label cloud --template image --image debian-13 --user-data user-data.yaml',
      'a cloud image, written by the microkernel, with a user-data of yours',
    ],
  ],
  columns: ['uuid', 'label', 'template', 'image', 'metadata'],
  texts: { preview: previewText },
  options: (yargs) =>
    yargs
      .option('node', { type: 'string', describe: 'preview: for this node; by default for one that nobody has seen' })
      .option('label', { type: 'string', describe: 'add: its name' })
      .option('template', { type: 'string', describe: 'add: what it installs (lab template lists them)' })
      .option('image', { type: 'string', describe: 'add: UUID or name of its image' })
      .option('set', {
        ...strings,
        describe: `add: KEY=VALUE of its metadata: ${Object.keys(MODEL_SETTINGS).join(', ')}`,
      })
      .option('user-data', { type: 'string', describe: 'add: file with cloud-init’s user-data, for template image' })
      .option('network-config', {
        type: 'string',
        describe: 'add: file with cloud-init’s network configuration, for template image; DHCP without it',
      }),
  query: ({ node }) => (node === undefined ? '' : `?node=${encodeURIComponent(node)}`),
  add: async (args) => ({
    label: args.label,
    template: args.template,
    image: args.image,
    metadata: pairs(args.set),
    ...(args['user-data'] !== undefined && { userData: await textOf(args['user-data']) }),
    ...(args['network-config'] !== undefined && { networkConfig: await textOf(args['network-config']) }),
    ...(args.force && { force: true }),
  }),
});

/** A file of the user's. Throws RAZOR_MK_FILE_UNREADABLE. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

export const broker = catalogVerb({
  path: '/api/brokers',
  examples: [
    ['lab broker', 'who takes finished nodes over'],
    ['lab broker add --name cmdb --url http://cmdb.example/nodes', 'POSTs each finished node there'],
    ['lab broker add --name awx --url https://awx.example/hook --sign', 'the same, signed; prints the secret'],
  ],
  columns: ['uuid', 'name', 'url', 'signed', 'attempts'],
  options: (yargs) =>
    yargs
      .option('name', { type: 'string', describe: 'add: its name' })
      .option('url', { type: 'string', describe: 'add: where finished nodes are POSTed to' })
      .option('sign', { type: 'boolean', describe: 'add: signs what is sent, with a new secret that is printed once' })
      .option('secret-file', { type: 'string', describe: 'add: signs with the secret in this file (whsec_…)' })
      .option('attempts', {
        type: 'number',
        describe: `add: how often it is asked while it cannot be reached, ${DEFAULT_ATTEMPTS} by default`,
      }),
  add: async (args) => {
    const file = args['secret-file'];
    const secret = file === undefined ? args.sign : await readToken(file);
    return { name: args.name, url: args.url, secret: secret === false ? undefined : secret, attempts: args.attempts };
  },
});

export const policy = catalogVerb({
  path: '/api/policies',
  examples: [
    ['lab policy', 'in the order in which they are tried'],
    ['lab policy add --label big --model bookworm --tags big,nics_2', 'what nodes with both tags get'],
    ['lab policy edit big --maximum 10', 'changes it'],
    ['lab policy move big 0', 'tried first'],
  ],
  columns: ['line', 'uuid', 'label', 'enabled', 'maximum', 'bound', 'tags', 'tries', 'model', 'broker'],
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
      .option('tries', {
        type: 'number',
        describe: `add, edit: boots of the installer before it is stopped, ${DEFAULT_LIMITS.tries} by default; 0 for any number`,
      })
      .option('install-timeout', {
        type: 'number',
        describe: `add, edit: seconds that each may take, ${DEFAULT_LIMITS.installTimeoutS} by default; 0 for any time`,
      })
      .option('disabled', { type: 'boolean', describe: 'add: binds nothing until it is enabled' })
      .option('line', { type: 'number', describe: 'add, edit: its place in the order, from 0' }),
  add: (args) => ({
    label: args.label,
    model: args.model,
    broker: args.broker,
    tags: tagWords(args.tags),
    maximum: args.maximum,
    tries: args.tries,
    installTimeout: args['install-timeout'],
    enabled: args.disabled !== true,
    line: args.line,
    ...(args.force && { force: true }),
  }),
  actions: {
    edit: (client, path, args) => {
      const { label, model, broker, maximum, tries, 'install-timeout': installTimeout, line } = args;
      const change = { label, model, broker, maximum, tries, installTimeout, line, tags: tagWords(args.tags) };
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
  examples: [
    ['lab image', 'what is there'],
    ['lab image add rocky-9.3-dvd.iso', 'an ISO, unpacked and served; it says itself what it is'],
    ['lab image add debian-13-genericcloud-amd64.qcow2', 'a cloud image, for the template image'],
  ],
  columns: ['uuid', 'type', 'name', 'version', 'kernel', 'initrd', 'path'],
  options: (yargs) =>
    yargs
      .option('type', {
        choices: ['mk', 'os', 'esxi', 'xenserver', 'disk'] as const,
        describe: 'add: what it is; by default what the image says of itself',
      })
      .option('path', {
        type: 'string',
        describe:
          'add: an ISO, the image of a disk (raw, qcow2), or a directory; the last two are served as they lie there',
      })
      .option('name', { type: 'string', describe: 'add: its name; by default its system and version' })
      .option('image-version', { type: 'string', describe: 'add: its version; by default what the image says' })
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
      ...(args.force && { force: true }),
    };
  },
});

export const template = defineVerb({
  examples: [
    ['lab template', 'what models can be made of, and what each can be told'],
    ['lab template --format json', 'the same for a program'],
  ],
  options: clientOptions,
  run: async (args, host) => {
    const client = await openClient(args, host);
    print(await client.call('GET', '/api/templates'), ['name', 'family', 'answers', 'describe'], args, host);
    return 0;
  },
});
