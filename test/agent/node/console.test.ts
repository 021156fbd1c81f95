import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createConsoleTeller, writeConsole } from '../../../agent/node/console.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('a line reaches the console, and a console that is not there is no error', () => {
  const dir = temporaryDirectory();
  const path = join(dir, 'console');
  writeFileSync(path, '');
  writeConsole('MK Loaded: v1', path);
  assert.equal(readFileSync(path, 'latin1'), 'MK Loaded: v1\r\n');
  writeConsole('lost', join(dir, 'absent'));
});

test('the console is told of the server once, that the machine goes down, and what is warned about, without secrets and control characters', () => {
  const lines: string[] = [];
  const tell = createConsoleTeller((line) => void lines.push(line));
  tell({ event: 'waiting', ms: 1, reason: 'the next turn' });
  const found = { event: 'discovered', source: 'DNS name razor', candidates: [], steps: [] } as const;
  for (const server of ['http://10.0.0.1:8026', 'http://10.0.0.1:8026', 'http://10.0.0.2:8026'])
    tell({ ...found, server });
  tell({ event: 'warning', message: 'reboot for the 6th time: token=hunter2 \u001b[2J is held back' });
  tell({ event: 'config-rollback', reason: '3 check-ins in a row failed' });
  tell({ event: 'leaving', what: 'the machine restarts', server: 'http://10.0.0.1:8026' });
  assert.deepEqual(lines, [
    'razor-mk: server http://10.0.0.1:8026, found by DNS name razor',
    'razor-mk: server http://10.0.0.2:8026, found by DNS name razor',
    'razor-mk: reboot for the 6th time: token=[redacted] ?[2J is held back',
    'razor-mk: pushed configuration rolled back: 3 check-ins in a row failed',
    'razor-mk: the machine restarts, because http://10.0.0.1:8026 said so. This is the last line.',
  ]);
});
