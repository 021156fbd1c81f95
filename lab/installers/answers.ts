/** What an installer is told about one node: names, passwords and addresses, from the model's metadata. */
import type { Routes } from '../listeners/routes.ts';
import type { ActiveModel } from '../store/records.ts';
import { saltOf, sha512Crypt } from './sha512-crypt.ts';
import { FAMILY_IMAGE, familyOf } from './templates.ts';

export interface Answers {
  /** Of this installation; nobody guesses it. */
  readonly instance: string;
  readonly hostname: string;
  readonly domain: string;
  /** Plain, for installers that take nothing else; undefined where the model has none, or a hash. */
  readonly rootPassword: string | undefined;
  /** crypt(3) form, also of a plain one; undefined: root cannot log in by password. */
  readonly rootPasswordHash: string | undefined;
  /** A line of authorized_keys. */
  readonly sshKey: string | undefined;
  readonly timezone: string;
  /** Packages, by blanks. */
  readonly packages: string;
  /** Debian's tasks, by blanks, and the host of its security updates; `none` for neither. */
  readonly tasks: string;
  readonly securityMirror: string | undefined;
  /** Whether the model names them. */
  readonly packagesAsked: boolean;
  /** cloud-init's user-data and network configuration as the model has them. */
  readonly userData: string | undefined;
  readonly networkConfig: string | undefined;
  /** Base address of the image's files, or undefined where the model names no image. */
  readonly files: string | undefined;
  /** Where packages come from, or undefined: then they come from `files`. */
  readonly mirror: string | undefined;
  /** The disk to install on, or undefined where the installer chooses. */
  readonly installDevice: string | undefined;
  /** What a medium with several products installs. */
  readonly product: string | undefined;
  readonly productKey: string | undefined;
  /** Address of an ISO, for installers that load one whole. */
  readonly iso: string | undefined;
  /** Words `console=…` of the installer's kernel line, which the installed system needs for a login there. */
  readonly consoles: readonly string[];
  /** Address of one of this node's callbacks, as `preseed/start`. */
  readonly callback: (path: string) => string;
  /** What the names of an installer's files are put behind, for installers that add them themselves; ends with a slash. */
  readonly filesBelow: (word: string) => string;
}

/** Under which names a model's metadata holds cloud-init's files, which have many lines. */
export const CLOUD_SETTINGS = { userData: 'user_data', networkConfig: 'network_config' } as const;

const SAFE_HOST = /^[a-z0-9](?:[a-z0-9-]{0,40})$/i;
const SAFE_DOMAIN = /^[a-z0-9](?:[a-z0-9.-]{0,200})$/i;

/** Base address of the files that a model installs from, or undefined where it names no image. */
export function filesBase(active: ActiveModel, routes: Routes): string | undefined {
  if (active.model.image === undefined) return undefined;
  return routes.files(FAMILY_IMAGE[familyOf(active.model.template)], active.model.image);
}

/** The host name of an installed node: its model's prefix, and the number that its policy counts. */
export function installedHostname({ model, counter }: ActiveModel): string {
  const prefix = model.metadata['hostname_prefix'] ?? 'node';
  return `${SAFE_HOST.test(prefix) ? prefix : 'node'}${counter}`;
}

/** The answers of one node, with defaults for what its model does not set. */
export function answersFor(active: ActiveModel, routes: Routes): Answers {
  const { metadata } = active.model;
  const domain = metadata['domainname'] ?? 'localdomain';
  const files = filesBase(active, routes);
  const password = metadata['root_password'];
  const hash = metadata['root_password_hash'];
  const iso = metadata['iso'] ?? 'image.iso';
  return {
    instance: active.uuid,
    hostname: installedHostname(active),
    domain: SAFE_DOMAIN.test(domain) ? domain : 'localdomain',
    rootPassword: hash === undefined ? password : undefined,
    // thousands of rounds: only for who asks
    get rootPasswordHash() {
      return hash ?? (password === undefined ? undefined : sha512Crypt(password, saltOf(active.uuid)));
    },
    sshKey: metadata['ssh_key'],
    timezone: metadata['timezone'] ?? 'UTC',
    packages: metadata['packages'] ?? 'openssh-server wget',
    tasks: metadata['tasks'] ?? 'standard',
    securityMirror: metadata['security_mirror'],
    packagesAsked: metadata['packages'] !== undefined,
    userData: metadata[CLOUD_SETTINGS.userData],
    networkConfig: metadata[CLOUD_SETTINGS.networkConfig],
    files,
    mirror: metadata['mirror'],
    installDevice: metadata['install_device'],
    product: metadata['product'],
    productKey: metadata['product_key'],
    iso: files === undefined ? undefined : `${files}/${iso}`,
    consoles: wordsOf(metadata['kernel_args'] ?? '').filter((word) => /^console=[\w,.@:-]{1,60}$/.test(word)),
    callback: (path) => routes.callback(active, path),
    filesBelow: (word) => routes.filesBelow(active, word),
  };
}

/** Words that blanks separate. */
export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** Text in XML. */
export function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
