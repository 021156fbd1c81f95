/** What an installer is told about one node: names, passwords and addresses, from the model's metadata. */
import { FAMILY_IMAGE, familyOf } from '../engine/models.ts';
import type { Routes } from '../listeners/routes.ts';
import type { ActiveModel } from '../store/records.ts';

export interface Answers {
  readonly hostname: string;
  readonly domain: string;
  /** Plain, or undefined: then root cannot log in by password unless there is a hash. */
  readonly rootPassword: string | undefined;
  /** crypt(3) form. */
  readonly rootPasswordHash: string | undefined;
  readonly timezone: string;
  /** Packages, by blanks. */
  readonly packages: string;
  /** Base address of the image's files, or undefined where the model names no image. */
  readonly files: string | undefined;
  /** Address of one of this node's callbacks, as `preseed/start`. */
  readonly callback: (path: string) => string;
}

const SAFE_HOST = /^[a-z0-9](?:[a-z0-9-]{0,40})$/i;
const SAFE_DOMAIN = /^[a-z0-9](?:[a-z0-9.-]{0,200})$/i;

/** Base address of the files that a model installs from, or undefined where it names no image. */
export function filesBase(active: ActiveModel, routes: Routes): string | undefined {
  if (active.model.image === undefined) return undefined;
  return routes.files(FAMILY_IMAGE[familyOf(active.model.template)], active.model.image);
}

/** The answers of one node, with defaults for what its model does not set. */
export function answersFor(active: ActiveModel, routes: Routes): Answers {
  const metadata = active.model.metadata;
  const prefix = metadata['hostname_prefix'] ?? 'node';
  const domain = metadata['domainname'] ?? 'localdomain';
  return {
    hostname: `${SAFE_HOST.test(prefix) ? prefix : 'node'}${active.counter}`,
    domain: SAFE_DOMAIN.test(domain) ? domain : 'localdomain',
    rootPassword: metadata['root_password'],
    rootPasswordHash: metadata['root_password_hash'],
    timezone: metadata['timezone'] ?? 'UTC',
    packages: metadata['packages'] ?? 'openssh-server wget',
    files: filesBase(active, routes),
    callback: (path) => routes.callback(active, path),
  };
}

/** Text in XML. */
export function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
