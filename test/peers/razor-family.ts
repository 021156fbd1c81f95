/** Razor 0.x and Hanlon, step by step (docs/contracts/razor-0.x.md, docs/contracts/hanlon.md). */
import type { PeerNode } from './controls.ts';
import { mustBe, mustHold, objectOf, textsOf, within } from './expect.ts';
import { createMachine } from './machine.ts';
import { play, type Outcome, type Step } from './outcome.ts';
import type { Exchange } from './relay.ts';
import { openStage, type Peer, type Stage } from './stage.ts';
import { turnSteps } from './turns-story.ts';

type Json = Readonly<Record<string, unknown>>;

interface FamilyRules {
  readonly dialect: 'razor' | 'hanlon';
  readonly page: string;
  readonly registerStatus: number;
  readonly registerType: string;
  /** Name of the project in `resource`. */
  readonly project: string;
  /** The ids that a register with these addresses leaves. */
  readonly ids: (macs: readonly string[], uuid: string) => readonly string[];
  /** Whether ids are tags. */
  readonly idTags: boolean;
  /** Keys that an untouched server pushes. */
  readonly pushed: readonly string[];
  /** Keys of it that the agent refuses where their port is empty. */
  readonly facts: (sent: Exchange) => Json;
}

const upper = (mac: string): string => mac.replaceAll(':', '').toUpperCase();
const PACE = ['mk_checkin_interval', 'mk_checkin_skew', 'mk_log_level', 'mk_fact_excl_pattern'];

export const RAZOR: FamilyRules = {
  dialect: 'razor',
  page: 'docs/contracts/razor-0.x.md',
  registerStatus: 200,
  registerType: 'application/x-www-form-urlencoded',
  project: 'ProjectRazor',
  ids: (macs) => macs.map(upper),
  idTags: false,
  pushed: [...PACE, 'mk_register_path', 'mk_checkin_path', 'mk_uri', 'mk_tce_mirror_uri', 'mk_tce_install_list_uri'],
  facts: ({ sent }) =>
    within(JSON.parse(new URLSearchParams(sent).get('json_hash') ?? '{}') as Json, '@attributes_hash'),
};

export const HANLON: FamilyRules = {
  dialect: 'hanlon',
  page: 'docs/contracts/hanlon.md',
  registerStatus: 201,
  registerType: 'application/json',
  project: 'ProjectHanlon',
  ids: (_macs, uuid) => [uuid.toUpperCase()],
  idTags: true,
  pushed: [...PACE, 'mk_tce_mirror', 'mk_tce_install_list_uri', 'mk_kmod_install_list_uri'],
  facts: ({ sent }) => within(JSON.parse(sent) as Json, 'attributes_hash'),
};

const ENVELOPE = ['resource', 'command', 'result', 'http_err_code', 'errcode', 'response', 'client_config'];
const NODE_KEYS = ['@uuid', '@hw_id', '@attributes_hash', '@tags', '@status', '@timestamp', '@last_state'];

/** Plays the whole story with one server. */
export async function playRazorFamily(peer: Peer, rules: FamilyRules): Promise<readonly Outcome[]> {
  const machine = createMachine();
  const stage = await openStage(peer, machine, (url) => ['--dialect', rules.dialect, '--server', url]);
  try {
    return await play(stepsOf(stage, rules));
  } finally {
    await stage.close();
  }
}

function stepsOf(stage: Stage, rules: FamilyRules): readonly Step[] {
  const { page } = rules;
  const { macs, uuid } = stage.machine;
  const registered = (): Json => within(objectOf(stage.exchange(/\/node\/register/)), 'response');
  const node = (): PeerNode => ({ id: String(registered()['@uuid']), macs, uuid });
  return [
    { name: 'register', contract: `${page}#register`, act: () => register(stage, rules, registered) },
    {
      name: 'tag',
      contract: `${page}#tags`,
      act: () => {
        const facts = rules.facts(stage.exchange(/\/node\/register/));
        const expected = builtInTags(facts);
        const tags = textsOf(registered()['@tags']);
        mustHold('@tags', tags, rules.idTags ? [...expected, ...rules.ids(macs, uuid)] : expected);
        return Promise.resolve(tags.join(', '));
      },
    },
    { name: 'pushed configuration', contract: `${page}#pushed-configuration`, act: () => pushed(stage, rules) },
    ...turnSteps(stage, { page, idle: 'acknowledge', rebootsAtOnce: false, node }),
    {
      name: 'node lost',
      contract: `${page}#check-in`,
      async act() {
        await stage.peer.controls.forget(node());
        stage.mark();
        await stage.next('checkin', ({ command }) => command === 'register');
        const { reason } = await stage.next('registered');
        return `register, registered again: ${reason}`;
      },
    },
  ];
}

async function register(stage: Stage, rules: FamilyRules, registered: () => Json): Promise<string> {
  const { facts } = await stage.next('registered');
  const checkin = stage.relay.exchanges.find(({ url }) => url.includes('/node/checkin'));
  if (checkin === undefined) throw new Error('no check-in came before the register');
  envelope(checkin, rules, 'checkin_node', 200);
  mustBe('the first command', within(objectOf(checkin), 'response'), { command_name: 'register', command_param: {} });
  const sent = stage.exchange(/\/node\/register/);
  envelope(sent, rules, 'register_node', rules.registerStatus);
  mustBe('the content type that it was sent with', sent.sentType.split(';')[0], rules.registerType);
  mustHold('the node’s keys', Object.keys(registered()), NODE_KEYS);
  mustBe('@hw_id', registered()['@hw_id'], rules.ids(stage.machine.macs, stage.machine.uuid));
  mustBe('@attributes_hash', registered()['@attributes_hash'], rules.facts(sent));
  return `${facts} facts, kept as they were sent; HTTP ${sent.status}`;
}

function envelope(exchange: Exchange, { project }: FamilyRules, command: string, status: number): void {
  const what = `${exchange.method} ${command}`;
  mustBe(`${what}: status`, exchange.status, status);
  mustBe(`${what}: content type`, exchange.type.split(';')[0], 'application/json');
  const body = objectOf(exchange);
  mustBe(`${what}: keys`, Object.keys(body), ENVELOPE);
  const { response: _response, client_config: _config, ...head } = body;
  const resource = `${project}::Slice::Node`;
  mustBe(`${what}: head`, head, { resource, command, result: 'Ok', http_err_code: 200, errcode: 0 });
}

/** Tags of the rules that are always on. */
function builtInTags(facts: Json): readonly string[] {
  const text = (name: string): string => String(facts[name] ?? '');
  const tags: string[] = [];
  if (/\d/.test(text('mk_hw_cpu_count'))) tags.push(`cpus_${text('mk_hw_cpu_count')}`);
  if (/\w/.test(text('mk_hw_mem_size'))) tags.push(`memsize_${text('mk_hw_mem_size')}`);
  if (/\d/.test(text('mk_hw_nic_count'))) tags.push(`nics_${text('mk_hw_nic_count')}`);
  if (text('is_virtual') === 'true') tags.push(`${text('virtual')}_vm`);
  return tags;
}

async function pushed(stage: Stage, { pushed: keys, dialect }: FamilyRules): Promise<string> {
  const config = within(objectOf(stage.exchange(/\/node\/checkin/)), 'client_config');
  mustHold('client_config', Object.keys(config), keys);
  for (const key of ['mk_checkin_interval', 'mk_checkin_skew']) mustBe(`type of ${key}`, typeof config[key], 'number');
  if (dialect === 'hanlon') {
    const own = Object.keys(config).filter((key) => /^mk_(uri|checkin_path|register_path)$/.test(key));
    mustBe('addresses in it', own, []);
  }
  const { applied, refused } = await stage.next('config');
  const others = refused.filter(({ reason }) => reason !== 'has an empty port');
  if (others.length > 0) {
    throw new Error(
      `the agent refused ${others.map(({ key, value, reason }) => `${key} ${value}: ${reason}`).join('; ')}`,
    );
  }
  const empty = refused.length === 0 ? '' : `, ${refused.length} with an empty port refused`;
  return `${applied.length} keys taken over${empty}; interval ${String(config['mk_checkin_interval'])} s`;
}
