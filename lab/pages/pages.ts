/** The pages for people, made on the server. They only show; the verbs change things, by `/api`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { LabCore } from '../lab-core.ts';
import type { Exchanges } from '../listeners/exchange-log.ts';
import { HTML, sendText } from '../listeners/replies.ts';
import type { Access } from '../people/access.ts';
import { actorOf } from '../people/guard.ts';
import type { OpenId } from '../people/openid/openid.ts';
import { imagesPage, policiesPage } from './catalog-page.ts';
import type { IronicBoard } from '../ironic/board.ts';
import { html, type Html } from './html.ts';
import { ironicNodePage, ironicPage } from './ironic-page.ts';
import { document, SECURITY_HEADERS, type Place } from './layout.ts';
import { logPage } from './log/log-page.ts';
import { createLogStream } from './log/log-stream.ts';
import { nodePage } from './node-page.ts';
import { nodesCsv, nodesJson } from './nodes/export.ts';
import { findNodes, type NodeFilter } from './nodes/node-search.ts';
import { nodesPage } from './nodes-page.ts';
import { nodeName } from './node-state.ts';
import { pageAsset } from './page-asset.ts';
import { auditPage } from './people/audit-page.ts';
import { loginRoutes, type Send } from './people/login.ts';
import { openIdRoutes } from './people/openid-login.ts';
import { requestPage, requestsPage } from './requests-page.ts';

const ASSETS: readonly (readonly [string, string])[] = [
  ['page.css', 'text/css; charset=utf-8'],
  ['page.js', 'text/javascript; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
];

type Query = Readonly<Record<string, string | string[] | undefined>>;

function words(value: string | string[] | undefined): string {
  return ((Array.isArray(value) ? value[0] : value) ?? '').trim().slice(0, 200);
}

/** What a list of nodes is narrowed to, by its address. */
function filterOf(request: FastifyRequest): NodeFilter {
  const query = request.query as Query;
  return { search: words(query['q']), state: words(query['state']) };
}

interface PageParts {
  readonly exchanges: Exchanges;
  readonly access: Access;
  /** Where people can log in too. */
  readonly openId?: OpenId | undefined;
  /** The conductor's nodes; undefined without a conductor. */
  readonly ironic?: IronicBoard | undefined;
}

function logins(
  site: FastifyInstance,
  core: LabCore,
  { access, openId }: Pick<PageParts, 'access' | 'openId'>,
  send: Send,
): void {
  loginRoutes(site, access, openId?.label, send);
  if (openId) openIdRoutes(site, core, access, openId, send);
}

/** Adds the pages. */
export function pages(app: FastifyInstance, core: LabCore, { exchanges, access, openId, ironic }: PageParts): void {
  void app.register((site, _options, done) => {
    site.addHook('onRequest', (_request, reply, next) => {
      reply.headers(SECURITY_HEADERS);
      next();
    });
    const send = (
      reply: FastifyReply,
      title: string,
      place: Place | undefined,
      body: Html,
      status = 200,
    ): FastifyReply =>
      sendText(
        reply,
        status,
        document({
          title,
          place,
          body,
          now: core.wall(),
          ironic: ironic !== undefined,
          actor: actorOf(reply.request),
        }),
        HTML,
      );
    const missing = (reply: FastifyReply, what: string): FastifyReply =>
      send(
        reply,
        'Not found',
        undefined,
        html`<h1>Not found</h1>
          <p class="lead">${what}</p>`,
        404,
      );

    for (const [name, type] of ASSETS) {
      const content = pageAsset(name);
      site.get(`/assets/${name}`, (_request, reply) => sendText(reply, 200, content, type));
    }
    site.get('/', async (request, reply) => {
      const query = request.query as Query;
      const page = Math.max(1, Math.floor(Number(words(query['page'])) || 1));
      return send(
        reply,
        'Nodes',
        '/',
        await nodesPage(core, { ...filterOf(request), page }, core.addresses(request).nodes),
      );
    });
    site.get('/nodes.csv', async (request, reply) => {
      const text = nodesCsv(core, await findNodes(core, filterOf(request)));
      reply.header('content-disposition', 'attachment; filename="nodes.csv"');
      return sendText(reply, 200, text, 'text/csv; charset=utf-8');
    });
    site.get('/nodes.json', async (request, reply) =>
      sendText(reply, 200, nodesJson(core, await findNodes(core, filterOf(request))), 'application/json'),
    );
    site.get('/nodes/:uuid', (request, reply) => {
      const node = core.store.nodes.get((request.params as { uuid: string }).uuid);
      if (!node) return missing(reply, 'No node has this UUID, or it has been forgotten.');
      const name = nodeName(core.store.nodes.facts(node.id), core.store.nodes.hwIds(node.id));
      return send(reply, name, '/', nodePage(core, node, words((request.query as Query)['q'])));
    });
    site.get('/log', (_request, reply) => send(reply, 'Log', '/log', logPage(core)));
    site.get('/log/stream', createLogStream(core, access));
    site.get('/policies', (_request, reply) => send(reply, 'Policies', '/policies', policiesPage(core)));
    site.get('/images', (_request, reply) => send(reply, 'Images', '/images', imagesPage(core)));
    if (ironic) {
      site.get('/ironic', (_request, reply) => send(reply, 'Ironic', '/ironic', ironicPage(core, ironic)));
      site.get('/ironic/:uuid', (request, reply) => {
        const node = ironic.get((request.params as { uuid: string }).uuid);
        if (!node) return missing(reply, 'The conductor knows no node with this UUID.');
        return send(reply, node.uuid, '/ironic', ironicNodePage(core, ironic, node));
      });
    }
    logins(site, core, { access, openId }, (reply, title, body, status) => send(reply, title, undefined, body, status));
    site.get('/audit', (request, reply) => {
      const query = request.query as Query;
      const [who, before] = [words(query['who']), Number(words(query['before']))];
      return send(reply, 'Audit log', '/audit', auditPage(core, who || undefined, before || undefined));
    });
    const ofNodes = () => exchanges.list().filter(({ listener }) => listener !== 'people');
    site.get('/requests', (_request, reply) =>
      send(reply, 'Requests', '/requests', requestsPage(ofNodes(), core.wall())),
    );
    site.get('/requests/:seq', (request, reply) => {
      const exchange = exchanges.get(Number((request.params as { seq: string }).seq));
      if (!exchange || exchange.listener === 'people')
        return missing(reply, 'Only the last requests are kept; this one is gone.');
      return send(
        reply,
        `${exchange.method} ${exchange.url.split('?')[0] ?? ''}`,
        '/requests',
        requestPage(exchange, core.wall()),
      );
    });
    done();
  });
}
