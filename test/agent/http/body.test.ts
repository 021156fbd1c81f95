import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { bodyOf, endedBy } from '../../../agent/http/body.ts';

const tooLong = (): Error => new Error('too long');

/** A body in these pieces. */
function stream(...pieces: readonly string[]): PassThrough {
  const through = new PassThrough();
  for (const piece of pieces) through.write(piece);
  through.end();
  return through;
}

test('a body is all of its pieces, up to its limit and not a byte more', async () => {
  assert.equal((await bodyOf(stream('ab', 'cd'), 4, tooLong)).toString(), 'abcd');
  assert.equal((await bodyOf(stream(), 0, tooLong)).length, 0);
  await assert.rejects(bodyOf(stream('ab', 'cde'), 4, tooLong), /^Error: too long$/);
});

test('a body that breaks off is an error with a code, and so is one whose stream fails', async () => {
  const broken = new PassThrough();
  const reading = bodyOf(broken, 10, tooLong);
  broken.write('ab');
  broken.destroy();
  await assert.rejects(reading, { code: 'ERR_STREAM_PREMATURE_CLOSE' });
  const failed = new PassThrough();
  const other = bodyOf(failed, 10, tooLong);
  failed.destroy(new Error('reset'));
  await assert.rejects(other, /^Error: reset$/);
});

test('a signal ends all streams that hang on it, those that come late too, and none that was let go', async () => {
  const controller = new AbortController();
  const [first, second, free, late] = [new PassThrough(), new PassThrough(), new PassThrough(), new PassThrough()];
  const errors: string[] = [];
  for (const [name, one] of Object.entries({ first, second, free, late }))
    one.on('error', ({ message }: Error) => void errors.push(`${name} ${message}`));
  endedBy(controller.signal, first);
  endedBy(controller.signal, second);
  endedBy(controller.signal, free)();
  endedBy(undefined, free)();
  controller.abort();
  endedBy(controller.signal, late);
  await new Promise(setImmediate);
  assert.deepEqual(errors.sort(), ['first stopped', 'late stopped', 'second stopped']);
  assert.equal(free.destroyed, false);
});
