/** Hanlon on the wire: requests and replies as they were seen, against the lab. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import { rawRequest, type RawReply } from '../helpers/raw-http.ts';

const PORTS = { nodes: 0, images: 0, people: 0, razorServer: 0 };
const BASE = '/hanlon/api/v1';
const UUID = '564D5A12-0F3C-4B1E-9A77-52540012ABCD';

interface Envelope {
  readonly errcode?: number;
  readonly command?: string;
  readonly response: {
    readonly command_name?: string;
    readonly result?: { code: number; type: string; description: string };
    readonly '@hw_id'?: string[];
    readonly '@uuid'?: string;
  };
  readonly client_config?: Record<string, unknown>;
}

for (const faithful of [false, true]) {
  describe(faithful ? 'a faithful lab' : 'a lab that is right', () => {
    let lab: Lab;
    before(async () => {
      lab = await startLab({ ports: PORTS, faithful });
    });
    after(() => lab.close());

    const read = (reply: RawReply): Envelope => JSON.parse(reply.body) as Envelope;
    const get = (path: string): Promise<RawReply> => rawRequest(lab.nodesUrl, [`GET ${BASE}${path} HTTP/1.1`]);
    const command = async (query: string): Promise<string | undefined> =>
      read(await get(`/node/checkin?${query}`)).response.command_name;
    const register = (body: string | object, type = 'text/json'): Promise<RawReply> =>
      rawRequest(
        lab.nodesUrl,
        [`POST ${BASE}/node/register HTTP/1.1`, `Content-Type: ${type}`],
        typeof body === 'string' ? body : JSON.stringify(body),
      );
    const facts = { is_virtual: 'false', mk_hw_nic_count: '2' };

    test('the check-in of the spec is answered by its envelope, with the settings but without address and paths', async () => {
      const query = `uuid=${UUID}&mac_id=525400ABCD01_525400ABCD02&last_state=idle&first_checkin=true`;
      const reply = await get(`/node/checkin?${query}`);
      assert.equal(reply.status, 200);
      assert.equal(reply.headers['content-type'], 'application/json');
      const start =
        '{"resource":"ProjectHanlon::Slice::Node","command":"checkin_node","result":"Ok","http_err_code":200,"errcode":0,"response":{"command_name":"register","command_param":{}},"client_config":{';
      assert.equal(reply.body.slice(0, start.length), start);
      const config = read(reply).client_config ?? {};
      assert.equal(config['mk_checkin_interval'], 60);
      assert.equal(config['mk_checkin_skew'], 5);
      assert.equal(config['mk_log_level'], 'Logger::ERROR');
      for (const absent of ['mk_uri', 'mk_checkin_path', 'mk_register_path']) assert.equal(config[absent], undefined);
      const pattern = new RegExp(String(config['mk_fact_excl_pattern']));
      for (const name of ['facterversion', 'memoryfree_mb', 'system_uptime', 'sshrsakey']) assert.match(name, pattern);
      for (const name of ['memorysize', 'hostname', 'mk_hw_cpu_count']) assert.doesNotMatch(name, pattern);
    });

    test('a register of raw JSON is answered by 201 while its body says 200', async () => {
      const body = { mac_id: '525400ABCD01_525400ABCD02', uuid: UUID, attributes_hash: facts, last_state: 'idle' };
      const reply = await register(body);
      assert.equal(reply.status, 201);
      const envelope = JSON.parse(reply.body) as Envelope & { http_err_code: number };
      assert.deepEqual([envelope.errcode, envelope.http_err_code, envelope.command], [0, 200, 'register_node']);
      assert.match(envelope.response['@uuid'] ?? '', /^[0-9A-Za-z]{22}$/);
      const expected = faithful ? [UUID] : [UUID, '525400ABCD01', '525400ABCD02'];
      assert.deepEqual(envelope.response['@hw_id'], expected);
      assert.equal(await command(`uuid=${UUID}&last_state=idle`), 'acknowledge');
      assert.equal(await command(`uuid=${UUID.toLowerCase()}&last_state=idle`), 'acknowledge');
      const macOnly = await command('mac_id=525400ABCD01&last_state=idle');
      assert.equal(macOnly, faithful ? 'register' : 'acknowledge', 'the original drops the MACs of a node with a UUID');
      assert.equal((await register(body, 'application/json')).status, 201);
    });

    test('two machines with the UUID "Not Settable" are one node to the original only', async () => {
      const machine = (mac: string): object => ({
        mac_id: mac,
        uuid: 'Not Settable',
        attributes_hash: facts,
        last_state: 'idle',
      });
      const one = read(await register(machine('525400AA0001'))).response['@uuid'];
      const two = read(await register(machine('525400AA0002'))).response['@uuid'];
      assert.equal(one === two, faithful);
    });

    test('errors have no errcode and the shape of Hanlon', async () => {
      const cases: [RawReply, number, RegExp][] = [
        [await get('/node/checkin?last_state=idle'), 400, /MissingArgument$/],
        [await get('/node/checkin?uuid=&mac_id=&last_state=idle'), 400, /MissingArgument$/],
        [await get('/node/checkin?mac_id=525400ABCD01&hw_id=525400ABCD01&last_state=idle'), 400, /InvalidCommand$/],
        [await get(`/node/checkin?uuid=${UUID}`), 500, /^Grape::Exceptions::ValidationErrors$/],
        [await register('{"mac_id":'), 500, /^Grape::/],
        [
          await register(`json_hash=${encodeURIComponent('{"uuid":"x"}')}`, 'application/x-www-form-urlencoded'),
          500,
          /^Grape::/,
        ],
        [await register({ uuid: UUID, last_state: 'idle' }), 500, /^Grape::/],
        [await register({ uuid: UUID, last_state: 'idle', attributes_hash: {} }), 400, /MissingArgument$/],
        [await get('/node/nothing'), 400, /InvalidUUID$/],
      ];
      for (const [reply, status, type] of cases) {
        const { errcode, client_config: config, response } = read(reply);
        assert.equal(reply.status, status, reply.body);
        assert.deepEqual([errcode, config, response.result?.code], [undefined, undefined, status]);
        assert.match(response.result?.type ?? '', type);
        assert.equal(typeof response.result?.description, 'string');
      }
    });

    test('the old spelling hw_id is understood, and a MAC with colons is found at boot by a lab that is right', async () => {
      await register({ mac_id: '52:54:00:BB:00:01', uuid: '', attributes_hash: facts, last_state: 'idle' });
      assert.equal(await command('hw_id=52:54:00:BB:00:01&last_state=idle'), 'acknowledge');
      const stored = lab.store.nodes.find([faithful ? '52:54:00:BB:00:01' : '525400BB0001']);
      assert.equal(stored.length, 1);
    });

    test('boot needs a dhcp_mac and an id', async () => {
      assert.equal((await get('/boot?mac_id=525400ABCD01')).status, 500);
      assert.equal((await get('/boot?dhcp_mac=01-52-54-00-ab-cd-01')).status, 400);
      const boot = await get(`/boot?dhcp_mac=01-52-54-00-ab-cd-01&uuid=${UUID}&mac_id=52:54:00:ab:cd:01`);
      if (faithful) assert.equal(boot.status, 500, 'no microkernel image');
      else assert.match(boot.body, /^#!ipxe\n/);
    });
  });
}
