import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { sourceEpoch } from '../../../packaging/inventory/source-epoch.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

describe('the time of what is built', () => {
  it('is SOURCE_DATE_EPOCH, up to what four bytes hold', async (t) => {
    const empty = temporaryDirectory(t);
    for (const [given, time] of Object.entries({ '0': 0, '1234': 1234, '4294967295': 4_294_967_295 })) {
      assert.equal(await sourceEpoch({ SOURCE_DATE_EPOCH: given }, empty), time);
    }
    for (const given of ['4294967296', '12345678901', '-1', '1.5', 'today', ' 1']) {
      await assert.rejects(sourceEpoch({ SOURCE_DATE_EPOCH: given }, empty), {
        code: 'RAZOR_MK_USAGE',
        message: `invalid SOURCE_DATE_EPOCH: ${given}`,
      });
    }
  });

  it('is that of the last commit where nothing is given, and a constant where there is no history', async (t) => {
    const directory = temporaryDirectory(t);
    assert.equal(await sourceEpoch({}, directory), Date.UTC(2026, 0, 1) / 1000);
    const date = '1700000000 +0200';
    const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' };
    const env = { ...process.env, ...who, GIT_AUTHOR_DATE: '1600000000 +0000', GIT_COMMITTER_DATE: date };
    for (const words of [
      ['init', '-q'],
      ['commit', '-q', '--allow-empty', '-m', 'first'],
    ]) {
      execFileSync('git', ['-C', directory, ...words], { env });
    }
    assert.equal(await sourceEpoch({ SOURCE_DATE_EPOCH: '' }, directory), 1_700_000_000);
  });
});
