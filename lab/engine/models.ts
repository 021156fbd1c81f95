/**
 * States of a model: what each tells the microkernel and the boot loader, and how an installer's callbacks move it (docs/contracts/razor-0.x.md#active-model-states). Pure.
 */

import type { ModelFamily } from '../installers/templates.ts';

export type ModelState =
  | 'init'
  | 'preinstall'
  | 'postinstall'
  | 'os_complete'
  | 'complete_no_broker'
  | 'broker_wait'
  | 'broker_fail'
  | 'broker_success'
  | 'timeout_error'
  | 'error_catch';

/** What a boot loader gets: the installer, the local disk, or the microkernel. */
type BootKind = 'installer' | 'local' | 'mk';

/** The command by which a microkernel of this project writes an image (docs/contracts/write-image.md). */
export const WRITE_IMAGE = 'write_image';

interface StateEntry {
  /** Command of a check-in. */
  readonly command: 'reboot' | 'acknowledge' | typeof WRITE_IMAGE;
  readonly boot: BootKind;
  readonly meaning: string;
}

const STATES: Readonly<Record<ModelState, StateEntry>> = {
  init: { command: 'reboot', boot: 'installer', meaning: 'bound, the installer has not asked for its answers yet' },
  preinstall: { command: 'reboot', boot: 'installer', meaning: 'the installer has started' },
  postinstall: { command: 'reboot', boot: 'local', meaning: 'the installer has ended, the new system sets itself up' },
  os_complete: { command: 'reboot', boot: 'local', meaning: 'the system is ready' },
  complete_no_broker: { command: 'acknowledge', boot: 'local', meaning: 'the system is ready, nobody takes it over' },
  broker_wait: { command: 'acknowledge', boot: 'mk', meaning: 'the broker has not decided yet' },
  broker_fail: { command: 'reboot', boot: 'local', meaning: 'the broker refused or could not be reached' },
  broker_success: { command: 'reboot', boot: 'local', meaning: 'the broker has taken the node over' },
  timeout_error: { command: 'acknowledge', boot: 'mk', meaning: 'the installation took too long' },
  error_catch: { command: 'acknowledge', boot: 'mk', meaning: 'the installation failed' },
};

export const MODEL_STATES = Object.keys(STATES) as readonly ModelState[];

/** Whether text names a state. */
export function isModelState(text: string): text is ModelState {
  return Object.hasOwn(STATES, text);
}

/** Where the microkernel is the installer. */
const WRITING: Readonly<Record<string, StateEntry>> = {
  init: { command: WRITE_IMAGE, boot: 'mk', meaning: 'bound, the microkernel has not begun to write the image' },
  preinstall: { command: WRITE_IMAGE, boot: 'mk', meaning: 'the microkernel writes the image' },
  postinstall: { ...STATES.postinstall, meaning: 'the image is written, the new system sets itself up' },
};

/**
 * The row of a state for a family: hypervisors are left alone once a broker is done with them, and an image is written by the
 * microkernel.
 */
export function stateEntry(state: string, family: ModelFamily): StateEntry {
  const entry = STATES[isModelState(state) ? state : 'error_catch'];
  if (family === 'image') return WRITING[state] ?? entry;
  const brokerDone = state === 'broker_fail' || state === 'broker_success';
  return brokerDone && family !== 'linux' ? { ...entry, command: 'acknowledge' } : entry;
}

/** What ends a waiting broker, from outside. */
const BROKER_ACTIONS: Readonly<Record<string, ModelState>> = {
  broker_success: 'broker_success',
  broker_fail: 'broker_fail',
};

/**
 * The state after an action, the same one where the action means nothing in it. Actions are a callback's two words:
 * `preseed_start`, `postinstall_final`, `postinstall_error`.
 */
export function nextState(state: ModelState, action: string): ModelState {
  const installing = state === 'init' || state === 'preinstall';
  if (installing || state === 'postinstall') {
    if (action.endsWith('_error')) return 'error_catch';
    if (action.endsWith('_timeout')) return 'timeout_error';
  }
  if (installing) {
    if (action.startsWith('postinstall_')) return state;
    if (action.endsWith('_start')) return 'preinstall';
    if (action.endsWith('_file')) return 'init';
    if (action.endsWith('_end')) return 'postinstall';
  }
  if (state === 'postinstall' && (action === 'postinstall_final' || action === 'postinstall_end')) return 'os_complete';
  if (state === 'broker_wait') return BROKER_ACTIONS[action] ?? state;
  return state;
}
