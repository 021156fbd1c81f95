/** razor-server 1.x on the wire: requests and replies as they were seen, against the lab. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import { rawRequest, type RawReply } from '../helpers/raw-http.ts';
import { makeZip } from '../helpers/zip.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const PORTS = { nodes: 0, images: 0, people: 0, razorServer: 0 };
const JSON_TYPE = 'Content-Type: application/json';
const FACTS = { macaddress: '02:fc:00:00:00:01', macaddress_eth1: 'fe:07:b9:17:ee:6d', is_virtual: 'true' };
const BODY = JSON.stringify({ hw_id: '02fc00000001_fe07b917ee6d', facts: FACTS });

const directory = temporaryDirectory();
const extensionZip = join(directory, 'extension.zip');
writeFileSync(extensionZip, makeZip([{ name: 'bin/hello', data: 'x' }]));
for (const [name, text] of [
  ['vmlinuz', 'kernel'],
  ['core.gz', 'initrd'],
] as const) {
  mkdirSync(join(directory, 'boot'), { recursive: true });
  writeFileSync(join(directory, 'boot', name), text);
}
utimesSync(extensionZip, 1_790_000_000, 1_790_000_000);

for (const faithful of [false, true]) {
  describe(faithful ? 'a faithful lab' : 'a lab that is right', () => {
    let lab: Lab;
    before(async () => {
      lab = await startLab({ ports: PORTS, faithful, razorServer: { extensionZip } });
    });
    after(() => lab.close());

    const get = (path: string, ...headers: string[]): Promise<RawReply> =>
      rawRequest(lab.razorServerUrl ?? '', [`GET ${path} HTTP/1.1`, ...headers]);
    const post = (path: string, body: string, ...headers: string[]): Promise<RawReply> =>
      rawRequest(lab.razorServerUrl ?? '', [`POST ${path} HTTP/1.1`, ...headers], body);
    const idOf = async (query: string): Promise<number> =>
      (JSON.parse((await get(`/svc/nodeid?${query}`)).body) as { id: number }).id;

    test('nodeid creates a node for a MAC that nobody knows and names it by every spelling of that MAC', async () => {
      const first = await get('/svc/nodeid?net0=02:00:00:00:00:01');
      assert.equal(first.status, 200);
      assert.equal(first.headers['content-type'], 'application/json');
      const { id } = JSON.parse(first.body) as { id: number };
      assert.equal(await idOf('net0=02-00-00-00-00-01&net1='), id);
      assert.equal(await idOf('net7=02:00:00:00:00:01&serial=&uuid='), id);
      assert.notEqual(await idOf('net0=02:00:00:00:00:02'), id);
    });

    test('nodeid without parameters is an empty 400, with keys that nobody matches on a 400 that says so', async () => {
      const bare = await get('/svc/nodeid');
      assert.deepEqual([bare.status, bare.body], [400, '']);
      const unmatched = await get('/svc/nodeid?serial=ABC');
      assert.equal(unmatched.status, 400);
      assert.match(unmatched.body, /^\{"error":"Lookup was given \[\\"serial\\"\], none of which/);
    });

    test('MACs of two known nodes in one request are ambiguous: an empty 400', async () => {
      await idOf('net0=02:00:00:00:01:01');
      await idOf('net0=02:00:00:00:01:02');
      const both = await get('/svc/nodeid?net0=02:00:00:00:01:01&net1=02:00:00:00:01:02');
      assert.deepEqual([both.status, both.body], [400, '']);
      const boot = await get('/svc/boot?net0=02:00:00:00:01:01&net1=02:00:00:00:01:02');
      assert.deepEqual([boot.status, boot.body], [400, '']);
    });

    test('the table of check-in requests is answered as it was seen', async () => {
      const id = await idOf('net0=02:fc:00:00:00:01');
      const path = `/svc/checkin/${id}`;
      const ok = await post(path, BODY, JSON_TYPE, 'User-Agent: razor/0.0.0-DEVELOPMENT facter/4.3.0');
      assert.deepEqual(
        [ok.status, ok.headers['content-type'], ok.body],
        [200, 'application/json', '{"action":"none"}'],
      );
      const withoutId = await post(path, JSON.stringify({ facts: FACTS }), JSON_TYPE);
      assert.equal(withoutId.status, 200, 'hw_id is ignored');
      const charset = await post(path, BODY, 'Content-Type: application/json; charset=utf-8');
      assert.deepEqual([charset.status, charset.body], faithful ? [400, ''] : [200, '{"action":"none"}']);
      const cases: [string, string, number, RegExp][] = [
        ['text/json', BODY, 400, /^$/],
        ['application/json', '{"facts":', 400, /^$/],
        ['application/json', '{"hw_id":"x"}', 400, /^$/],
        ['application/json', '[1]', 400, /^\{"error":"no implicit conversion of String into Integer"\}$/],
        ['application/json', '{"facts":"x"}', faithful ? 500 : 400, faithful ? /^<h1>/ : /^$/],
        ['application/json', '{"facts":{}}', 200, /^\{"action":"none"\}$/],
        ['application/json', '{"facts":{"a":1,"b":[true,null],"c":{"d":0.5}}}', 200, /^\{"action":"none"\}$/],
      ];
      for (const [type, body, status, expected] of cases) {
        const reply = await post(path, body, `Content-Type: ${type}`);
        assert.equal(reply.status, status, `${type} ${body}`);
        assert.match(reply.body, expected, `${type} ${body}`);
      }
      if (faithful) {
        assert.equal((await post(path, BODY, 'Content-Type: Application/JSON')).status, 400);
        assert.equal((await post(path, '{"facts":"x"}', JSON_TYPE)).headers['content-type'], 'text/html;charset=utf-8');
      }
    });

    test('unknown, impossible and missing node ids', async () => {
      const unknown = await post('/svc/checkin/99999', BODY, JSON_TYPE);
      assert.deepEqual([unknown.status, unknown.body, unknown.headers['content-type']], [404, '', 'application/json']);
      const text = await post('/svc/checkin/abc', BODY, JSON_TYPE);
      assert.equal(text.status, 400);
      assert.match(text.body, /^\{"error":"PG::InvalidTextRepresentation/);
      for (const reply of [
        await post('/svc/checkin', BODY, JSON_TYPE),
        await get('/svc/checkin/1'),
        await get('/svc/x'),
      ]) {
        assert.deepEqual([reply.status, reply.body], [404, '<h1>Not Found</h1>']);
        assert.match(reply.headers['content-type'] ?? '', /^text\/html/);
      }
    });

    test('a first check-in is matched by its macaddress facts', async () => {
      const id = await idOf('net0=02:00:00:00:02:01');
      const first = (facts: Record<string, unknown>): Promise<RawReply> =>
        post(`/svc/checkin/${id}`, JSON.stringify({ facts }), JSON_TYPE);
      const none = await first({ serialnumber: 'ABC' });
      assert.equal(none.status, 400);
      assert.match(none.body, /none of which are configured as match criteria in match_nodes_on \(\[\\"mac\\"\]\)/);
      assert.deepEqual([(await first({ macaddress: '02:00:00:00:ff:ff' })).status], [404]);
      assert.equal(
        (await first({ macaddress: '02:00:00:00:02:01', macaddress_eth1: null })).status,
        faithful ? 500 : 400,
      );
      assert.equal((await first({ macaddress_eth3: '02-00-00-00-02-01' })).status, 200);
    });

    test('a machine known by another interface is merged into that node; the id on its kernel line is then gone', async () => {
      const old = await idOf('net0=02:00:00:00:03:0a');
      await post(`/svc/checkin/${old}`, JSON.stringify({ facts: { macaddress: '02:00:00:00:03:0a' } }), JSON_TYPE);
      const fresh = await idOf('net0=02:00:00:00:03:0b');
      assert.notEqual(fresh, old);
      const facts = { macaddress: '02:00:00:00:03:0a', macaddress_eth1: '02:00:00:00:03:0b' };
      const merging = await post(`/svc/checkin/${fresh}`, JSON.stringify({ facts }), JSON_TYPE);
      assert.deepEqual([merging.status, merging.body], [200, '{"action":"none"}']);
      const later = await post(`/svc/checkin/${fresh}`, JSON.stringify({ facts }), JSON_TYPE);
      assert.equal(later.status, faithful ? 404 : 200, 'a lab that is right remembers where the node went');
      assert.equal(await idOf('net0=02:00:00:00:03:0b'), old);
    });

    test('the extension archive, and what its own date is answered', async () => {
      const whole = await get('/svc/mk/extension.zip');
      assert.equal(whole.status, 200);
      assert.equal(whole.headers['content-type'], 'application/zip');
      assert.match(whole.headers['content-disposition'] ?? '', /^attachment/);
      const modified = whole.headers['last-modified'] ?? '';
      const same = await get('/svc/mk/extension.zip', `If-Modified-Since: ${modified}`);
      assert.deepEqual([same.status, same.body.length], faithful ? [200, 0] : [304, 0]);
      if (faithful) assert.equal(same.headers['content-length'], '0');
      const newer = await get('/svc/mk/extension.zip', 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT');
      assert.equal(newer.body.length > 0, faithful, 'any other date, a newer one too, gives the whole archive');
    });

    test('log, metadata and stages of a node', async () => {
      const id = await idOf('net0=02:00:00:00:04:01');
      assert.deepEqual([(await get(`/svc/log/${id}?msg=hello+there&severity=debug`)).status], [204]);
      assert.match(lab.events.since(0).findLast((event) => event.type === 'log')?.message ?? '', /hello there/);
      assert.equal((await get('/svc/log/99999?msg=x')).status, 404);
      assert.equal((await get(`/svc/store_metadata/${id}?a=42&b=text&c=%5B1%5D`)).status, 204);
      assert.equal((await get(`/svc/store_metadata/${id}?remove%5B%5D=b`)).status, 204);
      assert.deepEqual({ ...lab.store.nodes.byId(id)?.metadata }, { a: 42, c: [1] });
      const unknown = await get('/svc/store_metadata/99999?a=1');
      assert.deepEqual([unknown.status, unknown.body], [404, '']);
      assert.equal((await get('/svc/stage-done/99999?name=x')).status, faithful ? 500 : 404);
      assert.equal((await get(`/svc/stage-done/${id}?name=finished`)).status, faithful ? 204 : 404, 'by number');
      if (!faithful) await lab.store.write(() => lab.store.nodes.update(id, { installed: 'p' }));
      const boot = await get('/svc/boot?net0=02:00:00:00:04:01');
      assert.match(boot.body, /^#!ipxe\n/);
      assert.doesNotMatch(boot.body, /sanboot/, 'installed, but it never checked in: the microkernel comes first');
      await post(
        `/svc/checkin/${id}`,
        JSON.stringify({ facts: { macaddress: '02:00:00:00:04:01', is_virtual: false } }),
        JSON_TYPE,
      );
      const local = await get('/svc/boot?net0=02:00:00:00:04:01');
      assert.match(local.body, /\nexit\n$/, 'a real machine is handed back to its firmware');
      const again = await post(`/svc/checkin/${id}`, JSON.stringify({ facts: { is_virtual: 'true' } }), JSON_TYPE);
      assert.equal(again.body, '{"action":"reboot"}', 'what is installed is told to reboot, each time');
      assert.match((await get('/svc/boot?net0=02:00:00:00:04:01')).body, /sanboot/);
    });

    test('one tag rule that cannot be evaluated answers none to every node, a bound one too, and its log says why', async () => {
      const id = await idOf('net0=02:00:00:00:0e:01');
      const facts = { macaddress: '02:00:00:00:0e:01', processorcount: '2' };
      const ask = async (): Promise<string> =>
        (await post(`/svc/checkin/${id}`, JSON.stringify({ facts }), JSON_TYPE)).body;
      const rule = ['=', ['fact', 'processorcount'], '2'];
      const policy = await lab.store.write(() => {
        lab.store.tagRules.add({ name: 'two', tag: 'two', matchers: [], rule });
        const model = lab.store.models.add({ label: 'm', template: 'debian', image: undefined, metadata: {} });
        const made = { label: 'p', line: 0, enabled: true, maximum: 0, tags: ['two'], broker: undefined };
        return lab.store.policies.add({ ...made, model: model.uuid });
      });
      assert.equal(await ask(), '{"action":"reboot"}');
      const broken = ['=', ['fact', 'os.release.major'], '12'];
      const tag = await lab.store.write(() =>
        lab.store.tagRules.add({ name: 'os', tag: 'os', matchers: [], rule: broken }),
      );
      assert.equal(await ask(), '{"action":"none"}');
      const uuid = lab.store.nodes.byId(id)?.uuid;
      const last = lab.events.since(0, uuid).at(-1)?.message ?? '';
      assert.match(last, /Couldn't find fact 'os\.release\.major' and no default supplied/);
      await lab.store.write(() => {
        lab.store.tagRules.remove(tag.uuid);
        lab.store.policies.remove(policy.uuid);
      });
      assert.equal(await ask(), '{"action":"reboot"}');
    });

    test('the boot script carries the node’s own address on the kernel line, by the host that the boot loader used', async () => {
      await lab.store.write(() =>
        lab.store.images.add({
          type: 'mk',
          name: 'mk',
          version: '1.0.0',
          path: directory,
          kernel: 'boot/vmlinuz',
          initrd: 'boot/core.gz',
          kernelHash: undefined,
          initrdHash: undefined,
          hash: undefined,
          buildTime: undefined,
          added: 0,
        }),
      );
      const boot = await get(
        '/svc/boot?net0=02-00-00-00-05-01&net1=&dhcp_mac=02-00-00-00-05-01&fact_boot_type=pcbios',
        'Host: rack.example:8150',
      );
      const id = await idOf('net0=02:00:00:00:05:01');
      assert.equal(boot.headers['content-type']?.startsWith('text/plain'), true);
      assert.match(
        boot.body,
        new RegExp(
          `razor\\.register=http://rack\\.example:8150/svc/checkin/${id} razor\\.extend=http://rack\\.example:8150/svc/mk/extension\\.zip`,
        ),
      );
      assert.match(
        boot.body,
        /rootflags=loop initrd=initrd0\.img root=live:\/microkernel\.iso rootfstype=auto ro rd\.live\.image acpi=force/,
      );
      for (const line of boot.body.split('\n'))
        if (/^(kernel|initrd|boot)/.test(line)) assert.match(line, /\|\| goto error$/);
      assert.deepEqual([(await get('/svc/boot')).status, (await get('/svc/boot?net0=')).status], [400, 400]);
      const bootstrap = await get('/api/microkernel/bootstrap?nic_max=2', 'Host: rack.example:8150');
      assert.match(bootstrap.body, /chain http:\/\/rack\.example:8150\/svc\/boot\?net0=\$\{net0\/mac:hexhyp\}&net1=/);
    });
  });
}

test('protected new nodes are told to reboot at their first check-in and then boot their own disk', async () => {
  const lab = await startLab({ ports: PORTS, protectNewNodes: true });
  try {
    const send = (head: string[], body = ''): Promise<RawReply> => rawRequest(lab.razorServerUrl ?? '', head, body);
    const { id } = JSON.parse((await send(['GET /svc/nodeid?net0=02:00:00:00:06:01 HTTP/1.1'])).body) as { id: number };
    const facts = JSON.stringify({ facts: { macaddress: '02:00:00:00:06:01' } });
    const reply = await send([`POST /svc/checkin/${id} HTTP/1.1`, JSON_TYPE], facts);
    assert.equal(reply.body, '{"action":"reboot"}');
    assert.match((await send(['GET /svc/boot?net0=02:00:00:00:06:01 HTTP/1.1'])).body, /sanboot/);
  } finally {
    await lab.close();
  }
});
