import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isModelState, MODEL_STATES, nextState, stateEntry } from '../../../lab/engine/models.ts';
import { familyOf, TEMPLATES } from '../../../lab/installers/templates.ts';

describe('models', () => {
  it('tell the microkernel and the boot loader what the table says, state by state', () => {
    const table: [string, string, string][] = MODEL_STATES.map((state) => {
      const { command, boot } = stateEntry(state, 'linux');
      return [state, command, boot];
    });
    assert.deepEqual(table, [
      ['init', 'reboot', 'installer'],
      ['preinstall', 'reboot', 'installer'],
      ['postinstall', 'reboot', 'local'],
      ['os_complete', 'reboot', 'local'],
      ['complete_no_broker', 'acknowledge', 'local'],
      ['broker_wait', 'acknowledge', 'mk'],
      ['broker_fail', 'reboot', 'local'],
      ['broker_success', 'reboot', 'local'],
      ['timeout_error', 'acknowledge', 'mk'],
      ['error_catch', 'acknowledge', 'mk'],
    ]);
    for (const family of ['esxi', 'xenserver'] as const) {
      for (const state of ['broker_fail', 'broker_success']) {
        assert.equal(stateEntry(state, family).command, 'acknowledge', `${family} ${state}`);
      }
      assert.equal(stateEntry('init', family).command, 'reboot');
    }
  });

  it('move as the original’s run was seen to', () => {
    const run = ['preseed_start', 'preseed_file', 'preseed_end', 'postinstall_final'];
    let state = 'init' as Parameters<typeof nextState>[0];
    const seen = run.map((action) => (state = nextState(state, action)));
    assert.deepEqual(seen, ['preinstall', 'init', 'postinstall', 'os_complete']);
  });

  it('stay where they are for actions that mean nothing there, and catch errors while installing', () => {
    assert.equal(nextState('complete_no_broker', 'preseed_start'), 'complete_no_broker');
    assert.equal(nextState('init', 'postinstall_final'), 'init');
    assert.equal(nextState('postinstall', 'preseed_start'), 'postinstall');
    assert.equal(nextState('preinstall', 'preseed_error'), 'error_catch');
    assert.equal(nextState('postinstall', 'postinstall_timeout'), 'timeout_error');
    assert.equal(nextState('broker_wait', 'broker_success'), 'broker_success');
    assert.equal(nextState('init', 'broker_success'), 'init');
  });

  it('of an image have the microkernel write it, until it is written', () => {
    for (const state of ['init', 'preinstall']) {
      assert.equal(stateEntry(state, 'image').command, 'write_image');
      assert.equal(stateEntry(state, 'image').boot, 'mk');
    }
    for (const state of MODEL_STATES.slice(2)) {
      const { command, boot } = stateEntry(state, 'image');
      assert.deepEqual(
        { command, boot },
        { command: stateEntry(state, 'linux').command, boot: stateEntry(state, 'linux').boot },
      );
    }
  });

  it('are of four families', () => {
    assert.deepEqual(
      new Set(TEMPLATES.map((template) => familyOf(template.name))),
      new Set(['linux', 'esxi', 'xenserver', 'image']),
    );
  });

  it('end where each installer’s word says, and only where it means something', () => {
    assert.equal(nextState('preinstall', 'kickstart_end'), 'postinstall');
    assert.equal(nextState('preinstall', 'kickstart_file'), 'init');
    assert.equal(nextState('init', 'kickstart_timeout'), 'timeout_error');
    assert.equal(nextState('postinstall', 'postinstall_end'), 'os_complete');
    assert.equal(nextState('postinstall', 'postinstall_error'), 'error_catch');
    assert.equal(nextState('preinstall', 'postinstall_end'), 'preinstall');
    assert.equal(nextState('broker_wait', 'broker_fail'), 'broker_fail');
    assert.equal(nextState('broker_wait', 'preseed_error'), 'broker_wait');
    for (const state of ['os_complete', 'broker_fail', 'broker_success', 'timeout_error', 'error_catch'] as const) {
      for (const action of ['preseed_start', 'postinstall_final', 'preseed_error', 'broker_success'])
        assert.equal(nextState(state, action), state, `${state} ${action}`);
    }
  });

  it('are known by name, and one that is not counts as an error', () => {
    assert.equal(isModelState('init'), true);
    assert.equal(isModelState('constructor'), false);
    assert.equal(stateEntry('constructor', 'linux').boot, 'mk');
  });
});
