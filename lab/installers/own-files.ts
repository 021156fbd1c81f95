/**
 * Files of one's own for installers: a directory (`--task-files`) with TEMPLATE/NAME or common/NAME, and broker/BROKER/SCRIPT. They
 * come before the lab's own files, for every dialect, and are filled in (task-template.ts).
 */
import { readCapped } from '../../platform/files.ts';
import { findBelow } from '../images/image-service.ts';
import type { ActiveModel, NodeRecord } from '../store/records.ts';
import type { Routes } from '../listeners/routes.ts';
import { answersFor, type Answers } from './answers.ts';
import { installerOf } from './registry.ts';
import { fillTemplate, type FilledTemplate } from './task-template.ts';

/** Bytes of a file that are read. */
const FILE_LIMIT = 8 * 1024 * 1024;
const NAME = /^[\w-][\w.-]{0,99}$/;

/** The text of the first of these that is in the directory, as it stands there. */
export async function ownFile(directory: string | undefined, ...candidates: string[][]): Promise<string | undefined> {
  if (directory === undefined) return undefined;
  for (const words of candidates) {
    const found = words.every((word) => NAME.test(word)) ? await findBelow(directory, words) : undefined;
    if (found && !found.directory) return (await readCapped(found.path, FILE_LIMIT))?.toString();
  }
  return undefined;
}

/** What a file of one's own is filled with. */
interface OwnFileInput {
  readonly node: NodeRecord;
  readonly active: ActiveModel;
  readonly routes: Routes;
  /** Facts of the node: not trusted. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Fills a file in: names of the answers, settings of the model, facts of the node. */
export function fillOwnFile(text: string, { node, active, routes, facts }: OwnFileInput): FilledTemplate {
  const answers = answersFor(active, routes);
  const { hostname, domain, files, timezone, packages, rootPassword, rootPasswordHash } = answers;
  const settings = {
    ...active.model.metadata,
    hostname,
    domain,
    timezone,
    packages,
    repo: files,
    node_id: node.id,
    uuid: node.uuid,
    root_password: rootPassword,
    root_password_hash: rootPasswordHash,
    ssh_key: answers.sshKey,
    ...callbacks(active, answers),
    ...routes.ownNames(active),
  };
  return fillTemplate(text, { facts, settings });
}

/** Addresses that move the installation on, the same names for every dialect and installer. */
function callbacks({ model }: ActiveModel, { callback, filesBelow }: Answers): Readonly<Record<string, string>> {
  const word = installerOf(model.template)?.word ?? '';
  return {
    callback_start: callback(`${word}/start`),
    callback_end: callback(`${word}/end`),
    callback_error: callback(`${word}/error`),
    callback_boot: callback('postinstall/boot'),
    callback_final: callback('postinstall/final'),
    setup: callback('postinstall/setup'),
    files: filesBelow(word),
  };
}
