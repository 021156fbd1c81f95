/** The Razor 0.x API for nodes: boot, check-in, register, callbacks (docs/contracts/razor-0.x.md). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { loaderArch } from '../../../platform/netboot/kernel-arch.ts';
import { messageOf } from '../../../platform/errors/errors.ts';
import { bootScript, NoMicrokernel } from '../../engine/boot-script.ts';
import { answerCallback, noteOf } from '../../engine/callbacks.ts';
import { isPeek } from '../../listeners/peek.ts';
import type { LabCore } from '../../lab-core.ts';
import { decideCheckin, decideWithoutWrite } from '../../engine/decide.ts';
import { registerNode } from '../../engine/register.ts';
import { answerWithOrder } from '../../engine/write-order/write-order.ts';
import { hasControl, isRecord } from '../../listeners/request-body.ts';
import { installerOf } from '../../installers/registry.ts';
import { acceptableHwIds, splitHwIds } from '../../engine/node-lookup.ts';
import { HTML, PLAIN, REASON_HEADER, reasonText, sendText } from '../../listeners/replies.ts';
import { razorRoutes } from '../../listeners/routes.ts';
import { clientConfigText } from '../../lab-settings.ts';
import type { NodeRecord } from '../../store/records.ts';
import { nodeBody } from '../node-body.ts';
import { alone, faithfulFacts, faithfulLookUp, refuseAsTheOriginal } from './razor-faithful.ts';
import {
  callbackFault,
  commandResponse,
  INVALID_SLICE,
  missing,
  queryOf,
  RazorFault,
  readParams,
  sendFault,
  sendOk,
  stumble,
  type RazorParams,
} from './razor-wire.ts';

const MISSING_IDS = 'Hardware IDs[hw_id]';
const AT_LEAST_ONE = 'At Least One Hardware ID [hw_id]';

/** Adds the routes of Razor 0.x. */
export function razorDialect(app: FastifyInstance, core: LabCore): void {
  if (core.settings.faithful) {
    app.addHook('onSend', (_request, reply, _payload, done) => {
      reply.header('x-powered-by', 'Express');
      done();
    });
  }
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    try {
      if (core.settings.faithful) refuseAsTheOriginal(request);
      return await route(core, request, reply);
    } catch (thrown) {
      const error = thrown instanceof NoMicrokernel ? stumble(thrown.message, 'Boot', 'boot', true) : thrown;
      if (!(error instanceof RazorFault)) throw error;
      core.events.emit({
        type: 'refused',
        dialect: 'razor',
        message: `${request.method} ${(request.raw.url ?? '').slice(0, 120)}: ${messageOf(error)}`,
      });
      return sendFault(reply, error.fault);
    }
  };
  app.route({ method: ['GET', 'POST'], url: '/razor', handler: answer });
  app.route({ method: ['GET', 'POST'], url: '/razor/*', handler: answer });
}

/** The words of the path below /razor/api. Throws for what the original calls illegal. */
function pathWords(request: FastifyRequest): string[] {
  const path = (request.raw.url ?? '').split('?')[0] ?? '';
  const words = path.split('/').slice(2);
  if (words.at(-1) === '') words.pop();
  if (words.length === 0) throw new RazorFault({ status: 404, body: 'Bad Request(No module selected)', type: HTML });
  if (words[0] !== 'api') throw new RazorFault({ status: 404, body: 'Bad Request', type: HTML });
  if (words.length === 1) throw new RazorFault({ status: 404, body: 'Bad Request(No slice selected)', type: HTML });
  return words.slice(1).map((raw) => {
    let word: string;
    try {
      word = decodeURIComponent(raw);
    } catch {
      word = raw;
    }
    if (word === '' || word.length > 200 || /\.\.|[&|]/.test(word) || hasControl(word)) {
      const shown = word.slice(0, 200).replaceAll(/[^\w.|&-]/g, '?');
      throw new RazorFault({ status: 404, body: `Illegal path component: '${shown}'`, type: HTML });
    }
    return word;
  });
}

async function route(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const [slice = '', command, ...rest] = pathWords(request);
  const { faithful } = core.settings;
  if (slice === 'boot') return await boot(core, request, reply);
  if (slice.startsWith('boot') && faithful) throw new RazorFault({ ...INVALID_SLICE, status: 200 });
  const isCheckin = slice === 'node' && (command === 'checkin' || command === 'c');
  if (isCheckin && faithful && rest.length > 0) throw missing(MISSING_IDS, 'checkin_node');
  if (isCheckin) return await checkin(core, request, reply);
  if (slice === 'node' && command === 'register') return await register(core, request, reply);
  if (slice === 'node') throw new RazorFault({ status: 404, body: 'Bad Request', type: HTML });
  if (slice === 'policy' && command === 'callback') return await policyCallback(core, request, reply, rest);
  throw new RazorFault(INVALID_SLICE);
}

async function policyCallback(
  core: LabCore,
  request: FastifyRequest,
  reply: FastifyReply,
  words: readonly string[],
): Promise<FastifyReply> {
  const { faithful } = core.settings;
  const [uuid = '', namespace = ''] = words;
  if (uuid === '') throw callbackFault('arguments');
  const active = core.store.activeModels.get(uuid);
  if (!active) throw callbackFault('uuid');
  const routes = razorRoutes(core.addresses(request));
  const text = await answerCallback(core, 'razor', {
    words,
    routes,
    peek: isPeek(core, request),
    note: noteOf(request.query),
  });
  const type = faithful ? HTML : PLAIN;
  if (text !== undefined) return sendText(reply, 200, faithful && text === 'ok' ? 'ok\n' : text, type);
  const known = ['postinstall', 'broker', installerOf(active.model.template)?.word];
  if (!known.includes(namespace)) throw callbackFault('namespace');
  // a step that the namespace does not know
  return sendText(reply, 200, 'error\n', type);
}

/** hw_id, or its alias which wins whenever it is there. Throws where no usable id is left. */
function readHwIds(core: LabCore, params: RazorParams, command: string): string[] {
  const raw = params.get('uuid') ?? params.get('hw_id');
  const strings =
    typeof raw === 'string' ? raw : Array.isArray(raw) && raw.every((id) => typeof id === 'string') ? raw : [];
  const hwIds = splitHwIds(strings, core.settings.faithful);
  const onlyBlanks = typeof raw === 'string' && /^_+$/.test(raw);
  if (onlyBlanks && core.settings.faithful) throw missing(AT_LEAST_ONE, command);
  if (hwIds.length === 0 || !acceptableHwIds(hwIds)) throw missing(MISSING_IDS, command);
  return hwIds;
}

function readLastState(params: RazorParams, command: string): string {
  const state = params.get('last_state');
  if (typeof state !== 'string' || state === '' || /^\{.*\}$/s.test(state) || state.length > 1000) {
    throw missing('Last State[last_state]', command);
  }
  return state;
}

/** The original takes any text for true, the empty one too; only without the parameter it is no first check-in. */
function isFirst(params: RazorParams, faithful: boolean): boolean {
  const value = params.get('first_checkin');
  if (value === undefined || value === null) return false;
  return faithful || !['false', '', false].includes(value as string | boolean);
}

async function checkin(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  // the original reads json_hash of a query at register only
  const params = readParams(request, core.settings.faithful, !core.settings.faithful);
  const hwIds = readHwIds(core, params, 'checkin_node');
  const lastState = readLastState(params, 'checkin_node');
  const firstCheckin = isFirst(params, core.settings.faithful);
  if (core.settings.faithful) await faithfulLookUp(core, request, hwIds, 'checkin_node');
  const input = { dialect: 'razor', hwIds, lastState, firstCheckin };
  const decided = decideWithoutWrite(core, input) ?? (await core.store.write(() => decideCheckin(core, input)));
  const decision = await answerWithOrder(core, decided, razorRoutes(core.addresses(request)));
  const config = clientConfigText(core.settings, core.addresses(request).nodes);
  if (!core.settings.faithful) reply.header(REASON_HEADER, reasonText(decision.reason));
  return sendOk(reply, 'checkin_node', commandResponse(decision.command, decision.param), config);
}

async function register(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const params = readParams(request, core.settings.faithful);
  const hwIds = readHwIds(core, params, 'register_node');
  const lastState = readLastState(params, 'register_node');
  const facts = params.get('attributes_hash');
  if (!isRecord(facts) || Object.keys(facts).length === 0) {
    throw missing('Attributes Hash[attributes_hash]', 'register_node');
  }
  if (core.settings.faithful) await faithfulLookUp(core, request, hwIds, 'register_node');
  const input = { dialect: 'razor', hwIds, lastState, facts: core.settings.faithful ? faithfulFacts(facts) : facts };
  const work = (): Promise<NodeRecord> => core.store.write(() => registerNode(core, input));
  const node = core.settings.faithful ? await alone(core, hwIds, work) : await work();
  return sendOk(
    reply,
    'register_node',
    nodeBody(core, node, 'ProjectRazor::Node'),
    clientConfigText(core.settings, core.addresses(request).nodes),
  );
}

async function boot(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { faithful } = core.settings;
  const params = readParams(request, faithful);
  const given = params.get('mac') ?? params.get('hw_id');
  const raw = faithful && Array.isArray(given) ? given.join('_') || 'none' : given;
  if (typeof raw !== 'string' || raw === '') {
    const fault = missing(MISSING_IDS, 'boot_call', 'Boot').fault;
    throw new RazorFault({ ...fault, status: faithful ? 200 : 400, ...(faithful && { type: HTML }) });
  }
  const type = faithful ? HTML : PLAIN;
  const hwIds = raw
    .split('_')
    .map((part) => part.toUpperCase().replaceAll(':', ''))
    .filter((part) => part !== '');
  const ids = faithful ? hwIds : splitHwIds(raw, false);
  if (ids.length === 0 || !acceptableHwIds(ids)) {
    const shebang = faithful ? '' : '#!ipxe\necho ';
    const text =
      'Must Provide At Least One Hardware ID [hw_id]\necho API Error, will reboot in 30 seconds\nsleep 30\nreboot\n';
    core.events.emit({
      type: 'refused',
      dialect: 'razor',
      message: `boot without an id: ${queryOf(request).slice(0, 80)}`,
    });
    return sendText(reply, 200, `${shebang}${text}`, type);
  }
  if (faithful) await faithfulLookUp(core, request, ids, 'boot');
  // the original knows iPXE alone
  const loader = !faithful && params.get('loader') === 'grub' ? 'grub' : 'ipxe';
  // GRUB knows the card that it came over and names no other
  const dhcpMac = loader === 'grub' ? `01-${raw.replaceAll(':', '-')}` : params.get('dhcp_mac');
  const script = await bootScript(core, {
    dialect: 'razor',
    hwIds: ids,
    dhcpMac: typeof dhcpMac === 'string' && /^[0-9a-f-]{11,20}$/i.test(dhcpMac) ? dhcpMac : undefined,
    routes: razorRoutes(core.addresses(request)),
    loader,
    arch: loaderArch(params.get('arch')),
    again: `${core.addresses(request).nodes}${request.raw.url ?? ''}`,
    peek: isPeek(core, request),
  });
  return sendText(reply, 200, script, type);
}
