import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identityConflict } from '../../../lab/engine/identity-conflict.ts';
import { startLab } from '../../../lab/lab-server.ts';
import { register } from '../../helpers/lab-process.ts';

const UUID = '564d5a12-0f3c-4b1e-9a77-52540012abcd';

test('two machines with one id are noticed by UUID or serial number, and fillers and turned bytes are no difference', () => {
  const rows: readonly (readonly [Record<string, unknown>, Record<string, unknown>, RegExp | undefined])[] = [
    [{ serialnumber: 'A1' }, { serialnumber: 'B2' }, /^serial number \(a1 before, b2 now\)$/],
    [{ uuid: UUID }, { uuid: UUID.replace(/d$/, 'e') }, /^UUID/],
    [{ serialnumber: 'A1', uuid: UUID }, { serialnumber: 'a1 ', uuid: UUID.toUpperCase() }, undefined],
    [{ uuid: UUID }, { uuid: '125a4d56-3c0f-1e4b-9a77-52540012abcd' }, undefined],
    [{ serialnumber: 'A1' }, { serialnumber: 'To Be Filled By O.E.M.' }, undefined],
    [{ serialnumber: '0123456789' }, { serialnumber: 'A1' }, /^serial/],
    [{ serialnumber: 'A1' }, {}, undefined],
    [{ serialnumber: 4711 }, { serialnumber: 'A1' }, undefined],
    [{ mk_hw_bus_serial: 'A1' }, { mk_hw_bus_serial: 'B2' }, /^serial/],
    [{ uuid: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }, { uuid: UUID }, undefined],
  ];
  for (const [before, now, expected] of rows) {
    const found = identityConflict(before, now);
    if (expected) assert.match(found ?? 'none', expected, JSON.stringify([before, now]));
    else assert.equal(found, undefined, JSON.stringify([before, now]));
  }
});

test('the lab warns when a register under a known id brings another serial number, and not for the same machine again', async (t) => {
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 } });
  t.after(() => lab.close());
  const conflicts = (): number => lab.events.since(0).filter(({ type }) => type === 'conflict').length;
  await register(lab.nodesUrl, '525400000001', { serialnumber: 'A1' });
  await register(lab.nodesUrl, '525400000001', { serialnumber: 'A1' });
  assert.equal(conflicts(), 0);
  await register(lab.nodesUrl, '525400000001_525400000002', { serialnumber: 'B2' });
  assert.equal(conflicts(), 1);
  assert.match(
    lab.events.since(0).find(({ type }) => type === 'conflict')?.message ?? '',
    /two machines have the same id/,
  );
});
