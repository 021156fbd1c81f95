/** What an order to write an image says (docs/contracts/write-image.md). */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf } from '../../../platform/errors/errors.ts';
import { CONFIG_DRIVE, IMAGE_WORD } from '../../installers/families/disk-image/disk-image.ts';
import { FAMILY_IMAGE } from '../../installers/templates.ts';
import type { LabCore } from '../../lab-core.ts';
import type { Routes } from '../../listeners/routes.ts';
import type { ActiveModel, NodeRecord } from '../../store/records.ts';
import { answerFile, fire } from '../callbacks.ts';
import type { Decision } from '../decide.ts';
import { WRITE_IMAGE } from '../models.ts';

interface OrderAnswer {
  readonly command: string;
  readonly param: Readonly<Record<string, unknown>> | undefined;
  readonly reason: string;
}

/** The command and parameter that a check-in is answered with: an order is made here, or is stopped where that is not possible. */
export async function answerWithOrder(core: LabCore, decision: Decision, routes: Routes): Promise<OrderAnswer> {
  const { command, param, reason, order: active, node } = decision;
  if (active === undefined || node === undefined) return { command, param, reason };
  try {
    return { command, param: await orderFor(core, node, active, routes), reason };
  } catch (error) {
    const why = messageOf(error);
    await fire(core, active, `${IMAGE_WORD}_error`, 'mk_call', why);
    return { command: 'acknowledge', param: undefined, reason: `${active.policyLabel}: ${why}` };
  }
}

/** The parameter of the command. Throws an Error with the reason where the image or cloud-init's files cannot be had. */
export async function orderFor(
  core: LabCore,
  node: NodeRecord,
  active: ActiveModel,
  routes: Routes,
): Promise<Record<string, unknown>> {
  const drive = await answerFile(core, { node, active, namespace: IMAGE_WORD, step: CONFIG_DRIVE, routes });
  if (drive === undefined) throw new Error(`the template ${active.model.template} has no ${WRITE_IMAGE}`);
  if ('refused' in drive) throw new Error(drive.refused);
  const at = (step: string): string => routes.callback(active, `${IMAGE_WORD}/${step}`);
  const { root_device: rootDevice, install_device: device } = active.model.metadata;
  const hints = rootDevice ?? (device === undefined ? undefined : `name=${device}`);
  return {
    image: await imageOf(core, active, routes),
    ...(hints !== undefined && { root_device: hints }),
    config_drive: { url: at(CONFIG_DRIVE), sha256: createHash('sha256').update(drive.text).digest('hex') },
    report: { start: at('start'), progress: at('progress'), end: at('end'), error: at('error') },
  };
}

async function imageOf(core: LabCore, { model }: ActiveModel, routes: Routes): Promise<Record<string, unknown>> {
  const { image_url: url, image_checksum: checksum } = model.metadata;
  if (model.image === undefined) {
    if (url === undefined || checksum === undefined) throw new Error(`the model ${model.label} names no image`);
    return { url, hash: HASHES[checksum.length] ?? 'sha256', value: checksum };
  }
  const image = core.store.images.get(model.image);
  if (image?.disk === undefined) throw new Error(`the image of the model ${model.label} does not exist any more`);
  const { format, size, bytes, sha256 } = image.disk;
  const file = await stat(image.path).catch(() => undefined);
  if (!file?.isFile()) throw new Error(`the image ${image.name} is gone: there is no ${image.path}`);
  if (file.size !== bytes)
    throw new Error(`${image.path} is not the file that was added: it has ${file.size} bytes, not ${bytes}`);
  const address = `${routes.files(FAMILY_IMAGE.image, image.uuid)}/${encodeURIComponent(basename(image.path))}`;
  return { url: address, hash: 'sha256', value: sha256, format, size };
}

/** By the length of the value. */
const HASHES: Readonly<Record<number, string>> = { 64: 'sha256', 96: 'sha384', 128: 'sha512' };
