import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noNamespace, userSegment } from '../../../lab/vm/user-network.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';

test('without a namespace programs run as they are; one that fails is said with its words', async (t) => {
  const place = noNamespace();
  t.after(() => place.close());
  assert.deepEqual(place.inside(['ip', 'addr']), ['ip', 'addr']);
  await place.must(['true']);
  await assert.rejects(
    place.must(['sh', '-c', 'echo why >&2; exit 2']),
    new RazorMkError('RAZOR_MK_RUN', 'sh -c echo why >&2; exit 2: why'),
  );
  await assert.rejects(place.must(['false']), new RazorMkError('RAZOR_MK_RUN', 'false: status 1'));
  await assert.rejects(place.must(['/no/such']), new RazorMkError('RAZOR_MK_RUN', '/no/such: not-found'));
});

test('QEMU’s own network asks for nothing but the TFTP root that was named', async () => {
  const segment = userSegment();
  assert.equal(segment.address, '10.0.2.2');
  assert.equal(segment.tftpRoot(), undefined);
  await segment.addTap('tap1');
  await segment.startDhcp({ tftpRoot: '/srv/tftp' } as unknown as Parameters<typeof segment.startDhcp>[0]);
  assert.equal(segment.tftpRoot(), '/srv/tftp');
});
