import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runOwnVerb } from '../../lab/own-verb.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Host } from '../../platform/process/verb.ts';

const host = (script: string, env: Host['env'] = {}): Host =>
  ({ env, self: ['sh', '-c', script, 'razor-mk'], signal: new AbortController().signal }) as unknown as Host;

test('a verb of this program runs with its words, in the environment of the one that asks', async () => {
  const { stdout } = await runOwnVerb(
    host('echo "$@" "$A"', { A: 'set', B: undefined }),
    'image',
    'ipxe',
    '--out',
    'x',
  );
  assert.equal(stdout.toString(), 'image ipxe --out x set\n');
});

test('one that fails is named with the last three lines that it said', async () => {
  await assert.rejects(
    runOwnVerb(host('printf "1\\n2\\n3\\n4\\n" >&2; exit 1'), 'image', 'build', '--x'),
    new RazorMkError('RAZOR_MK_RUN', 'razor-mk image build: 2; 3; 4'),
  );
  const missing = { ...host(''), self: ['/no/such/program'] } as unknown as Host;
  await assert.rejects(runOwnVerb(missing, 'demo'), new RazorMkError('RAZOR_MK_RUN', 'razor-mk demo : not-found'));
});
