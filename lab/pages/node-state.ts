/** A node's state as one word with a colour, a sentence, and its name for people. */
import type { LabCore } from '../lab-core.ts';
import { stateEntry } from '../engine/models.ts';
import { familyOf } from '../installers/templates.ts';
import type { ActiveModel, Facts, NodeRecord } from '../store/records.ts';
import type { Tone } from './layout.ts';

interface StateView {
  readonly tone: Tone;
  readonly word: string;
  readonly meaning: string;
}

const INSTALLATION: Readonly<Record<string, readonly [Tone, string]>> = {
  init: ['amber', 'bound'],
  preinstall: ['amber', 'installing'],
  postinstall: ['amber', 'finishing'],
  os_complete: ['green', 'installed'],
  complete_no_broker: ['green', 'installed'],
  broker_wait: ['amber', 'handing over'],
  broker_success: ['green', 'handed over'],
  broker_fail: ['red', 'broker failed'],
  timeout_error: ['red', 'timed out'],
  error_catch: ['red', 'failed'],
};

/** Every word that `stateView` gives for a state that the lab knows. */
export const STATE_WORDS: readonly string[] = [
  ...new Set(['discovered', 'silent', 'seen', 'protected', ...Object.values(INSTALLATION).map(([, word]) => word)]),
];

/** The first that holds of: at work by a policy, installed, not allowed yet, without facts, silent, discovered. */
export function stateView(core: LabCore, node: NodeRecord, active: ActiveModel | undefined): StateView {
  if (active) {
    const [tone, word] = INSTALLATION[active.state] ?? ['red', active.state];
    const { meaning } = stateEntry(active.state, familyOf(active.model.template));
    return { tone, word, meaning: `${active.policyLabel}, state ${active.state}: ${meaning}` };
  }
  if (node.installed !== undefined)
    return { tone: 'green', word: 'installed', meaning: `${node.installed} is installed` };
  if (core.settings.protectNewNodes && !node.allowed) {
    return { tone: 'violet', word: 'protected', meaning: 'no policy may bind it until somebody allows it' };
  }
  if (node.registered === undefined) {
    return { tone: 'grey', word: 'seen', meaning: 'it booted, but has not told what it is yet' };
  }
  if (core.wall() - node.contact > core.settings.timing.registerTimeoutMs) {
    return { tone: 'grey', word: 'silent', meaning: 'it has not checked in for longer than the register timeout' };
  }
  return { tone: 'blue', word: 'discovered', meaning: 'its facts are known and no policy has bound it' };
}

function text(facts: Facts, name: string): string {
  const value = Object.hasOwn(facts, name) ? facts[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 120) : '';
}

/** Host name where it told one, else what a microkernel would call itself. */
export function nodeName(facts: Facts, hwIds: readonly string[]): string {
  const first = hwIds[0] ?? '';
  return text(facts, 'hostname') || (/^[0-9A-F]{12}$/.test(first) ? `mk${first.toLowerCase()}` : first || 'unnamed');
}

/** Maker, model, processors and memory in one line, from what is there. */
export function nodeHardware(facts: Facts): string {
  const maker = text(facts, 'manufacturer') || text(facts, 'mk_hw_bus_vendor');
  const product = text(facts, 'productname') || text(facts, 'mk_hw_bus_product');
  const cores = text(facts, 'processorcount');
  const memory = text(facts, 'memorysize') || text(facts, 'mk_hw_mem_size');
  const parts = [[maker, product].filter(Boolean).join(' '), cores && `${cores} cores`, memory];
  return parts.filter(Boolean).join(' · ');
}

/** A MAC as people write it, any other id as it is. */
export function idText(hwId: string): string {
  return /^[0-9A-F]{12}$/.test(hwId) ? (hwId.match(/../g) ?? []).join(':').toLowerCase() : hwId;
}
