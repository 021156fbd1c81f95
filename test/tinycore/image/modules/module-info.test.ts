import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { moduleInfo } from '../../../../tinycore/image/modules/module-info.ts';
import { plainModule } from '../../../../tinycore/image/modules/modules.ts';
import { run } from '../../../../platform/process/run.ts';
import { fakeModule } from '../../../helpers/fake-module.ts';

test('the texts of .modinfo are read, and nothing of what only looks like them', () => {
  const module = fakeModule(['license=GPL', 'firmware=bnx2/x.fw']);
  assert.deepEqual(moduleInfo(module), ['license=GPL', 'firmware=bnx2/x.fw']);
  assert.deepEqual(moduleInfo(Buffer.concat([module, Buffer.from('firmware=no/such\0')])), moduleInfo(module));
});

test('cut and damaged files give no texts and no exception', () => {
  const module = fakeModule(['firmware=a', 'firmware=b']);
  for (let length = 0; length < module.length; length++) moduleInfo(module.subarray(0, length));
  for (let at = 0; at < module.length; at++) {
    const damaged = Buffer.from(module);
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    assert.ok(Array.isArray(moduleInfo(damaged)));
  }
  assert.deepEqual(moduleInfo(Buffer.from('\x7fELF')), []);
});

test('modinfo says the same of real modules', async (t) => {
  const found = modulesOfThisMachine().slice(0, 20);
  if (found.length === 0 || (await run(['modinfo', '--version'])).status !== 0)
    return t.skip('no modules or no modinfo here');
  for (const path of found) {
    const said = (await run(['modinfo', '-F', 'firmware', path])).stdout.toString().split('\n').filter(Boolean);
    const module = Buffer.from(await plainModule(path, readFileSync(path)));
    const read = moduleInfo(module).filter((text) => text.startsWith('firmware='));
    assert.deepEqual(read.map((text) => text.slice(9)).sort(), said.sort(), path);
  }
});

function modulesOfThisMachine(): string[] {
  try {
    return readdirSync('/lib/modules', { recursive: true, encoding: 'utf8' })
      .filter((name) => /ethernet\/.*\.ko/.test(name))
      .map((name) => join('/lib/modules', name));
  } catch {
    return [];
  }
}
