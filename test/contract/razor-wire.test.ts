import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startLab, type Lab } from '../../lab/lab-server.ts';

const CHECKIN = '/razor/api/node/checkin';
const REGISTER = '/razor/api/node/register';
const FORM = 'application/x-www-form-urlencoded';

for (const faithful of [false, true]) {
  describe(`the wire of Razor 0.x, ${faithful ? 'faithful' : 'as it should be'}`, () => {
    let lab: Lab;
    before(async () => {
      lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 }, faithful });
    });
    after(() => lab.close());

    interface Reply {
      status: number;
      type: string | null;
      headers: Headers;
      text: string;
      json: Record<string, unknown>;
    }
    const ask = async (path: string, init: RequestInit = {}): Promise<Reply> => {
      const reply = await fetch(`${lab.nodesUrl}${path}`, init);
      const text = await reply.text();
      let json: Record<string, unknown> = {};
      if (text.startsWith('{')) json = JSON.parse(text) as Record<string, unknown>;
      return { status: reply.status, type: reply.headers.get('content-type'), headers: reply.headers, text, json };
    };
    const post = (path: string, type: string | undefined, body: string): Promise<Reply> =>
      ask(path, {
        method: 'POST',
        headers: type === undefined ? {} : { 'content-type': type },
        body: Buffer.from(body),
      });
    const command = (reply: Reply): unknown => (reply.json['response'] as Record<string, unknown>)['command_name'];
    const hash = (change: Record<string, unknown> = {}): string =>
      JSON.stringify({ '@hw_id': '525400000001', '@attributes_hash': { a: '1' }, '@last_state': 'idle', ...change });

    it('registers what the table of variants accepts', async () => {
      const encoded = encodeURIComponent(hash());
      const bare = encodeURIComponent(
        JSON.stringify({ hw_id: ['525400000001', '525400000002'], attributes_hash: { a: '1' }, last_state: 'idle' }),
      );
      const alias = encodeURIComponent(hash({ '@hw_id': undefined, uuid: '525400000001' }));
      for (const [name, reply] of [
        ['form', await post(REGISTER, FORM, `json_hash=${encoded}`)],
        ['form with a charset', await post(REGISTER, `${FORM}; charset=utf-8`, `json_hash=${encoded}`)],
        [
          'plus for a blank',
          await post(
            REGISTER,
            FORM,
            `json_hash=${encodeURIComponent(hash({ '@attributes_hash': { a: 'b c' } })).replaceAll('%20', '+')}`,
          ),
        ],
        ['keys without @, ids as a list', await post(REGISTER, FORM, `json_hash=${bare}`)],
        ['the alias uuid', await post(REGISTER, FORM, `json_hash=${alias}`)],
        ['json_hash in the query', await post(`${REGISTER}?json_hash=${encoded}`, FORM, '')],
        [
          'JSON that holds a json_hash',
          await post(REGISTER, 'application/json', JSON.stringify({ json_hash: hash() })),
        ],
        ['GET with fields', await ask(`${REGISTER}?hw_id=525400000001&last_state=idle&attributes_hash[a]=1`)],
      ] as const) {
        assert.equal(reply.status, 200, `${name}: ${reply.text}`);
        assert.equal(reply.type, 'application/json', name);
        assert.equal(reply.json['errcode'], 0, name);
        assert.deepEqual(Object.keys(reply.json), [
          ...['resource', 'command', 'result', 'http_err_code', 'errcode', 'response', 'client_config'],
        ]);
      }
      assert.equal(lab.store.nodes.count(), 1);
    });

    it('answers a register with the whole node, its keys in the order of the original', async () => {
      const reply = await post(REGISTER, FORM, `json_hash=${encodeURIComponent(hash({ '@hw_id': '5254000000AA' }))}`);
      const node = reply.json['response'] as Record<string, unknown>;
      const { '@uuid': uuid, '@timestamp': timestamp, ...rest } = node;
      assert.match(String(uuid), /^[0-9A-Za-z]{22}$/);
      assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 60);
      assert.deepEqual(Object.keys(node), [
        ...['@uuid', '@version', '@classname', '@is_template', '@noun', '@dhcp_mac', '@hw_id', '@attributes_hash'],
        ...['@tags', '@status', '@timestamp', '@last_state'],
      ]);
      assert.deepEqual(rest, {
        '@version': 2,
        '@classname': 'ProjectRazor::Node',
        '@is_template': false,
        '@noun': 'node',
        '@dhcp_mac': null,
        '@hw_id': ['5254000000AA'],
        '@attributes_hash': { a: '1' },
        '@tags': [],
        '@status': 'active',
        '@last_state': 'idle',
      });
    });

    it('refuses what the table of errors refuses', async () => {
      const facts = 'Must Provide Attributes Hash[attributes_hash]';
      const ids = 'Must Provide Hardware IDs[hw_id]';
      const form = (change: Record<string, unknown>): Promise<Reply> =>
        post(REGISTER, FORM, `json_hash=${encodeURIComponent(hash(change))}`);
      for (const [reply, result] of [
        [await form({ '@attributes_hash': {} }), facts],
        [await form({ '@attributes_hash': undefined }), facts],
        [await form({ '@hw_id': undefined }), ids],
        [await form({ '@last_state': undefined }), 'Must Provide Last State[last_state]'],
        [await post(REGISTER, FORM, 'json_hash={broken'), ids],
        [await post(REGISTER, FORM, 'something=else'), ids],
        [await post(REGISTER, 'application/json', hash()), ids],
        [await post(REGISTER, undefined, `json_hash=${encodeURIComponent(hash())}`), ids],
        [await ask(`${CHECKIN}?hw_id=&last_state=idle`), ids],
        [await ask(`${CHECKIN}?hw_id=AA&uuid=&last_state=idle`), ids],
        [await ask(`${CHECKIN}?hw_id=AA&last_state={a}`), 'Must Provide Last State[last_state]'],
      ] as const) {
        assert.equal(reply.status, 400, reply.text);
        assert.equal(reply.type, 'application/json');
        assert.deepEqual(
          { std: reply.json['std_err_code'], http: reply.json['http_err_code'], result: reply.json['result'] },
          { std: 114, http: 400, result },
        );
        assert.equal(reply.json['errcode'], undefined);
        assert.equal(reply.json['client_config'], undefined);
      }
    });

    it('checks in however the parameters are written', async () => {
      for (const query of [
        ...[
          'hw_id=525400000001&last_state=idle',
          '@hw_id=525400000001&@last_state=idle',
          'uuid=525400000001&last_state=idle',
        ],
        ...['hw_id[]=525400000001&hw_id[]=525400000009&last_state=idle', 'hw_id=525400000001&last_state=idle&more=1'],
        ...['hw_id=525400000009_525400000001__&last_state=somethingelse'],
      ]) {
        assert.equal(command(await ask(`${CHECKIN}?${query}`)), 'acknowledge', query);
      }
      const query = 'hw_id=525400000001&last_state=idle';
      for (const path of [`${CHECKIN}/`, '/razor/api/node/c'])
        assert.equal(command(await ask(`${path}?${query}`)), 'acknowledge');
      assert.equal(command(await ask(`${CHECKIN}?hw_id=525400000001,525400000002&last_state=idle`)), 'register');
      assert.equal(command(await post(CHECKIN, FORM, `json_hash=${encodeURIComponent(hash())}`)), 'acknowledge');
      assert.equal((await post(CHECKIN, 'application/json', hash())).status, 400);
    });

    it('knows no other slice, and no path that could be one of a shell', async () => {
      for (const path of ['/razor/api/config', '/razor/api/nothing/at/all']) {
        const reply = await ask(path);
        assert.equal(reply.status, 404);
        assert.equal(reply.text, '{"slice":"ProjectRazor::Slice","result":"InvalidSlice","http_err_code":404}\n');
      }
      for (const [path, text] of [
        ['/razor', 'Bad Request(No module selected)'],
        ['/razor/api', 'Bad Request(No slice selected)'],
        ['/razor/other', 'Bad Request'],
        ['/razor/api/node%26', "Illegal path component: 'node&'"],
        ['/razor/api/a..b', "Illegal path component: 'a..b'"],
        ['/razor/api//x', "Illegal path component: ''"],
      ] as const) {
        const reply = await ask(path);
        assert.deepEqual([reply.status, reply.type, reply.text], [404, 'text/html; charset=utf-8', text], path);
      }
      assert.match((await ask(`/razor/api/${'a'.repeat(201)}`)).text, /^Illegal path component: 'a{200}'$/);
    });

    it('pushes every mk_ setting, the unknown ones too, and its own address', async () => {
      const own = await startLab({
        ports: { nodes: 0, images: 0, people: 0, razorServer: 0 },
        faithful,
        microkernel: { pushed: { mk_checkin_interval: 7, mk_of_my_own: 'x' } },
      });
      try {
        const reply = await fetch(`${own.nodesUrl}${CHECKIN}?hw_id=AA&last_state=idle`);
        const config = ((await reply.json()) as { client_config: Record<string, unknown> }).client_config;
        assert.equal(config['mk_uri'], own.nodesUrl);
        assert.equal(config['mk_checkin_interval'], 7);
        assert.equal(config['mk_of_my_own'], 'x');
        assert.equal(config['mk_tce_mirror_uri'], `http://localhost:${faithful ? '' : '2157'}/tinycorelinux`);
      } finally {
        await own.close();
      }
    });

    it('names itself to each node as the node called it', async () => {
      const { port } = new URL(lab.nodesUrl);
      const reply = await fetch(`http://localhost:${port}${CHECKIN}?hw_id=AA&last_state=idle`);
      const config = ((await reply.json()) as { client_config: Record<string, unknown> }).client_config;
      assert.equal(config['mk_uri'], `http://localhost:${port}`);
    });

    it('asks for a boot without touching the node, and keeps its dhcp_mac', async () => {
      const before = lab.store.nodes.find(['525400000001'])[0];
      const reply = await ask('/razor/api/boot?hw_id=52%3A54%3A00%3A00%3A00%3A01_____&dhcp_mac=01-52-54-00-00-00-01');
      assert.equal(reply.status, 200);
      assert.match(reply.type ?? '', faithful ? /^text\/html; charset=utf-8$/ : /^text\/plain/);
      const after = lab.store.nodes.find(['525400000001'])[0];
      assert.equal(after?.contact, before?.contact);
      assert.equal(after?.dhcpMac, '01-52-54-00-00-00-01');
      assert.equal(reply.headers.get('x-powered-by'), faithful ? 'Express' : null);
    });
  });
}
