/** Where nodes find files and report what happened: the same things under each dialect's own addresses. Pure. */
import type { Addresses, LabCore } from '../lab-core.ts';
import type { ActiveModel, ImageType } from '../store/records.ts';

export interface Routes {
  /** Base address of an image's files. */
  files(type: ImageType, uuid: string): string;
  /** Address of an installer's callback; `path` is its two words, as `preseed/start`. */
  callback(active: ActiveModel, path: string): string;
  /** What the names of an installer's files are put behind, with a slash at the end; `word` is the first of its callbacks. */
  filesBelow(active: ActiveModel, word: string): string;
  /** Names of the dialect that files of one's own may use, with what they stand for. */
  ownNames(active: ActiveModel): Readonly<Record<string, string>>;
}

/** Razor 0.x: files have a server of their own. */
export function razorRoutes({ nodes, images }: Pick<Addresses, 'nodes' | 'images'>): Routes {
  return {
    files: (type, uuid) => `${images}/razor/image/${type}/${uuid}`,
    callback: (active, path) => `${nodes}/razor/api/policy/callback/${active.uuid}/${path}`,
    filesBelow: (active, word) => `${nodes}/razor/api/policy/callback/${active.uuid}/${word}/`,
    ownNames: () => ({}),
  };
}

export const HANLON_BASE = '/hanlon/api/v1';

/** Hanlon: one server for everything. */
export function hanlonRoutes({ nodes }: Pick<Addresses, 'nodes'>): Routes {
  return {
    files: (type, uuid) => `${nodes}${HANLON_BASE}/image/${type}/${uuid}`,
    callback: (active, path) => `${nodes}${HANLON_BASE}/policy/callback/${active.uuid}/${path}`,
    filesBelow: (active, word) => `${nodes}${HANLON_BASE}/policy/callback/${active.uuid}/${word}/`,
    ownNames: () => ({}),
  };
}

/** What razor-server calls the files of an installer; every other callback is a stage that is done. */
const FILES: Readonly<Record<string, string>> = {
  'preseed/file': 'preseed',
  'kickstart/file': 'kickstart',
  'autoyast/file': 'autoyast',
  'answerfile/file': 'answerfile',
  'answerfile/hook-begin': 'hook-begin',
  'answerfile/hook-finish': 'hook-finish',
  'postinstall/inject': 'first-boot',
  'postinstall/setup': 'first-boot-setup',
  // Ubuntu's installer has files of the same names
  'postinstall/meta-data': 'system-meta-data',
  'postinstall/user-data': 'system-user-data',
  'postinstall/vendor-data': 'system-vendor-data',
  boot_cfg: 'boot_cfg',
  'image/network-config': 'network-config',
  'image/config-drive': 'config-drive',
};

/** Steps that are files under their own names: `user-data`, `config.ign`. */
const OWN_NAME = /^[\w-]+\/([\w-]+\.\w+|\w+-data)$/;

/** What a file is called at razor-server and in a directory of files of one's own; undefined for a step that is no file. */
export function fileName(path: string): string | undefined {
  return FILES[path] ?? OWN_NAME.exec(path)?.[1];
}

/** The two words of one of razor-server's files that have a name there. */
export function wordsOfFile(name: string): readonly string[] | undefined {
  return Object.entries(FILES)
    .find(([, file]) => file === name)?.[0]
    .split('/');
}

/** The stage by which razor-server knows that a system is installed. */
export const FINISHED = 'finished';

/**
 * What stands for a bound node in the addresses of its installer. A faithful lab has the number alone, as the original; that can
 * be counted, and what is read there holds root passwords. So the usual lab adds the 128 random bits of the active model.
 */
export function installerId({ node, uuid }: Pick<ActiveModel, 'node' | 'uuid'>, faithful: boolean): string {
  return faithful ? String(node) : `${node}-${uuid}`;
}

/** razor-server: everything below /svc; `base` is its address as the node knows it. */
export function razorServerRoutes(base: string, faithful: boolean): Routes {
  return {
    files: (_type, uuid) => `${base}/svc/repo/${uuid}`,
    callback(active, path) {
      const id = installerId(active, faithful);
      const file = fileName(path);
      if (file !== undefined) return `${base}/svc/file/${id}/${file}`;
      const stage = path === 'postinstall/final' ? FINISHED : path.replace('/', '_');
      return `${base}/svc/stage-done/${id}?name=${stage}`;
    },
    filesBelow: (active) => `${base}/svc/file/${installerId(active, faithful)}/`,
    ownNames(active) {
      const id = installerId(active, faithful);
      return {
        base,
        stage_done: `${base}/svc/stage-done/${id}`,
        log: `${base}/svc/log/${active.node}`,
        file: `${base}/svc/file/${id}`,
        broker: `${base}/svc/broker/${id}/install`,
      };
    },
  };
}

/** Where a node of a dialect finds things. */
export function routesOf(core: LabCore, addresses: Addresses, dialect: string): Routes {
  if (dialect === 'hanlon') return hanlonRoutes(addresses);
  if (dialect === 'razor-server' && addresses.razorServer !== undefined) {
    return razorServerRoutes(addresses.razorServer, core.settings.faithful);
  }
  return razorRoutes(addresses);
}
