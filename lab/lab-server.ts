/** The lab: an embedded provisioning server. Everything that listens is started here and closed again. */
import type { FastifyInstance } from 'fastify';
import { RazorMkError } from '../platform/errors/errors.ts';
import { resumeHandOvers } from './engine/brokers.ts';
import { createCore, type BoundPorts, type LabCore, type LabDialect } from './lab-core.ts';
import { hanlonDialect } from './dialects/hanlon/hanlon.ts';
import { razorServerDialect } from './dialects/razor-server/razor-server.ts';
import { razorDialect } from './dialects/razor/razor.ts';
import { quickCheckins } from './dialects/razor/razor-unwritten.ts';
import { createDoor, listen, type DoorOptions } from './listeners/listeners.ts';
import { createEvents, type LabEvents } from './lab-events.ts';
import { createExchanges, type Exchange, type Exchanges } from './listeners/exchange-log.ts';
import { startExpiry } from './engine/expiry.ts';
import type { Conductor } from './ironic/conductor.ts';
import { openImageDirectory } from './images/image-directory.ts';
import { imageService } from './images/image-service.ts';
import { guardDoor } from './listeners/host-guard.ts';
import { managementApi } from './manage/management-api.ts';
import { pages, type PageParts } from './pages/pages.ts';
import { resolveSettings, type LabOptions } from './lab-settings.ts';
import { openStore } from './store/sqlite/open-store.ts';
import type { Store } from './store/store.ts';

export type { LabEvent } from './lab-events.ts';
export type { LabOptions } from './lab-settings.ts';

/** Dialects on the door for nodes (8026). */
const NODE_DIALECTS: readonly LabDialect[] = [razorDialect, hanlonDialect];
/** Dialects on the door of razor-server (8150). */
const RAZOR_SERVER_DIALECTS: readonly LabDialect[] = [razorServerDialect];

/** What else is on the door for people (8025): the page. */
const PEOPLE_PARTS: readonly ((app: FastifyInstance, core: LabCore, parts: PageParts) => void)[] = [pages];

export interface Lab {
  /** `http://127.0.0.1:8026`: Razor 0.x and Hanlon. */
  readonly nodesUrl: string;
  readonly imagesUrl: string;
  /** Page and management API. */
  readonly peopleUrl: string;
  readonly razorServerUrl: string;
  /** The conductor's API; undefined without one. */
  readonly ironicUrl: string | undefined;
  readonly conductor: Conductor | undefined;
  readonly store: Store;
  readonly events: LabEvents;
  readonly exchanges: Exchanges;
  readonly core: LabCore;
  /** Ends all connections, commits and closes the database. May be called twice. */
  close(): Promise<void>;
}

/** Starts a lab. Throws RAZOR_MK_LAB_DB, RAZOR_MK_LAB_LISTEN, RAZOR_MK_LAB_DOOR. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const settings = resolveSettings(options);
  if (!isLoopback(settings.peopleHost) && settings.token === undefined) {
    throw new RazorMkError(
      'RAZOR_MK_LAB_DOOR',
      `the door for people would listen on ${settings.peopleHost} without a token`,
    );
  }
  const wall = (): number => settings.clock.wall().getTime();
  const events = createEvents(wall);
  if (options.onEvent) events.subscribe(options.onEvent);
  const exchanges = createExchanges(options.onRequest);
  const store = openStore(settings.db);
  const bound: BoundPorts = { ...settings.ports };
  const ending = new AbortController();
  const core = createCore({ settings, store, events, bound, closing: ending.signal });
  const imageDirectory = openImageDirectory(settings);
  const apps: FastifyInstance[] = [];
  const door = (
    name: Exchange['door'],
    dialects: readonly LabDialect[],
    more: Pick<DoorOptions, 'tls' | 'first'> = {},
  ): FastifyInstance => {
    const app = createDoor({ name, bodyLimit: settings.bodyLimit, events, exchanges, wall, ...more });
    for (const dialect of dialects) dialect(app, core);
    apps.push(app);
    return app;
  };
  let conductor: Conductor | undefined;
  let stopExpiry: () => void = () => undefined;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    ending.abort(new Error('the lab is closed'));
    stopExpiry();
    await Promise.all([conductor?.close(), ...apps.map((app) => app.close())]);
    store.close();
    imageDirectory.close();
  };
  const first = settings.faithful ? undefined : quickCheckins(core, exchanges);
  const scheme = settings.tls ? 'https' : 'http';
  try {
    bound.nodes = await listen(door('nodes', NODE_DIALECTS, { first }), settings.host, settings.ports.nodes);
    bound.images = await listen(door('images', [imageService]), settings.host, settings.ports.images);
    bound.razorServer = await listen(
      door('razor-server', RAZOR_SERVER_DIALECTS),
      settings.host,
      settings.ports.razorServer,
    );
    if (options.ironic) {
      const { startConductor } = await import('./ironic/conductor.ts');
      const { host, clock } = settings;
      conductor = await startConductor({ ...options.ironic, host, clock, events, exchanges });
    }
    const people = door('people', [], { tls: settings.tls });
    guardDoor(people, settings.token);
    managementApi(people, core, imageDirectory.path);
    for (const part of PEOPLE_PARTS) part(people, core, { exchanges, ironic: conductor?.board });
    bound.people = await listen(people, settings.peopleHost, settings.ports.people);
  } catch (error) {
    await close();
    throw error;
  }
  stopExpiry = startExpiry(core);
  resumeHandOvers(core);
  const url = (port: number, host: string, protocol = 'http'): string => `${protocol}://${inUrl(host)}:${port}`;
  events.emit({ type: 'started', message: `the lab listens on ${settings.host}, port ${bound.nodes} for nodes` });
  return {
    nodesUrl: url(bound.nodes, settings.host),
    imagesUrl: url(bound.images, settings.host),
    peopleUrl: url(bound.people, settings.peopleHost, scheme),
    razorServerUrl: url(bound.razorServer, settings.host),
    conductor,
    ironicUrl: conductor && url(Number(new URL(conductor.url).port), settings.host),
    store,
    events,
    exchanges,
    core,
    close: () => (closing ??= close()),
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
