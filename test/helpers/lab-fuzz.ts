/** Seeded nonsense for every endpoint of a lab, over raw sockets: what no HTTP client would send too. */
import { connect, type Socket } from 'node:net';
import type { Lab } from '../../lab/lab-server.ts';
import { generator, pick } from './seeded.ts';

const PATHS: Readonly<Record<'nodes' | 'images' | 'razorServer' | 'people', readonly string[]>> = {
  nodes: [
    ...['/razor/api/boot', '/razor/api/node/checkin', '/razor/api/node/register', '/razor/api/node/c', '/razor/api/'],
    ...[
      '/razor/api/policy/callback/ACTIVE/preseed/file',
      '/razor/api/policy/callback/ACTIVE/WORD/WORD',
      '/razor',
      '/WORD',
    ],
    ...['/hanlon/api/v1/boot', '/hanlon/api/v1/node/checkin', '/hanlon/api/v1/node/register', '/hanlon/api/v1/WORD'],
    ...['/hanlon/api/v1/image/mk/IMAGE/WORD', '/hanlon/api/v1/policy/callback/ACTIVE/preseed/file'],
  ],
  images: ['/razor/image/mk/IMAGE/WORD', '/razor/image/mk/IMAGE/boot/vmlinuz', '/razor/image/WORD', '/WORD'],
  razorServer: [
    ...['/svc/boot', '/svc/nodeid', '/svc/checkin/1', '/svc/checkin/WORD', '/svc/mk/extension.zip', '/svc/log/1'],
    ...[
      '/svc/store_metadata/1',
      '/svc/stage-done/1',
      '/svc/file/1/WORD',
      '/svc/file/1/raw/WORD',
      '/svc/broker/1/install',
      '/svc/repo/WORD/WORD',
      '/api/microkernel/bootstrap',
      '/svc/WORD',
    ],
  ],
  people: [
    ...[
      '/api/nodes',
      '/api/nodes/NODE',
      '/api/nodes/WORD',
      '/api/active-models',
      '/api/active-models/WORD',
      '/api/tags',
    ],
    ...['/api/tags/WORD', '/api/models', '/api/models/WORD', '/api/brokers', '/api/images', '/api/images/WORD'],
    ...[
      '/api/policies',
      '/api/policies/WORD',
      '/api/templates',
      '/api/status',
      '/api/events',
      '/',
      '/nodes/NODE',
      '/log',
    ],
    ...['/nodes/WORD', '/policies', '/images', '/requests', '/requests/1', '/requests/WORD'],
  ],
};

const NAMES = [
  ...[
    'hw_id',
    '@hw_id',
    'uuid',
    'mac',
    'mac_id',
    'last_state',
    'first_checkin',
    'json_hash',
    'attributes_hash',
    'dhcp_mac',
  ],
  ...[
    'hw_id[]',
    'attributes_hash[a]',
    '__proto__',
    'constructor',
    'toString',
    'facts',
    'net0',
    'serial',
    'msg',
    'severity',
  ],
  ...[
    'name',
    'since',
    'node',
    'q',
    '@classname',
    '@attributes_hash',
    '@last_state',
    'label',
    'tag',
    'matchers',
    'url',
    '',
  ],
];

const WORDS = [
  ...[
    '080027AABBCC',
    '08:00:27:aa:bb:cc_',
    '_',
    '____',
    'idle',
    'true',
    'false',
    '',
    '0',
    '-1',
    '1e999',
    '{}',
    '{"a":1}',
    'null',
  ],
  ...[
    '..',
    '../../etc/passwd',
    '%00',
    '%',
    '%zz',
    '%2f..%2f',
    '%ff%fe',
    'a&b|c',
    '\u0000',
    '\n',
    '\r\n\r\n',
    '<script>',
    '\'"',
    '${net0/mac}',
  ],
  ...[
    '[',
    '{',
    '[[[[',
    '"\\ud800"',
    '(((((',
    '(a+)+$',
    '%V=x-%',
    '%R=(:x-%',
    'é',
    '💥',
    '__proto__',
    'constructor',
    'hasOwnProperty',
  ],
];

const TYPES = [
  ...['application/x-www-form-urlencoded', 'application/json', 'text/json', 'application/json; charset=utf-8'],
  ...['multipart/form-data; boundary=x', 'text/plain', 'x', ';;;', undefined],
];

export interface FuzzResult {
  readonly sent: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Requests that were answered with 5xx, not at all, or not in time: as they were sent. */
  readonly failures: readonly string[];
}

/** Sends `count` requests, eight at a time. */
export async function fuzzLab(lab: Lab, count: number, seed: number): Promise<FuzzResult> {
  const random = generator(seed);
  const { nodesUrl: nodes, imagesUrl: images, razorServerUrl: razorServer = '', peopleUrl: people } = lab;
  const urls = { nodes, images, razorServer, people };
  const byStatus: Record<string, number> = {};
  const failures: string[] = [];
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const listener = pick(random, Object.keys(urls)) as keyof typeof urls;
      const bytes = makeRequest(random, listener, lab);
      const status = await sendRaw(() => connect(Number(new URL(urls[listener]).port), '127.0.0.1'), bytes);
      byStatus[status] = (byStatus[status] ?? 0) + 1;
      if (/^[1-4]\d\d$/.test(status)) continue;
      // Hanlon's own word for a parameter that is missing is 500; a real stumble is an event of type failed
      if (status === '500' && / \/hanlon\//.test(bytes.toString('latin1').split('\r\n')[0] ?? '')) continue;
      failures.push(`${listener} ${status}: ${bytes.toString('latin1').slice(0, 600)}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return { sent: count, byStatus, failures };
}

function text(random: () => number): string {
  const kind = random();
  if (kind < 0.7) return pick(random, WORDS);
  if (kind < 0.8) return pick(random, WORDS).repeat(1 + Math.floor(random() * 400));
  return Array.from({ length: Math.floor(random() * 40) }, () => String.fromCharCode(Math.floor(random() * 300))).join(
    '',
  );
}

function value(random: () => number, depth = 0): unknown {
  const kind = random();
  if (kind < 0.45 || depth > 5) return text(random);
  if (kind < 0.55) return Math.floor(random() * 1e6) - 500;
  if (kind < 0.62) return pick(random, [true, false, null]);
  const size = Math.floor(random() * 5);
  if (kind < 0.75) return Array.from({ length: size }, () => value(random, depth + 1));
  return Object.fromEntries(Array.from({ length: size }, () => [pick(random, NAMES), value(random, depth + 1)]));
}

/** Often nearly right, so that the code behind the first check is reached. */
function payload(random: () => number): string {
  if (random() < 0.1) return '['.repeat(Math.floor(random() * 60_000));
  if (random() < 0.5) {
    const facts = { [pick(random, NAMES)]: value(random), hostname: text(random), macaddress: text(random) };
    return JSON.stringify({
      '@hw_id': random() < 0.7 ? `5254000000${Math.floor(random() * 90 + 10)}` : value(random),
      '@last_state': random() < 0.8 ? 'idle' : value(random),
      '@attributes_hash': random() < 0.8 ? facts : value(random),
      mac_id: `5254000000${Math.floor(random() * 90 + 10)}`,
      uuid: random() < 0.2 ? value(random) : undefined,
      last_state: 'idle',
      attributes_hash: facts,
      facts,
      name: text(random),
      label: text(random),
      tag: text(random),
      template: pick(random, ['debian', 'vmware_esxi_5', 'x']),
      matchers: [{ key: text(random), compare: pick(random, ['like', 'equal', 'x']), value: text(random) }],
    });
  }
  const json = JSON.stringify(value(random)) ?? '';
  return random() < 0.3 ? json.slice(0, Math.floor(random() * json.length)) : json;
}

function makeRequest(random: () => number, listener: keyof typeof PATHS, lab: Lab): Buffer {
  const node = lab.store.nodes.find(['525400000011'])[0]?.uuid ?? 'NODE';
  const path = pick(random, PATHS[listener])
    .replace('ACTIVE', lab.store.activeModels.list()[0]?.uuid ?? 'none')
    .replace('IMAGE', lab.store.images.list()[0]?.uuid ?? 'none')
    .replace('NODE', () => node);
  return oddRequest(random, path);
}

/** A request for `template`, in which WORD stands for any nonsense, with odd fields, headers and bodies, as it goes onto the wire. */
export function oddRequest(random: () => number, template: string): Buffer {
  const encode = (raw: string): string => (random() < 0.6 ? encodeURIComponent(raw.toWellFormed()) : raw);
  const path = template.replaceAll('WORD', () => encode(text(random)));
  const fields = Array.from(
    { length: Math.floor(random() * 5) },
    () => `${encode(pick(random, NAMES))}=${encode(text(random))}`,
  );
  if (random() < 0.4) fields.push(`hw_id=5254000000${Math.floor(random() * 90 + 10)}`, 'last_state=idle');
  const query = fields.length === 0 ? '' : `?${fields.join('&')}`;
  const method =
    random() < 0.5
      ? 'GET'
      : pick(random, ['POST', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'BREW']);
  const head = [`${method} ${path}${query} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close'];
  if (random() < 0.1) head.push(`Range: ${text(random)}`);
  if (random() < 0.1) head.push(`Authorization: ${text(random)}`);
  let body = '';
  if (method !== 'GET' || random() < 0.1) {
    const type = pick(random, TYPES);
    const content = payload(random);
    body = type?.includes('urlencoded') === true ? `json_hash=${encode(content)}` : content;
    if (type !== undefined) head.push(`Content-Type: ${type}`);
    if (random() < 0.9) head.push(`Content-Length: ${Buffer.byteLength(body)}`);
    else {
      head.push('Transfer-Encoding: chunked');
      body = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    }
  }
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Sends bytes over a connection: the status of the reply, `no answer` or `no answer in 10 s`. */
export function sendRaw(open: () => Socket, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = open();
    let reply = '';
    const done = (status: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(status);
    };
    const timer = setTimeout(() => done('no answer in 10 s'), 10_000);
    socket.on('data', (chunk) => {
      if (reply.length < 4096) reply += chunk.toString('latin1');
      const status = /^HTTP\/1\.1 (\d+)/.exec(reply)?.[1];
      if (status !== undefined) done(status);
    });
    socket.on('error', () => done('no answer'));
    socket.on('close', () => done('no answer'));
    socket.write(bytes);
  });
}
