import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepCommands } from '../../../../../agent/servers/ironic/commands/steps.ts';
import type { CommandContext, IronicStep } from '../../../../../agent/servers/ironic/ironic-options.ts';

const calls: unknown[] = [];
const STEP = {
  name: 'wipe',
  kinds: ['clean', 'deploy'],
  interface: 'deploy',
  priority: (_: unknown, kind: string) => (kind === 'clean' ? 10 : 0),
  abortable: true,
  argsinfo: { how: { description: 'how', required: true } },
  run: async (call: unknown) => (calls.push(call), 'wiped'),
} as unknown as IronicStep;
const BARE = {
  name: 'bare',
  kinds: ['clean'],
  interface: 'bios',
  priority: () => 0,
  run: async () => undefined,
} as unknown as IronicStep;
const COMMANDS = new Map(stepCommands([STEP, BARE]).map((command) => [command.name as string, command]));
const run = (name: string, params: object = {}): Promise<unknown> =>
  Promise.resolve(COMMANDS.get(name)?.run(params as never, { settings: {}, kernel: {} } as unknown as CommandContext));

test('each kind lists its steps as a conductor reads them', async () => {
  assert.deepEqual([...COMMANDS.keys()].length, 6);
  const wipe = {
    step: 'wipe',
    priority: 10,
    interface: 'deploy',
    reboot_requested: false,
    abortable: true,
    argsinfo: STEP.argsinfo,
  };
  const bare = {
    step: 'bare',
    priority: 0,
    interface: 'bios',
    reboot_requested: false,
    abortable: false,
    argsinfo: undefined,
  };
  const version = { hardware_manager_version: { RazorMicrokernel: '1.0' } };
  assert.deepEqual(await run('clean.get_clean_steps'), { clean_steps: { RazorMicrokernel: [wipe, bare] }, ...version });
  assert.deepEqual(await run('deploy.get_deploy_steps'), {
    deploy_steps: { RazorMicrokernel: [{ ...wipe, priority: 0 }] },
    ...version,
  });
  assert.deepEqual(await run('service.get_service_steps'), { service_steps: { RazorMicrokernel: [] }, ...version });
});

test('a step is run with its arguments and goes back as it came', async () => {
  const step = { step: 'wipe', args: { how: 'well' }, more: 1 };
  assert.deepEqual(await run('clean.execute_clean_step', { step, ports: [1] }), {
    clean_result: 'wiped',
    clean_step: step,
  });
  assert.deepEqual(calls.pop(), { kind: 'clean', args: { how: 'well' }, ports: [1] });
  assert.deepEqual(await run('clean.execute_clean_step', { step: { step: 'bare', args: [] } }), {
    clean_result: null,
    clean_step: { step: 'bare', args: [] },
  });
  const execute = COMMANDS.get('clean.execute_clean_step');
  assert.deepEqual(
    [execute?.async, execute?.changesMachine, COMMANDS.get('clean.get_clean_steps')?.async],
    [true, true, false],
  );
});

test('a step that this kind has not is refused with those that it has', async () => {
  const refused = (name: string, params: object, message: string, remedy: string): Promise<void> =>
    assert.rejects(run(name, params), { code: 'RAZOR_MK_REPLY', message, remedy });
  const known = 'This agent knows: wipe, bare.';
  await refused('clean.execute_clean_step', { step: { step: 'x' } }, 'there is no clean step "x"', known);
  await refused(
    'deploy.execute_deploy_step',
    { step: { step: 'bare' } },
    'there is no deploy step "bare"',
    'This agent knows: wipe.',
  );
  for (const step of [undefined, null, 'wipe', ['wipe']])
    await refused('clean.execute_clean_step', { step }, 'there is no clean step undefined', known);
});
