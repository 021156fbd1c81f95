import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { eraseAta, isAta, securityOf } from '../../../../agent/disks/erase/ata.ts';
import type { Attempt, EraseTools } from '../../../../agent/disks/erase/attempt.ts';
import type { Disk } from '../../../../agent/disks/disks.ts';
import { run } from '../../../../platform/process/run.ts';
import type { System } from '../../../../platform/system.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

/** The section as hdparm prints it. */
function section(words: readonly string[]): string {
  const line = (word: string): string => (words.includes(word) ? `\t\t${word}` : `\tnot\t${word}`);
  const enhanced = words.includes('enhanced') ? '\t\tsupported: enhanced erase' : '\tnot\tsupported: enhanced erase';
  const lines = ['supported', 'enabled', 'locked', 'frozen'].map(line);
  return [
    'Security: ',
    '\tMaster password revision code = 65534',
    ...lines,
    enhanced,
    'Logical Unit WWN: 5000',
    '\tfrozen',
    '',
  ].join('\n');
}

test('what a drive says of its security is the section of that name', () => {
  const all = { supported: true, enabled: true, locked: true, frozen: true, enhanced: true };
  assert.deepEqual(securityOf(`x\n${section(['supported', 'enabled', 'locked', 'frozen', 'enhanced'])}`), all);
  const none = { supported: false, enabled: false, locked: false, frozen: false, enhanced: false };
  assert.deepEqual(securityOf(section([])), none);
  assert.equal(securityOf('\tSecurity: \n\tsupported'), undefined);
  assert.deepEqual(securityOf('Security:\n\t\tsupported'), { ...none, supported: true });
  assert.deepEqual([isAta({ vendor: 'ATA' } as Disk), isAta({ vendor: 'SEAGATE' } as Disk)], [true, false]);
});

/**
 * A drive that is played by a script: its states, one a look, the last one for ever; and the acts that it refuses.
 * `acts` is what was asked of it.
 */
async function erase(
  t: TestContext,
  states: readonly (readonly string[])[],
  refused: readonly string[] = [],
): Promise<{ attempt: Attempt; acts: readonly string[] }> {
  const directory = temporaryDirectory(t);
  states.forEach((words, index) => writeFileSync(join(directory, `look-${index}`), section(words)));
  const program = join(directory, 'hdparm');
  const script = `#!/bin/sh
cd ${directory}
if [ "$1" = -I ]; then
  n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) >n
  while [ ! -e look-$n ]; do n=$((n - 1)); done
  cat look-$n; exit 0
fi
echo "$*" >>acts
case " ${refused.join(' ')} " in *" $3 "*) echo "SG_IO: bad/missing sense data" >&2;; esac
`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  writeFileSync(join(directory, 'acts'), '');
  const system = { run: async (_: string, argv: [string, ...string[]]) => run(argv) } as unknown as System;
  const tools = { system, find: () => program } as unknown as EraseTools;
  const attempt = await eraseAta({ path: '/dev/sda' } as Disk, tools);
  const acts = readFileSync(join(directory, 'acts'), 'utf8').trim().split('\n');
  return {
    attempt,
    acts: acts.filter(Boolean).map((line) => line.replace('--user-master u ', '').replace(' NULL /dev/sda', '')),
  };
}

test('a drive gets a password, is erased by it, and has none afterwards', async (t) => {
  const [plain, enabled] = [['supported'], ['supported', 'enabled']] as const;
  assert.deepEqual(await erase(t, [plain, enabled, plain]), {
    attempt: { is: 'done', how: 'ATA secure erase' },
    acts: ['--security-set-pass', '--security-erase'],
  });
  const [better, betterEnabled] = [
    [...plain, 'enhanced'],
    [...enabled, 'enhanced'],
  ];
  assert.deepEqual(await erase(t, [better, betterEnabled, better]), {
    attempt: { is: 'done', how: 'ATA secure erase (enhanced)' },
    acts: ['--security-set-pass', '--security-erase-enhanced'],
  });
  // left with the password by somebody before
  assert.deepEqual((await erase(t, [enabled, plain])).acts, ['--security-erase']);
  const locked = await erase(t, [[...enabled, 'locked'], enabled, plain]);
  assert.deepEqual([locked.attempt.is, locked.acts], ['done', ['--security-unlock', '--security-erase']]);
});

test('nothing is begun where it cannot work', async (t) => {
  assert.deepEqual(await erase(t, [[]]), { attempt: { is: 'unsupported', why: 'it has no ATA security' }, acts: [] });
  const frozen = await erase(t, [['supported', 'frozen']]);
  assert.deepEqual([frozen.attempt.is, frozen.acts], ['failed', []]);
  assert.match('why' in frozen.attempt ? frozen.attempt.why : '', /has frozen ATA security/);
  assert.deepEqual(await erase(t, [['supported', 'enabled', 'locked']]), {
    attempt: { is: 'failed', why: 'it is locked by an ATA password that is not known here' },
    acts: ['--security-unlock'],
  });
  assert.deepEqual(await erase(t, [['supported']], ['--security-set-pass']), {
    attempt: { is: 'failed', why: 'no ATA password could be set: SG_IO: bad/missing sense data' },
    acts: ['--security-set-pass'],
  });
  assert.deepEqual((await erase(t, [['supported']])).attempt, { is: 'failed', why: 'no ATA password could be set' });
  const none = { find: () => undefined } as unknown as EraseTools;
  assert.deepEqual(await eraseAta({ path: '/dev/sda' } as Disk, none), {
    is: 'unsupported',
    why: 'there is no hdparm in this image',
  });
});

test('after an erase that went wrong the password is taken away again, and it is said when it stays', async (t) => {
  const [plain, enabled] = [['supported'], ['supported', 'enabled']] as const;
  const undo = ['--security-erase', '--security-unlock', '--security-disable'];
  assert.deepEqual(await erase(t, [enabled, enabled, plain]), {
    attempt: { is: 'failed', why: 'ATA secure erase: the drive did not take its password away, as an erase does' },
    acts: undo,
  });
  const stays = await erase(t, [enabled]);
  assert.match('why' in stays.attempt ? stays.attempt.why : '', /; ITS ATA PASSWORD IS STILL SET \(hdparm’s NULL\)$/);
  // the drive says that all is well, and hdparm that it is not
  assert.deepEqual(await erase(t, [enabled, plain], ['--security-erase']), {
    attempt: { is: 'failed', why: 'ATA secure erase: SG_IO: bad/missing sense data' },
    acts: undo,
  });
});
