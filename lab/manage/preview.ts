/** Every file that a node would get to install a model: boot scripts and answers, as they would be sent. Nothing is noted or moved. */
import { readdir } from 'node:fs/promises';
import { within } from '../../platform/within.ts';
import { messageOf } from '../../platform/errors/errors.ts';
import { answerFile } from '../engine/callbacks.ts';
import { WRITE_IMAGE } from '../engine/models.ts';
import { orderFor } from '../engine/write-order/write-order.ts';
import { ownFile } from '../installers/own-files.ts';
import { installerOf, POSTINSTALL } from '../installers/registry.ts';
import { installerScript, type BootLoader } from '../installers/scripts.ts';
import type { Addresses, LabCore } from '../lab-core.ts';
import { fileName, routesOf, type Routes } from '../listeners/routes.ts';
import type { ActiveModel, Model, NodeRecord } from '../store/records.ts';

/** One file, or why it would not be sent. */
interface PreviewFile {
  readonly name: string;
  /** Where the node reads it; none for boot scripts, which it asks its boot API for. */
  readonly url?: string;
  readonly text?: string;
  readonly refused?: string;
}

const EXAMPLE_ID = '0'.repeat(22);

/** A machine that nobody has seen: without facts. */
const EXAMPLE: NodeRecord = {
  id: 0,
  uuid: EXAMPLE_ID,
  dialect: 'razor',
  version: 0,
  lastState: undefined,
  dhcpMac: '00:53:00:00:00:01',
  created: 0,
  registered: undefined,
  contact: 0,
  allowed: true,
  installed: undefined,
  forcedAction: undefined,
  forcedParam: undefined,
  metadata: {},
  factsVersion: 0,
};

/** What a node would get from a model; from the one that is at work on it where that is the same. */
export async function previewModel(
  core: LabCore,
  addresses: Addresses,
  model: Model,
  node: NodeRecord = EXAMPLE,
): Promise<readonly PreviewFile[]> {
  const bound = core.store.activeModels.ofNode(node.id);
  const active: ActiveModel =
    bound?.model.uuid === model.uuid
      ? bound
      : {
          id: 0,
          uuid: EXAMPLE_ID,
          node: node.id,
          policy: '',
          policyLabel: 'preview',
          model,
          broker: undefined,
          state: 'init',
          counter: 1,
          bound: 0,
          tries: 0,
          tried: undefined,
          overdue: false,
          handOver: undefined,
        };
  const routes = routesOf(core, addresses, node.dialect);
  const script = (loader: BootLoader): PreviewFile => ({
    name: `boot script for ${loader === 'grub' ? 'GRUB' : 'iPXE'}`,
    text: installerScript({ core, node, active, routes, dialect: node.dialect, loader }),
  });
  const files: PreviewFile[] =
    installerOf(model.template)?.load === undefined
      ? [await order(core, node, active, routes)]
      : [script('ipxe'), script('grub')];
  for (const [word, step] of await stepsOf(core, model.template)) {
    const path = step === '' ? word : `${word}/${step}`;
    const filled = await answerFile(core, { node, active, namespace: word, step, routes });
    const url = routes.callback(active, path);
    if (filled !== undefined && (step !== 'inject' || files.some(({ text }) => text?.includes(url)))) {
      files.push({ name: fileName(path) ?? step, url, ...filled });
    }
  }
  return files;
}

/** What the microkernel would be told; nothing is counted. */
async function order(core: LabCore, node: NodeRecord, active: ActiveModel, routes: Routes): Promise<PreviewFile> {
  const name = `parameter of the command ${WRITE_IMAGE}`;
  try {
    return { name, text: JSON.stringify(await orderFor(core, node, active, routes), undefined, 2) };
  } catch (error) {
    return { name, refused: messageOf(error) };
  }
}

/** Both words of every file: the installer's own, those of the new system, and further ones of the site's directory. */
async function stepsOf(core: LabCore, template: string): Promise<readonly (readonly [string, string])[]> {
  const installer = installerOf(template);
  if (installer === undefined) return [];
  const known: (readonly [string, string])[] = [
    ...Object.keys(installer.files).map((step) => [installer.word, step] as const),
    // an image has them in its own files
    ...(installer.load === undefined ? [] : Object.keys(POSTINSTALL).map((step) => ['postinstall', step] as const)),
    ['boot_cfg', ''],
  ];
  const directory = core.settings.taskFiles;
  const below = directory === undefined ? undefined : await within(directory, template);
  const own = below === undefined ? [] : await readdir(below);
  const names = new Set(known.map(([word, step]) => fileName(step === '' ? word : `${word}/${step}`)));
  const more: (readonly [string, string])[] = [];
  for (const name of own.sort()) {
    if (names.has(name) || fileName(`${installer.word}/${name}`) === undefined) continue;
    if ((await ownFile(directory, [template, name])) !== undefined) more.push([installer.word, name]);
  }
  return [...known, ...more];
}
