import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedPeers, greet, isAllowed } from '../../../../../agent/servers/ironic-2014/iscsi/initiators.ts';
import type { DeployParameters } from '../../../../../agent/servers/ironic-2014/parameters/deploy-parameters.ts';
import { silentLog } from '../../../../../platform/log/log.ts';

const peers = (
  ironicApiUrl: string,
  bootServer: string | undefined,
  ...allowed: readonly string[]
): Promise<string[]> => allowedPeers({ ironicApiUrl, bootServer } as unknown as DeployParameters, allowed);

test('the API’s host, the boot server and whoever was allowed besides may log in', async () => {
  assert.deepEqual(await peers('http://192.0.2.1:6385', '192.0.2.2', '192.0.2.3', '192.0.2.1'), [
    '192.0.2.1',
    '192.0.2.2',
    '192.0.2.3',
  ]);
  assert.deepEqual(await peers('http://[2001:db8::1]:6385', undefined, ''), ['2001:db8::1']);
  assert.deepEqual(await peers('not a URL', '192.0.2.2'), ['192.0.2.2']);
  assert.deepEqual(await peers('http://192.0.2.1', '192.0.2.2', 'x', 'ALL'), ['ALL']);
  assert.ok((await peers('http://localhost', undefined)).every((address) => ['127.0.0.1', '::1'].includes(address)));
  await assert.rejects(peers('not a URL', ''), {
    code: 'RAZOR_MK_DEPLOY',
    message: 'no address is known that may log in',
  });
});

test('ALL is everybody', () => {
  assert.deepEqual(
    [isAllowed(['ALL'], 'x'), isAllowed(['a'], 'a'), isAllowed(['a'], 'b'), isAllowed([], 'a')],
    [true, true, false, false],
  );
});

test('a boot server without an address is not greeted', async () => {
  const said: string[] = [];
  const log = {
    ...silentLog,
    warn: (text: string) => void said.push(text),
    info: (text: string) => void said.push(text),
  };
  await greet(undefined, log);
  await greet('name.example', log);
  assert.deepEqual(said, []);
});
