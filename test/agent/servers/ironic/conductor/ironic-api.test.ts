import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpClient } from '../../../../../agent/http/http-client.ts';
import {
  createApi,
  type ApiRefusal,
  type IronicApi,
} from '../../../../../agent/servers/ironic/conductor/ironic-api.ts';

const UUID = '4C4C4544-0051-3610-8052-B4C04F4A4E31';
const NODE = { node: { uuid: UUID } };

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** An API whose server gives these answers in turn: a status and a body. */
function talk(
  options: { version?: number; globalRequestId?: string },
  ...answers: readonly (readonly [status: number, body: unknown, headers?: Record<string, string>])[]
): { api: IronicApi; asked: Request[] } {
  const asked: Request[] = [];
  const left = [...answers];
  const http = {
    request: async (request: Request) => {
      asked.push(request);
      const [status, body, headers = {}] = left.shift() ?? [500, ''];
      return { status, headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) };
    },
  } as unknown as HttpClient;
  const { signal } = new AbortController();
  return { api: createApi({ url: 'http://ironic:6385', http, timeoutMs: 5, signal, ...options }), asked };
}

const root = (version: string): readonly [number, unknown] => [200, { default_version: { version } }];
const version = ({ headers }: Request): string | undefined => headers['x-openstack-ironic-api-version'];

test('the server’s version is asked once, and no newer one is spoken than is known here', async () => {
  const { api, asked } = talk({}, root('1.95'), [200, NODE], [202, '']);
  assert.equal(api.version(), undefined);
  await api.lookup(['52:54:00:aa:00:01', '52:54:00:aa:00:02'], 'a/b');
  assert.equal(api.version(), 95);
  await api.heartbeat('u', { callbackUrl: 'http://n', token: 't', certificate: 'c' });
  assert.deepEqual(
    asked.map((request) => [request.method, request.url.replace('http://ironic:6385', ''), version(request)]),
    [
      ['GET', '/', undefined],
      ['GET', '/v1/lookup?addresses=52%3A54%3A00%3Aaa%3A00%3A01,52%3A54%3A00%3Aaa%3A00%3A02&node_uuid=a%2Fb', '1.62'],
      ['POST', '/v1/heartbeat/u', '1.68'],
    ],
  );
});

test('a server that hides its version, or says nonsense, is taken for an old one', async () => {
  for (const answer of [
    [404, ''],
    [200, '{}'],
    [200, 'x'],
    root('2.5'),
    root('x1.50'),
    root('1.12345'),
    root('1.50x'),
  ] as const) {
    const { api, asked } = talk({}, answer, [200, NODE]);
    await api.lookup(['m']);
    assert.equal(version(asked[1] as Request), '1.31', JSON.stringify(answer));
  }
  const broken = talk({}, [500, 'x']);
  await assert.rejects(broken.api.lookup(['m']), { code: 'RAZOR_MK_REFUSED' });
  const given = talk({ version: 40, globalRequestId: 'req-1' }, [200, NODE]);
  await given.api.lookup(['m']);
  assert.deepEqual([given.asked.length, version(given.asked[0] as Request)], [1, '1.40']);
  assert.equal(given.asked[0]?.headers['x-openstack-request-id'], 'req-1');
});

test('a node, with the usual values for what is not said', async () => {
  const look = (body: unknown): Promise<unknown> => talk({ version: 62 }, [200, body]).api.lookup(['m']);
  const node = { uuid: UUID.toLowerCase(), properties: {}, instance_info: {}, driver_internal_info: {} };
  const bare = { node, heartbeatTimeout: 300, token: undefined, tokenRequired: false, config: {} };
  assert.deepEqual(await look(NODE), bare);
  assert.deepEqual(await look({ node: { uuid: UUID, properties: null, instance_info: null }, config: null }), bare);
  const config = { heartbeat_timeout: 60, agent_token: 't', agent_token_required: true, other: 1 };
  assert.deepEqual(await look({ node: { uuid: UUID, properties: { a: 1 } }, config, heartbeat_timeout: 7 }), {
    node: { ...node, properties: { a: 1 } },
    heartbeatTimeout: 60,
    token: 't',
    tokenRequired: true,
    config,
  });
  const timeout = async (seconds: number): Promise<number> =>
    ((await look({ ...NODE, heartbeat_timeout: seconds })) as { heartbeatTimeout: number }).heartbeatTimeout;
  assert.deepEqual([await timeout(7), await timeout(1), await timeout(1e9)], [7, 5, 86_400]);
});

test('an answer that describes no node is none', async () => {
  for (const body of [
    '',
    '{}',
    { node: { uuid: 'x' } },
    { node: { uuid: `${UUID}00` } },
    { ...NODE, config: { agent_token: 5 } },
  ])
    await assert.rejects(talk({ version: 62 }, [200, body]).api.lookup(['m']), {
      code: 'RAZOR_MK_REPLY',
      message: 'http://ironic:6385/v1/lookup: the answer does not describe a node',
    });
});

test('a heartbeat has the fields that the server’s version knows, and its length', async () => {
  const beat = async (number: number, token?: string): Promise<unknown> => {
    const { api, asked } = talk({ version: number }, [202, '']);
    await api.heartbeat('u', { callbackUrl: 'http://ñ', token, certificate: 'c' });
    const { body = '', headers } = asked[0] as Request;
    assert.equal(headers['content-length'], String(Buffer.byteLength(body)));
    return JSON.parse(body);
  };
  const [callback_url, agent_version] = ['http://ñ', '11.0.0'];
  assert.deepEqual(await beat(35, 't'), { callback_url });
  assert.deepEqual(await beat(36, 't'), { callback_url, agent_version });
  assert.deepEqual(await beat(61, 't'), { callback_url, agent_version });
  assert.deepEqual(await beat(62, 't'), { callback_url, agent_version, agent_token: 't' });
  assert.deepEqual(await beat(67, 't'), { callback_url, agent_version, agent_token: 't' });
  assert.deepEqual(await beat(68, 't'), { callback_url, agent_version, agent_token: 't', agent_verify_ca: 'c' });
  assert.deepEqual(await beat(99), { callback_url, agent_version, agent_verify_ca: 'c' });
});

test('a refusal has its status, the server’s words, and when to come back', async () => {
  const refusal = async (status: number, body: unknown, headers = {}): Promise<ApiRefusal> => {
    const { api } = talk({ version: 62 }, [status, body, headers]);
    return (await api.lookup(['m']).catch((error: unknown) => error)) as ApiRefusal;
  };
  const busy = await refusal(409, { faultstring: 'locked' }, { 'retry-after': '7' });
  assert.deepEqual([busy.status, busy.retryAfterMs], [409, 7000]);
  assert.match(busy.message, /^GET http:\/\/ironic:6385\/v1\/lookup\S*: HTTP 409: locked$/);
  assert.match((await refusal(300, '')).message, /HTTP 300$/);
  assert.match((await refusal(199, '')).message, /HTTP 199$/);
  assert.match(String((await refusal(403, '')).remedy), /enable_ramdisk_endpoints/);
  assert.doesNotMatch(String((await refusal(404, '')).remedy), /enable_ramdisk_endpoints/);
});
