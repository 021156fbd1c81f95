/**
 * Callbacks of installers: they get their answers by them, and move the active model
 * (docs/contracts/razor-0.x.md#callbacks).
 */
import { readCapped } from '../../platform/files.ts';
import { within } from '../../platform/within.ts';
import { handOver } from './brokers.ts';
import type { LabCore } from '../lab-core.ts';
import { answersFor, type Answers } from '../installers/answers.ts';
import { firstBootScript } from '../installers/first-boot.ts';
import { esxiBootCfg, esxiKickstart, kickstart } from '../installers/kickstart.ts';
import { preseed } from '../installers/preseed.ts';
import { autoyast, xenserverAnswers, xenserverHook } from '../installers/xml-answers.ts';
import { isModelState, templateOf, type ModelState, type Template } from './models.ts';
import { stateAfter } from './tries.ts';
import type { Routes } from '../listeners/routes.ts';
import type { ActiveModel } from '../store/records.ts';

/** What a callback is answered; undefined where there is no such callback. */
type CallbackReply = { readonly text: string; readonly message: string } | undefined;

/** Bytes of an image's boot.cfg that are read. */
const BOOT_CFG_LIMIT = 256 * 1024;

const STEP = /^[\w.-]{1,64}$/;

/**
 * One callback: `namespace` is the template's word for answers, `postinstall`, `broker` or `boot_cfg`; `step` what
 * happened. Moves the state and says in the log what came.
 */
export async function callback(
  core: LabCore,
  active: ActiveModel,
  [namespace = '', step = '']: readonly string[],
  routes: Routes,
): Promise<CallbackReply> {
  const template = templateOf(active.model.template);
  if (!template) return undefined;
  if (namespace === 'boot_cfg') {
    const cfg = await answerFile(core, active, 'boot_cfg', '', routes);
    return cfg === undefined ? undefined : { text: cfg, message: 'boot.cfg sent' };
  }
  if (![template.answers, 'postinstall', 'broker'].includes(namespace) || !STEP.test(step)) return undefined;
  if (namespace === 'broker' && step !== 'success' && step !== 'fail') return undefined;
  const text = await answerFile(core, active, namespace, step, routes);
  const state = await fire(core, active, `${namespace}_${step}`, 'callback');
  const moved = state === active.state ? `state stays ${state}` : `state ${active.state} becomes ${state}`;
  return { text: text ?? 'ok', message: `${namespace}/${step}: ${moved}` };
}

/** What an installer reads under two words; undefined where there is nothing to read. */
export async function answerFile(
  core: LabCore,
  active: ActiveModel,
  namespace: string,
  step: string,
  routes: Routes,
): Promise<string | undefined> {
  const template = templateOf(active.model.template);
  if (!template) return undefined;
  const answers = answersFor(active, routes);
  if (namespace !== 'boot_cfg') return textOf(template, answers, namespace, step);
  return template.family === 'esxi' ? await bootCfg(core, active, answers) : undefined;
}

/** A callback under the UUID of an active model, told to the log; undefined where there is none. */
export async function answerCallback(
  core: LabCore,
  dialect: string,
  [uuid = '', ...words]: readonly string[],
  routes: Routes,
): Promise<string | undefined> {
  const active = core.store.activeModels.get(uuid);
  const result = active && (await callback(core, active, words, routes));
  if (!active || !result) return undefined;
  const node = core.store.nodes.byId(active.node);
  core.events.emit({
    type: 'callback',
    dialect,
    ...(node && { node: node.uuid }),
    message: result.message,
    details: { activeModel: active.uuid, callback: words.join('/') },
  });
  return result.text;
}

function textOf(template: Template, answers: Answers, namespace: string, step: string): string | undefined {
  if (namespace === 'postinstall') return step === 'inject' ? firstBootScript(answers) : undefined;
  if (namespace !== template.answers) return undefined;
  if (template.family === 'xenserver' && (step === 'hook-begin' || step === 'hook-finish')) {
    return xenserverHook(answers, step === 'hook-begin' ? 'start' : 'end');
  }
  if (step !== 'file') return undefined;
  if (template.family === 'esxi') return esxiKickstart(answers);
  return { preseed, kickstart, autoyast, answerfile: xenserverAnswers }[template.answers](answers);
}

async function bootCfg(core: LabCore, active: ActiveModel, answers: Answers): Promise<string | undefined> {
  const image = active.model.image === undefined ? undefined : core.store.images.get(active.model.image);
  const path = image && (await within(image.path, 'boot.cfg'));
  const original = path === undefined ? undefined : await readCapped(path, BOOT_CFG_LIMIT);
  return original && esxiBootCfg(original.toString(), answers);
}

/**
 * Lets an action happen to an active model: the new state and the log line are stored together. A system that is
 * complete goes on to its broker, or to the end where it has none.
 */
export async function fire(core: LabCore, active: ActiveModel, action: string, method: string): Promise<ModelState> {
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
        result: next,
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
      message: `${active.policyLabel}: ${action} moves it from ${state.from} to ${state.to}`,
      details: { from: state.from, to: state.to, action, activeModel: active.uuid },
    });
    if (state.to === 'os_complete') handOver(core, active.uuid);
  }
  return state.to;
}
