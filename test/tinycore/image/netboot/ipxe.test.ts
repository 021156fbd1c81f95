import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ipxeScript, layOutIpxe } from '../../../../tinycore/image/netboot/ipxe.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('values that would not work are refused with the value and an example, before anything is written', (t) => {
  const out = temporaryDirectory(t);
  const ipxe = join(out, 'none');
  const network = { interface: 'eth1', address: '192.0.2.1', range: '192.0.2.100,192.0.2.150' };
  const good = { out, ipxe, server: 'razor.example', port: 8026, cards: 8, version: '1', network };
  const on = (more: Partial<typeof network>) => ({ network: { ...network, ...more } });
  const code = (more: object): unknown => {
    try {
      layOutIpxe({ ...good, ...more });
    } catch (error) {
      const { code, message, remedy } = error as { code: string; message: string; remedy: string };
      return code === 'RAZOR_MK_IMAGE_PROGRAM' ? 'taken' : [code, message, remedy];
    }
    return 'no loaders were missed';
  };
  // what passes the check gets as far as the loaders, which are not in that directory
  for (const more of [
    {},
    { server: undefined },
    { server: 'a' },
    { server: '192.0.2.10' },
    { server: 'a'.repeat(254) },
    { port: 1 },
    { port: 65_535 },
    { cards: 1 },
    { cards: 16 },
    on({ interface: 'enp0s31f6.12345' }),
    on({ range: '192.0.2.2,192.0.2.3' }),
  ])
    assert.equal(code(more), 'taken', JSON.stringify(more));
  for (const [more, what, value, example] of [
    [{ server: 'a b' }, 'host', 'a b', /--server 192\.0\.2\.10/],
    [{ server: '' }, 'host', '', /--server/],
    [{ server: 'a.' }, 'host', 'a.', /--server/],
    [{ server: 'a'.repeat(255) }, 'host', 'a'.repeat(255), /--server/],
    [{ server: '-a' }, 'host', '-a', /--server/],
    [{ server: '2001:db8::1' }, 'host', '2001:db8::1', /--server/],
    [{ server: 'a$b' }, 'host', 'a$b', /--server/],
    [{ port: 0 }, 'port', '0', /1 to 65535/],
    [{ port: 65_536 }, 'port', '65536', /1 to 65535/],
    [{ port: NaN }, 'port', 'NaN', /1 to 65535/],
    [{ cards: 0 }, 'number of network cards', '0', /1 to 16/],
    [{ cards: 17 }, 'number of network cards', '17', /1 to 16/],
    [on({ interface: '' }), 'network interface', '', /eth1/],
    [on({ interface: 'enp0s31f6.123456' }), 'network interface', 'enp0s31f6.123456', /eth1/],
    [on({ interface: 'eth1\nx' }), 'network interface', 'eth1\nx', /eth1/],
    [on({ address: 'fd77::1' }), 'address', 'fd77::1', /192\.0\.2\.1/],
    [on({ range: '192.0.2.2' }), 'range', '192.0.2.2', /192\.0\.2\.100,/],
    [on({ range: '192.0.2.2,x' }), 'range', '192.0.2.2,x', /192\.0\.2\.100,/],
    [on({ range: ',192.0.2.2' }), 'range', ',192.0.2.2', /192\.0\.2\.100,/],
  ] as const) {
    const [status, message, remedy] = code(more) as [string, string, string];
    assert.deepEqual([status, message], ['RAZOR_MK_USAGE', `invalid ${what}: ${JSON.stringify(value)}`]);
    assert.match(remedy, example);
  }
  assert.deepEqual(readdirSync(out), []);
});

test('the script asks the server that was named, else the one that DHCP names', () => {
  assert.match(ipxeScript({ server: 'razor.example', port: 8026, cards: 1 }), /http:\/\/razor\.example:8026\//);
  assert.match(ipxeScript({ port: 80, cards: 1 }), /http:\/\/\$\{next-server\}:80\//);
});
