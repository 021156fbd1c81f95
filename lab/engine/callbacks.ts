/**
 * Callbacks of installers: they get their answers by them, and move the active model
 * (docs/contracts/razor-0.x.md#callbacks).
 */
import { readCapped } from '../../platform/files.ts';
import { within } from '../../platform/within.ts';
import { handOver } from './brokers.ts';
import type { LabCore } from '../lab-core.ts';
import { answersFor, type Answers } from '../installers/answers.ts';
import { CLOUD_FILES, CONFIG_DRIVE, configDrive, IMAGE_WORD } from '../installers/families/disk-image/disk-image.ts';
import { esxiBootCfg } from '../installers/families/hypervisors/esxi.ts';
import { fillOwnFile, ownFile } from '../installers/own-files.ts';
import { installerOf, POSTINSTALL } from '../installers/registry.ts';
import type { FilledTemplate } from '../installers/task-template.ts';
import { familyOf } from '../installers/templates.ts';
import { fileName, type Routes } from '../listeners/routes.ts';
import type { ActiveModel, NodeRecord } from '../store/records.ts';
import { isModelState, type ModelState } from './models.ts';
import { stateAfter } from './tries.ts';

/** What a callback is answered, or why a file of one's own is not sent; undefined where there is no such callback. */
type CallbackReply = { readonly text: string; readonly message: string } | RefusedText | undefined;

/** Why a file is not sent; `gone`: it was to be had, and will not be again. */
interface RefusedText {
  readonly refused: string;
  readonly gone?: boolean;
}

/** Bytes of an image's boot.cfg that are read. */
const BOOT_CFG_LIMIT = 256 * 1024;

const SYSTEM_DATA = /^postinstall\/(meta|user|vendor)-data$/;

const STEP = /^[\w.-]{1,64}$/;

/** A request for a callback: its words, where nodes find things, and whether it is a question in advance (HEAD), which changes nothing. */
interface CallbackRequest {
  readonly words: readonly string[];
  readonly routes: Routes;
  readonly peek?: boolean;
  /** What it says in words. */
  readonly note?: string;
}

/**
 * One callback: the first word is the template's word for answers, `postinstall`, `broker` or `boot_cfg`; the second what
 * happened. Moves the state and says in the log what came.
 */
async function callback(
  core: LabCore,
  active: ActiveModel,
  { words: [namespace = '', step = ''], routes, peek = false, note = '' }: CallbackRequest,
): Promise<CallbackReply> {
  const installer = installerOf(active.model.template);
  const node = core.store.nodes.byId(active.node);
  if (!installer || !node) return undefined;
  const read = (): ReturnType<typeof answerFile> => answerFile(core, { node, active, namespace, step, routes });
  if (namespace === 'boot_cfg') {
    const cfg = await read();
    return cfg === undefined || 'refused' in cfg ? cfg : { text: cfg.text, message: 'boot.cfg sent' };
  }
  if (![installer.word, 'postinstall', 'broker'].includes(namespace) || !STEP.test(step)) return undefined;
  if (namespace === 'broker' && step !== 'success' && step !== 'fail') return undefined;
  const file = await read();
  if (file && 'refused' in file) return file;
  if (file === undefined && fileName(`${namespace}/${step}`) !== undefined) return undefined;
  const over = file && installationOver(core, active, namespace, step);
  if (over !== undefined) return { refused: over, gone: true };
  if (peek) return { text: file?.text ?? 'ok', message: `${namespace}/${step} is asked for in advance` };
  await fire(core, active, `${namespace}_${step}`, 'callback', note);
  const state = file ? await fileRead(core, active, step) : core.store.activeModels.get(active.uuid)?.state;
  const moved = state === active.state ? `state stays ${state}` : `state ${active.state} becomes ${state}`;
  const said = note === '' ? '' : `: ${note}`;
  return { text: file?.text ?? 'ok', message: `${namespace}/${step}: ${moved}${said}` };
}

/** What a callback says in words (`message=` of its query): one line, bounded. */
export function noteOf(query: unknown): string {
  const { message } = query as { readonly message?: unknown };
  // eslint-disable-next-line no-control-regex -- control characters are what is left out
  return typeof message === 'string' ? message.slice(0, 500).replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ') : '';
}

/**
 * Why a node gets this file no more, or undefined while it may read it: what an installer reads holds passwords, so that it can be
 * had as long as the installation lasts, and what the new system reads until that is ready. cloud-init reads its files at every start of
 * the new system. A faithful lab gives everything for ever.
 */
export function installationOver(
  core: LabCore,
  active: ActiveModel,
  namespace: string,
  step: string,
): string | undefined {
  const { state } = core.store.activeModels.get(active.uuid) ?? active;
  const installer = installerOf(active.model.template);
  // who reads a last file may lose it on the way, and ask again
  const isInstallers = namespace === installer?.word && Object.hasOwn(installer.files, step);
  const open = ['init', 'preinstall', ...(isInstallers && installer.lastFile === undefined ? [] : ['postinstall'])];
  if (core.settings.faithful || open.includes(state) || SYSTEM_DATA.test(`${namespace}/${step}`)) return undefined;
  return `the installation that reads it is over (state ${state})`;
}

/** A file of an installer was sent; the state of the active model now. The last one of some ends what they have to say. */
export async function fileRead(core: LabCore, active: ActiveModel, name: string): Promise<string> {
  const installer = installerOf(active.model.template);
  if (installer?.lastFile === name) return await fire(core, active, `${installer.word}_end`, 'callback');
  return core.store.activeModels.get(active.uuid)?.state ?? active.state;
}

interface FileRequest {
  readonly node: NodeRecord;
  readonly active: ActiveModel;
  readonly namespace: string;
  readonly step: string;
  readonly routes: Routes;
  /** What it is called among files of one's own, where the words do not say. */
  readonly name?: string | undefined;
}

/** What an installer reads under two words: a file of one's own, or the lab's; undefined where there is nothing to read. */
export async function answerFile(
  core: LabCore,
  { node, active, namespace, step, routes, name = nameOf(namespace, step) }: FileRequest,
): Promise<FilledTemplate | undefined> {
  const { template } = active.model;
  const installer = installerOf(template);
  if (!installer) return undefined;
  const own =
    name === undefined ? undefined : await ownFile(core.settings.taskFiles, [template, name], ['common', name]);
  if (own !== undefined) return fillOwnFile(own, { node, active, routes, facts: core.store.nodes.facts(node.id) });
  const answers = answersFor(active, routes);
  if (namespace === 'boot_cfg') return await bootCfg(core, active, answers);
  if (namespace === IMAGE_WORD && step === CONFIG_DRIVE) return await driveOf(core, { node, active, routes });
  const files = namespace === 'postinstall' ? POSTINSTALL : namespace === installer.word ? installer.files : {};
  const write: ((given: Answers) => string | undefined) | undefined = Object.hasOwn(files, step)
    ? files[step]
    : undefined;
  const text = write?.(answers);
  return text === undefined ? undefined : { text };
}

function nameOf(namespace: string, step: string): string | undefined {
  return fileName(namespace === 'boot_cfg' ? namespace : `${namespace}/${step}`);
}

/** A callback under the UUID of an active model, told to the log; undefined where there is none. */
export async function answerCallback(
  core: LabCore,
  dialect: string,
  { words: [uuid = '', ...words], routes, peek = false, note = '' }: CallbackRequest,
): Promise<string | undefined> {
  const active = core.store.activeModels.get(uuid);
  const result = active && (await callback(core, active, { words, routes, peek, note }));
  if (!active || !result) return undefined;
  if (peek && 'text' in result) return result.text;
  const node = core.store.nodes.byId(active.node);
  const name = words.join('/');
  core.events.emit({
    type: 'refused' in result ? 'refused' : 'callback',
    dialect,
    ...(node && { node: node.uuid }),
    message: 'refused' in result ? `${name} is not sent: ${result.refused}` : result.message,
    details: { activeModel: active.uuid, callback: name },
  });
  if ('refused' in result) throw new RefusedFile(`${name}: ${result.refused}`, result.gone);
  return result.text;
}

/**
 * A file that is not sent: one of one's own that cannot be filled in without making code of a fact is answered 422, one of an
 * installation that is over 410.
 */
export class RefusedFile extends Error {
  readonly statusCode: 410 | 422;
  constructor(message: string, gone = false) {
    super(message);
    this.statusCode = gone ? 410 : 422;
  }
}

async function bootCfg(core: LabCore, active: ActiveModel, answers: Answers): Promise<FilledTemplate | undefined> {
  if (familyOf(active.model.template) !== 'esxi') return undefined;
  const image = active.model.image === undefined ? undefined : core.store.images.get(active.model.image);
  const path = image && (await within(image.path, 'boot.cfg'));
  const original = path === undefined ? undefined : await readCapped(path, BOOT_CFG_LIMIT);
  return original && { text: esxiBootCfg(original.toString(), answers) };
}

/** The volume with cloud-init's files, each a site's own or the lab's; undefined for what is no image. */
async function driveOf(
  core: LabCore,
  { node, active, routes }: Pick<FileRequest, 'node' | 'active' | 'routes'>,
): Promise<FilledTemplate | undefined> {
  if (familyOf(active.model.template) !== 'image') return undefined;
  const files = new Map<string, string>();
  for (const step of CLOUD_FILES) {
    const file = await answerFile(core, { node, active, namespace: IMAGE_WORD, step, routes });
    if (file !== undefined && 'refused' in file) return { refused: `${step}: ${file.refused}` };
    if (file !== undefined) files.set(step, file.text);
  }
  return { text: configDrive(files) };
}

/**
 * Lets an action happen to an active model: the new state and the log line are stored together. A system that is
 * complete goes on to its broker, or to the end where it has none.
 */
export async function fire(
  core: LabCore,
  active: ActiveModel,
  action: string,
  method: string,
  note = '',
): Promise<ModelState> {
  const state = await core.store.write(() => {
    // read again: two callbacks may have come together
    const current = core.store.activeModels.get(active.uuid) ?? active;
    const from: ModelState = isModelState(current.state) ? current.state : 'error_catch';
    const to = stateAfter(core, from, action);
    const record = (oldState: ModelState, next: ModelState, what: string): void =>
      core.store.activeModels.record(current, {
        at: core.wall(),
        oldState,
        state: next,
        action: what,
        method,
        result: note === '' || what !== action ? next : note,
      });
    record(from, to, action);
    if (to !== 'os_complete' || from === to || current.broker !== undefined) return { from, to };
    record('os_complete', 'complete_no_broker', 'no_broker');
    return { from, to: 'complete_no_broker' as const };
  });
  if (state.from !== state.to) {
    const node = core.store.nodes.byId(active.node);
    core.events.emit({
      type: 'state',
      ...(node && { node: node.uuid }),
      message: `${active.policyLabel}: ${action} moves it from ${state.from} to ${state.to}${note === '' ? '' : `: ${note}`}`,
      details: { from: state.from, to: state.to, action, activeModel: active.uuid },
    });
    if (state.to === 'os_complete') handOver(core, active.uuid);
  }
  return state.to;
}
