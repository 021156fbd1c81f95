import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answers } from '../../../../../lab/installers/answers.ts';
import { esxiBootCfg } from '../../../../../lab/installers/families/hypervisors/esxi.ts';

const answers = (files?: string): Answers =>
  ({ files, callback: (path: string) => `http://lab/${path}` }) as unknown as Answers;

test('boot.cfg of ESXi: files by relative lower-case names from the image service, the answers from the lab', () => {
  const original =
    'bootstate=0\r\nprefix=old\r\nkernel=/B.B00\r\nkernelopt=runweasel\r\nmodules=/A.V00 --- /C.V00=/D\r\nbuild=/Keep\r\n\r\n';
  assert.equal(
    esxiBootCfg(original, answers('http://images/esxi')),
    'bootstate=0\nkernel=b.b00\nmodules=a.v00 --- c.v00=d\nbuild=/Keep\nprefix=http://images/esxi\nkernelopt=ks=http://lab/kickstart/file\n',
  );
  assert.equal(esxiBootCfg('', answers()), 'prefix=\nkernelopt=ks=http://lab/kickstart/file\n');
});
