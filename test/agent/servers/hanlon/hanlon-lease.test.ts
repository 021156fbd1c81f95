import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HANLON_LEASE_FILE } from '../../../../agent/servers/hanlon/hanlon-descriptor.ts';
import { readHanlonLease } from '../../../../agent/servers/hanlon/hanlon-lease.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

/** Reads the files `{ server, port, base }` as a DHCP client's script leaves them. */
function read(files: { server?: string; port?: string; base?: string }): ReturnType<typeof readHanlonLease> {
  const directory = temporaryDirectory();
  const write = (name: string, text: string | undefined): void => {
    if (text !== undefined) writeFileSync(join(directory, name), text);
  };
  write(HANLON_LEASE_FILE, files.server);
  write('hanlonServerPort.addr', files.port);
  write('hanlonServerBaseUri.addr', files.base);
  return readHanlonLease(join(directory, 'nextServerIP.addr'));
}

test('address, port and base path that a lease named', async () => {
  const { address, note } = await read({ server: '192.0.2.1\n', port: '8027\n', base: '/hanlon/api/v2/\n' });
  assert.deepEqual([address?.host, address?.port, address?.path], ['192.0.2.1', 8027, '/hanlon/api/v2']);
  assert.equal(note, `${HANLON_LEASE_FILE} holds 192.0.2.1, port 8027, base /hanlon/api/v2`);
  const bare = await read({ server: '192.0.2.1' });
  assert.deepEqual(
    [bare.address?.port, bare.address?.path, bare.note],
    [undefined, '', `${HANLON_LEASE_FILE} holds 192.0.2.1`],
  );
});

test('without the file, or with nonsense in it, there is no address', async () => {
  const none = await read({ port: '8027' });
  assert.equal(none.address, undefined);
  assert.match(none.note, /does not exist$/);
  const wrong = await read({ server: '10.0.0.300' });
  assert.equal(wrong.address, undefined);
  assert.ok(wrong.note.startsWith(`${HANLON_LEASE_FILE} `));
});

test('a port or path that cannot be is said and passed over', async () => {
  for (const port of ['0', '65536', 'x', '1x', '123456']) {
    const { address, note } = await read({ server: '192.0.2.1', port });
    assert.deepEqual(
      [address?.port, note],
      [undefined, `${HANLON_LEASE_FILE} holds 192.0.2.1, hanlonServerPort.addr holds an invalid port`],
    );
  }
  assert.equal((await read({ server: '192.0.2.1', port: '65535' })).address?.port, 65_535);
  for (const base of ['x/y', '/a b', '/', `/${'x'.repeat(201)}`, '/a?b'])
    assert.deepEqual([(await read({ server: '192.0.2.1', base })).address?.path, base], ['', base]);
  assert.match(
    (await read({ server: '192.0.2.1', base: 'x' })).note,
    /hanlonServerBaseUri.addr holds an invalid path$/,
  );
});
