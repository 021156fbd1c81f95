/**
 * Installers that ask one address for every machine, and say in the question which one they are. Proxmox VE posts JSON with the MACs
 * of its cards to the address of its ISO, and gets the answers of the node that has one of them. Whoever claims a MAC gets as much as
 * from the boot API, which names the addresses of all other installers' answers. Not in a faithful lab: the originals have none.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerCallback } from '../engine/callbacks.ts';
import { findNode } from '../engine/decide.ts';
import { installerOf } from '../installers/registry.ts';
import type { LabCore } from '../lab-core.ts';
import { PLAIN, sendText } from '../listeners/replies.ts';
import { isRecord, parseJson } from '../listeners/request-body.ts';
import { razorRoutes, routesOf } from '../listeners/routes.ts';

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;
/** Cards of a machine that are looked for. */
const MOST_CARDS = 64;

/** Adds `POST /installer/proxmox`. */
export function installerQuestions(app: FastifyInstance, core: LabCore): void {
  if (core.settings.faithful) return;
  app.post('/installer/proxmox', (request, reply) => proxmoxAnswer(core, request, reply));
}

async function proxmoxAnswer(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const refuse = (status: number, why: string): FastifyReply => {
    core.events.emit({ type: 'refused', message: `Proxmox VE asks for its answers: ${why}` });
    return sendText(reply, status, `${why}\n`, PLAIN);
  };
  const macs = macsOf(request.body);
  if (macs.length === 0) return refuse(400, 'the question names no network card (network_interfaces, mac)');
  const node = findNode(core, macs);
  if (node === undefined) return refuse(404, `no node has a card ${macs.join(', ')}`);
  const active = core.store.activeModels.ofNode(node.id);
  if (active === undefined) return refuse(409, `node ${node.uuid} has no model`);
  if (installerOf(active.model.template)?.word !== 'proxmox') {
    return refuse(409, `node ${node.uuid} is to get ${active.model.label}, which is not Proxmox VE`);
  }
  const addresses = core.addresses(request);
  const routes = routesOf(core, addresses, node.dialect);
  await answerCallback(core, 'razor', { words: [active.uuid, 'proxmox', 'start'], routes: razorRoutes(addresses) });
  const words = [active.uuid, 'proxmox', 'answer.toml'];
  const text = await answerCallback(core, node.dialect, { words, routes });
  return text === undefined ? refuse(404, 'there is no answer file') : sendText(reply, 200, text, PLAIN);
}

/** The MACs of a question, as nodes have them: `525400AA0001`. */
function macsOf(body: unknown): readonly string[] {
  const question = parseJson(String(body));
  const { network_interfaces: cards } = isRecord(question) ? question : {};
  if (!Array.isArray(cards)) return [];
  const macs = cards.slice(0, MOST_CARDS).map((card: unknown) => (isRecord(card) ? card['mac'] : undefined));
  return macs
    .filter((mac) => typeof mac === 'string' && MAC.test(mac))
    .map((mac) => String(mac).replaceAll(':', '').toUpperCase());
}
