/** The lab: an embedded provisioning server. Everything that listens is started here and closed again. */
import type { KeyObject } from 'node:crypto';
import { Server as TcpServer } from 'node:net';
import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { RazorMkError } from '../platform/errors/errors.ts';
import { netbootFiles } from './dialects/netboot.ts';
import { hanlonDialect } from './dialects/hanlon/hanlon.ts';
import { fastCheckins } from './dialects/razor/razor-fast-checkin.ts';
import { installerQuestions } from './dialects/installer-questions.ts';
import { razorDialect } from './dialects/razor/razor.ts';
import { razorServerDialect } from './dialects/razor-server/razor-server.ts';
import { resumeHandOvers } from './engine/brokers.ts';
import { startExpiry } from './engine/expiry.ts';
import { openImageDirectory, type ImageDirectory } from './images/image-directory.ts';
import { imageService } from './images/image-service.ts';
import type { Conductor } from './ironic/conductor.ts';
import { createCore, type BoundPorts, type LabCore, type LabDialect } from './lab-core.ts';
import { createEvents, type LabEvents } from './lab-events.ts';
import { resolveSettings, type IronicOptions, type LabOptions, type LabSettings } from './lab-settings.ts';
import { createAddressLimit, type AddressLimit } from './listeners/address-limit.ts';
import { createExchanges, type RecordedExchange, type Exchanges } from './listeners/exchange-log.ts';
import { readSigningKey, signReplies } from './listeners/reply-signing.ts';
import { createListener, listen, type ListenerOptions } from './listeners/listeners.ts';
import { renewCertificate } from './listeners/renew-certificate.ts';
import { managementApi } from './manage/management-api.ts';
import { pages } from './pages/pages.ts';
import { createAccess, type Access } from './people/access.ts';
import { createOpenId } from './people/openid/openid.ts';
import { auditChanges } from './people/audit.ts';
import { guardPeople } from './people/guard.ts';
import { openLabStore } from './store/open-lab-store.ts';
import type { Store } from './store/store.ts';

/** Dialects on the nodes' listener (8026). */
const NODE_DIALECTS: readonly LabDialect[] = [razorDialect, hanlonDialect, netbootFiles, installerQuestions];
/** Dialects on razor-server's listener (8150). */
const RAZOR_SERVER_DIALECTS: readonly LabDialect[] = [razorServerDialect];

/** A lab that runs. */
export interface Lab {
  /** `http://127.0.0.1:8026`: Razor 0.x and Hanlon. */
  readonly nodesUrl: string;
  readonly imagesUrl: string;
  /** Page and management API. */
  readonly peopleUrl: string;
  /** razor-server 1.x; undefined where it was not asked for. */
  readonly razorServerUrl: string | undefined;
  /** The conductor's API; undefined without one. */
  readonly ironicUrl: string | undefined;
  readonly conductor: Conductor | undefined;
  readonly store: Store;
  readonly events: LabEvents;
  readonly exchanges: Exchanges;
  readonly core: LabCore;
  readonly access: Access;
  /** The spare token, where it was needed. */
  readonly madeToken: string | undefined;
  /**
   * Ends all connections, commits and closes the database. May be called twice. With `drainMs` nothing is cut off: no
   * new connection is taken, the others are answered for so long, and what has begun then to its end.
   */
  close(drainMs?: number): Promise<void>;
}

interface LabState {
  readonly core: LabCore;
  readonly exchanges: Exchanges;
  readonly bound: BoundPorts;
  readonly imageDirectory: ImageDirectory;
  readonly access: Access;
  readonly madeToken: string | undefined;
  readonly signingKey: KeyObject | undefined;
  readonly limit: AddressLimit | undefined;
  readonly ending: AbortController;
  readonly apps: FastifyInstance[];
  conductor: Conductor | undefined;
  stopExpiry: () => void;
  /** About to end: what still comes is answered, and asked to come no more over the same connection. */
  draining: boolean;
  /** Requests since then. */
  lateRequests: number;
}

/** Starts a lab. Throws RAZOR_MK_LAB_DB, RAZOR_MK_LAB_LISTEN, RAZOR_MK_LAB_NO_TOKEN. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const state = await openLab(options);
  const { core, exchanges, access, madeToken } = state;
  try {
    await startListeners(state, options.ironic);
  } catch (error) {
    await closeLab(state);
    throw error;
  }
  state.stopExpiry = startExpiry(core);
  if (core.store.standing.leads) resumeHandOvers(core);
  const { host } = core.settings;
  core.events.emit({ type: 'started', message: `the lab listens on ${host}, port ${state.bound.nodes} for nodes` });
  let closing: Promise<void> | undefined;
  return {
    ...urlsOf(state),
    conductor: state.conductor,
    store: core.store,
    events: core.events,
    exchanges,
    core,
    access,
    madeToken,
    close: (drainMs) => (closing ??= closeLab(state, drainMs)),
  };
}

async function openLab(options: LabOptions): Promise<LabState> {
  const given = resolveSettings(options);
  const events = createEvents(() => given.clock.wall().getTime());
  if (options.onEvent) events.subscribe(options.onEvent);
  const store = await openLabStore(given.db, events, options.secretsKey);
  const madeToken = tokenToMake(given.people, store);
  const settings: LabSettings =
    madeToken === undefined ? given : { ...given, people: { ...given.people, token: madeToken } };
  if (!isLoopback(settings.people.host) && !isProtected(settings.people, store)) {
    await store.close();
    const what = `page and management API would listen on ${settings.people.host} without a token and without operators`;
    throw new RazorMkError('RAZOR_MK_LAB_NO_TOKEN', what);
  }
  const bound: BoundPorts = { ...settings.ports };
  const ending = new AbortController();
  const { siteKey } = options;
  const wall = (): number => settings.clock.wall().getTime();
  const now = (): number => settings.clock.now();
  const { host, token, openId } = settings.people;
  return {
    access: createAccess({
      store,
      wall,
      now,
      token,
      openId: openId && `${openId.issuer} ${openId.client}`,
      loopback: isLoopback(host),
    }),
    madeToken,
    signingKey: siteKey === undefined ? undefined : readSigningKey(siteKey),
    limit: createAddressLimit(settings.addressRate, events, now),
    core: createCore({ settings, store, events, bound, closing: ending.signal }),
    exchanges: createExchanges(options.onRequest),
    bound,
    imageDirectory: openImageDirectory(settings),
    ending,
    apps: [],
    conductor: undefined,
    stopExpiry: () => undefined,
    draining: false,
    lateRequests: 0,
  };
}

/** Whether people are asked who they are. */
function isProtected({ token, openId }: LabSettings['people'], store: Store): boolean {
  return token !== undefined || openId !== undefined || store.people.operators.list().length > 0;
}

/** The spare token where it is needed: whoever reaches the address could do everything. */
function tokenToMake(people: LabSettings['people'], store: Store): string | undefined {
  return isLoopback(people.host) || isProtected(people, store) ? undefined : people.spareToken;
}

/** In the order of their ports; one that was not asked for stays closed. */
async function startListeners(state: LabState, ironic: IronicOptions | undefined): Promise<void> {
  const { core, exchanges, bound } = state;
  const { host, ports, clock, faithful } = core.settings;
  // a signed reply takes the usual way
  const fastPath = faithful || state.signingKey !== undefined ? undefined : fastCheckins(core, exchanges);
  bound.nodes = await listen(createApp(state, 'nodes', NODE_DIALECTS, { fastPath }), host, ports.nodes);
  bound.images = await listen(createApp(state, 'images', [imageService]), host, ports.images);
  if (ports.razorServer !== undefined) {
    bound.razorServer = await listen(createApp(state, 'razor-server', RAZOR_SERVER_DIALECTS), host, ports.razorServer);
  }
  if (ironic) {
    const { startConductor } = await import('./ironic/conductor.ts');
    state.conductor = await startConductor({ ...ironic, host, clock, events: core.events, exchanges });
  }
  await openToPeople(state);
}

/** Page and management API: everything behind one guard, every change in the audit log. */
async function openToPeople(state: LabState): Promise<void> {
  const { core, exchanges, bound, access } = state;
  const { ports, people } = core.settings;
  const app = createApp(state, 'people', [], { tls: people.tls });
  const certificate = renewCertificate(app, people, core);
  guardPeople(app, { access, certificate, names: [hostname(), ...(people.names ?? [])] });
  auditChanges(app, core.store, core.wall);
  managementApi(app, core, { imageDir: state.imageDirectory.path, access });
  const openId = people.openId && createOpenId(people.openId);
  pages(app, core, { exchanges, access, openId, ironic: state.conductor?.board });
  bound.people = await listen(app, people.host, ports.people);
}

function createApp(
  state: LabState,
  name: RecordedExchange['listener'],
  dialects: readonly LabDialect[],
  more: Pick<ListenerOptions, 'tls' | 'fastPath'> = {},
): FastifyInstance {
  const { core, exchanges } = state;
  const { events, settings, wall } = core;
  // one limit for all listeners of nodes
  const limit = name === 'people' ? undefined : state.limit;
  const draining = (): boolean => {
    if (state.draining) state.lateRequests++;
    return state.draining;
  };
  const app = createListener({
    name,
    bodyLimit: settings.bodyLimit,
    events,
    exchanges,
    wall,
    limit,
    draining,
    ...more,
  });
  if (state.signingKey !== undefined && name !== 'people') signReplies(app, state.signingKey);
  for (const dialect of dialects) dialect(app, core);
  state.apps.push(app);
  return app;
}

/** What takes longer than this, a download mostly, is cut off after all. */
const LONGEST_STOP_MS = 15_000;
/** Turns of the event loop without a request after which none is on its way. */
const QUIET_TURNS = 20;

async function closeLab(state: LabState, drainMs?: number): Promise<void> {
  const { ending, conductor, apps, core, imageDirectory } = state;
  if (drainMs !== undefined) {
    // no new connection is taken; http's own close would end those too that a request is on its way over
    for (const { server } of apps) TcpServer.prototype.close.call(server);
    state.draining = true;
    await core.settings.clock.sleep(drainMs);
    await untilNoneComes(state);
  }
  ending.abort(new Error('the lab is closed'));
  state.stopExpiry();
  const cut = (): void => apps.forEach(({ server }) => server.closeAllConnections());
  // cut again and again: until a server is closed it may take another connection
  const timer = drainMs === undefined ? setInterval(cut, 5) : setTimeout(cut, LONGEST_STOP_MS);
  await Promise.all([conductor?.close(), ...apps.map((app) => app.close())]);
  clearTimeout(timer);
  await core.store.close();
  imageDirectory.close();
}

/**
 * On a busy machine the time may be over while requests wait to be read: turns of the event loop until some bring
 * none. That has an end: nothing new is taken, and each connection has one answer left.
 */
async function untilNoneComes(state: LabState): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    const before = state.lateRequests;
    await new Promise<void>((resolve) => void setImmediate(resolve));
    if (state.lateRequests !== before) quiet = 0;
  }
}

type LabUrls = Pick<Lab, 'nodesUrl' | 'imagesUrl' | 'peopleUrl' | 'razorServerUrl' | 'ironicUrl'>;

function urlsOf({ core, bound, conductor }: LabState): LabUrls {
  const { host, people } = core.settings;
  const url = (port: number, at = host, scheme = 'http'): string => `${scheme}://${inUrl(at)}:${port}`;
  return {
    nodesUrl: url(bound.nodes),
    imagesUrl: url(bound.images),
    peopleUrl: url(bound.people, people.host, people.tls ? 'https' : 'http'),
    razorServerUrl: bound.razorServer === undefined ? undefined : url(bound.razorServer),
    ironicUrl: conductor && url(Number(new URL(conductor.url).port)),
  };
}

/** Whether only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** A host as it stands in a URL that a person opens: any address is reached by loopback. */
function inUrl(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
