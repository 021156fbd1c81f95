import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersFor } from '../../../lab/installers/answers.ts';
import type { Routes } from '../../../lab/listeners/routes.ts';
import type { ActiveModel } from '../../../lab/store/records.ts';

test('of the installer’s kernel line the installed system gets the consoles, and nothing that is none', () => {
  const consolesOf = (kernelArgs?: string): readonly string[] => {
    const metadata = kernelArgs === undefined ? {} : { kernel_args: kernelArgs };
    const active = { uuid: 'u', number: 1, model: { template: 'debian', metadata } } as unknown as ActiveModel;
    return answersFor(active, {} as Routes).consoles;
  };
  assert.deepEqual(consolesOf(), []);
  assert.deepEqual(consolesOf('quiet console=tty0 console=ttyS0,115200n8 xconsole=1'), [
    'console=tty0',
    'console=ttyS0,115200n8',
  ]);
  assert.deepEqual(consolesOf(`console= console=a$(b) console=${'x'.repeat(61)}`), []);
});
