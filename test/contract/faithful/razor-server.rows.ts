/** razor-server 1.9.9: what the running original answered (docs/contracts/razor-server.md). */
import type { BodyFact, RequestRow } from './request-rows.ts';

const JSON_TYPE = 'application/json';
const HTML = 'text/html;charset=utf-8';
const AS_JSON = [`Content-Type: ${JSON_TYPE}`];

const MAC = '02:00:00:00:00:01';
const FACTS = { macaddress: MAC, is_virtual: true, processorcount: 2, os: { release: { major: '12' } } };
const LOOKUP =
  /^\{"error":"Lookup was given \[.*\], none of which are configured as match criteria in match_nodes_on \(\[\\"mac\\"\]\)"\}$/;

const get = (path: string, status: number, is?: BodyFact, type?: string): RequestRow => ({
  send: `GET ${path}`,
  status,
  is,
  type,
});
const empty = (path: string, status: number): RequestRow => get(path, status, '', JSON_TYPE);
const checkin = (
  id: string,
  body: unknown,
  status: number,
  is?: BodyFact,
  more: Partial<RequestRow> = {},
): RequestRow => ({
  send: `POST /svc/checkin/${id}`,
  headers: AS_JSON,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  status,
  is,
  ...more,
});
const NONE = '{"action":"none"}';
const REBOOT = '{"action":"reboot"}';

/** Nodes 1 to 5 come into being in this order. */
const IDENTITY: readonly RequestRow[] = [
  get(`/svc/nodeid?net0=${MAC}`, 200, '{"id":1}', JSON_TYPE),
  get('/svc/nodeid?net0=02-00-00-00-00-01', 200, '{"id":1}'),
  get('/svc/nodeid?net1=02:00:00:00:00:01&serial=&uuid=', 200, '{"id":1}'),
  get('/svc/nodeid?net0=02:00:00:00:00:02', 200, '{"id":2}'),
  get('/svc/nodeid?net0=02:00:00:00:00:03&serial=S3&uuid=U3', 200, '{"id":3}'),
  get('/svc/nodeid?net123=02:00:00:00:00:04', 200, '{"id":4}'),
  empty('/svc/nodeid', 400),
  get('/svc/nodeid?net0=', 400, /Lookup was given \[\\"net0\\"\]/, JSON_TYPE),
  get('/svc/nodeid?serial=S3', 400, LOOKUP),
  get('/svc/nodeid?asset=A&uuid=U3', 400, LOOKUP),
  empty('/svc/nodeid?net0=02:00:00:00:00:01&net1=02:00:00:00:00:02', 400),
  empty('/svc/boot', 400),
  empty('/svc/boot?net0=', 400),
  empty('/svc/boot?serial=S3', 400),
  empty('/svc/boot?net0=02:00:00:00:00:01&net1=02:00:00:00:00:02', 400),
];

const CHECKINS: readonly RequestRow[] = [
  checkin('1', { hw_id: 'x', facts: FACTS }, 200, NONE, { type: JSON_TYPE }),
  checkin('1', { facts: FACTS }, 200, NONE),
  checkin('1', { facts: {} }, 200, NONE),
  checkin('1', { facts: { a: 1, b: true, c: null, d: { e: [1] }, macaddress: MAC } }, 200, NONE),
  checkin('1', { facts: FACTS }, 400, '', { headers: [`Content-Type: ${JSON_TYPE}; charset=utf-8`], type: JSON_TYPE }),
  checkin('1', { facts: FACTS }, 400, '', { headers: ['Content-Type: Application/JSON'] }),
  checkin('1', { facts: FACTS }, 400, '', { headers: ['Content-Type: text/json'] }),
  checkin('1', { facts: FACTS }, 400, '', { headers: [] }),
  checkin('1', '{broken', 400, ''),
  checkin('1', '', 400, ''),
  checkin('1', {}, 400, ''),
  checkin('1', { hw_id: 'x' }, 400, ''),
  checkin('1', { facts: false }, 400, ''),
  checkin('1', [], 400, '{"error":"no implicit conversion of String into Integer"}'),
  checkin('1', { facts: 'text' }, 500, undefined, { type: HTML }),
  checkin('1', { facts: null }, 500, undefined, { type: HTML }),
  checkin('1', { facts: [] }, 400, /^\{"error":/),
  checkin('1', { facts: 5 }, 400, /^\{"error":/),
  checkin('99', { facts: FACTS }, 404, '', { type: JSON_TYPE }),
  checkin('-1', { facts: FACTS }, 404, ''),
  checkin('99999999999', { facts: FACTS }, 400, /^\{"error":"PG::/),
  checkin('abc', { facts: FACTS }, 400, /^\{"error":"PG::InvalidTextRepresentation/),
  checkin('2', { facts: { hostname: 'x' } }, 400, LOOKUP),
  checkin('2', { facts: { serialnumber: 'S' } }, 400, LOOKUP),
  checkin('2', { facts: { macaddress: '02:00:00:00:00:99' } }, 404, ''),
  checkin('2', { facts: { macaddress: '02:00:00:00:00:02', macaddress_x: null } }, 500, undefined, { type: HTML }),
  checkin('2', { facts: { macaddress: '02:00:00:00:00:02', serialnumber: 5 } }, 500, undefined, { type: HTML }),
  // another interface of node 1: the two are one, and the number that is gone answers 404 for ever
  checkin('2', { facts: { macaddress: MAC, macaddress_eth1: '02:00:00:00:00:02' } }, 200, NONE),
  checkin('2', { facts: FACTS }, 404, ''),
  get('/svc/nodeid?net0=02:00:00:00:00:02', 200, '{"id":1}'),
  { send: 'GET /svc/checkin/1', status: 404, type: HTML, is: '<h1>Not Found</h1>' },
  { send: 'POST /svc/checkin', status: 404, type: HTML, is: '<h1>Not Found</h1>' },
  { send: 'GET /svc/other', status: 404, type: HTML },
];

const OTHERS: readonly RequestRow[] = [
  get('/svc/log/1?msg=hello&severity=debug', 204, ''),
  get('/svc/log/1', 204, ''),
  get('/svc/log/99?msg=x', 404, /^\{"error":/, JSON_TYPE),
  get('/svc/store_metadata/1?a=42&b=text', 204, ''),
  get('/svc/store_metadata/1?remove[]=a', 204, ''),
  empty('/svc/store_metadata/99?a=1', 404),
  get('/svc/stage-done/99?name=x', 500, undefined, HTML),
  get('/svc/mk/extension.zip', 404, '{"error":"No extension file configured"}', JSON_TYPE),
  empty('/svc/file/1/preseed', 409),
  empty('/svc/file/99/preseed', 404),
  empty('/svc/broker/1/install', 409),
  get('/svc/repo/none/x', 404, '<h1>Not Found</h1>', HTML),
  get(
    '/api/microkernel/bootstrap',
    200,
    /^#!ipxe\n[^]*\niseq \$\{tries\} 60 \|\| goto try\n[^]*chain http:\/\/[^/]+\/svc\/boot\?net0=.*&net3=\$\{net3\/mac:hexhyp\}&dhcp_mac=.* \|\| goto error\nexit\n/,
  ),
  get('/api/microkernel/bootstrap?nic_max=50&http_port=9999', 200, /chain http:\/\/[^/:]+:9999\/svc\/boot\?.*&net49=/),
  get('/api/microkernel/bootstrap?nic_max=0', 400),
  get('/api/microkernel/bootstrap?nic_max=x', 400),
  get('/api/microkernel/bootstrap?http_port=99999', 400),
];

const MICROKERNEL =
  /^#!ipxe\n[^]*initrd http:\/\/[^/]+\/svc\/repo\/microkernel\/initrd0\.img \|\| goto error\nkernel http:\/\/[^/]+\/svc\/repo\/microkernel\/vmlinuz0 rootflags=loop initrd=initrd0\.img root=live:\/microkernel\.iso .* razor\.register=http:\/\/[^/]+\/svc\/checkin\/(\d+) razor\.extend=http:\/\/[^/]+\/svc\/mk\/extension\.zip \|\| goto error\n/;

/** With an image. */
const BOOT: readonly RequestRow[] = [
  get(`/svc/boot?net0=${MAC}&dhcp_mac=${MAC}`, 200, MICROKERNEL, 'text/plain; charset=utf-8'),
  get('/svc/boot?net0=02-00-00-00-00-01', 200, /\/svc\/checkin\/1 /),
  get('/svc/boot?net0=02:00:00:00:00:01&net1=&serial=&asset=&uuid=&fact_boot_type=pcbios', 200, MICROKERNEL),
  empty(`/svc/boot?net0=02:00:00:00:00:77&dhcp_mac=${MAC}`, 400),
  get('/svc/boot?net0=02:00:00:00:00:05', 200, MICROKERNEL),
  get('/svc/repo/microkernel/vmlinuz0', 200, '0123456789'),
  get('/svc/repo/MICROKERNEL/INITRD0.img', 200, 'initrd'),
];

const INSTALLER = /^#!ipxe\necho Razor deb model boot_call\n[^]*\nkernel .* url=http:\/\/[^/]+\/svc\/file\/1\/preseed /;

/** A policy for everybody was added. */
const BOUND: readonly RequestRow[] = [
  checkin('1', { facts: FACTS }, 200, REBOOT),
  checkin('1', { facts: FACTS }, 200, REBOOT),
  get(`/svc/boot?net0=${MAC}`, 200, INSTALLER),
  get('/svc/file/1/preseed', 200, /d-i netcfg\/get_hostname string node1\n/, 'text/plain; charset=utf-8'),
  empty('/svc/file/1/nothing', 404),
  get('/svc/broker/1/install', 200, /^#!\/bin\/sh\n/),
  get('/svc/stage-done/1?name=preseed_start', 204, ''),
  get('/svc/stage-done/1?name=finished', 204, ''),
  checkin('1', { facts: FACTS }, 200, REBOOT),
  get(`/svc/boot?net0=${MAC}`, 200, /^#!ipxe\n[^]*\nsanboot --no-describe --drive 0x80\n$/),
  checkin('1', { facts: { ...FACTS, is_virtual: false } }, 200, REBOOT),
  get(`/svc/boot?net0=${MAC}`, 200, /\nexit\n$/),
];

export const RAZOR_SERVER_ROWS = { identity: IDENTITY, checkins: CHECKINS, others: OTHERS, boot: BOOT, bound: BOUND };
