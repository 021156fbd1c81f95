/** Razor 0.9: what the running original answered (docs/contracts/razor-0.x.md). */
import type { BodyFact, RequestRow } from './request-rows.ts';

export const JSON_TYPE = 'application/json';
export const HTML = 'text/html; charset=utf-8';
const FORM = ['Content-Type: application/x-www-form-urlencoded'];
export const CHECKIN = '/razor/api/node/checkin';
const REGISTER = '/razor/api/node/register';

/** One id of the registered node, its other one, and one that nobody has. */
export const [A, B, NOBODY] = ['525400000001', '525400000002', '5254000000FF'];

const missing = (what: string, command: string): BodyFact =>
  `{"std_err_code":114,"err_class":"ProjectRazor::Error::Slice::MissingArgument","result":"Must Provide ${what}","http_err_code":400,"slice":"ProjectRazor::Slice::Node","command":"${command}"}\n`;
const NO_IDS = missing('Hardware IDs[hw_id]', 'checkin_node');
const NO_STATE = missing('Last State[last_state]', 'checkin_node');

const refused = (send: string, is: BodyFact, more: Partial<RequestRow> = {}): RequestRow => ({
  send,
  status: 400,
  type: JSON_TYPE,
  is,
  ...more,
});
export const command = (send: string, name: string, more: Partial<RequestRow> = {}): RequestRow => ({
  send,
  status: 200,
  type: JSON_TYPE,
  is: new RegExp(
    `^\\{"resource":"ProjectRazor::Slice::Node","command":"checkin_node","result":"Ok","http_err_code":200,"errcode":0,"response":\\{"command_name":"${name}","command_param":\\{\\}\\},"client_config":\\{"mk_tce_mirror_port":2157,.*\\}\\}\\n$`,
  ),
  ...more,
});
const hashOf = (value: unknown): string =>
  encodeURIComponent(typeof value === 'string' ? value : JSON.stringify(value));

/** Before anybody has registered, and without an image. */
const UNKNOWN: readonly RequestRow[] = [
  refused(`GET ${CHECKIN}`, NO_IDS),
  refused(`GET ${CHECKIN}?hw_id=&last_state=idle`, NO_IDS),
  refused(`GET ${CHECKIN}?last_state=idle`, NO_IDS),
  refused(`GET ${CHECKIN}?hw_id=${A}`, NO_STATE),
  refused(`GET ${CHECKIN}?hw_id=${A}&last_state=`, NO_STATE),
  refused(`GET ${CHECKIN}?hw_id=${A}&last_state=%7Bx%7D`, NO_STATE),
  refused(`GET ${CHECKIN}?hw_id=${A}&uuid=&last_state=idle`, NO_IDS),
  refused(`GET ${CHECKIN}?hw_id=___&last_state=idle`, missing('At Least One Hardware ID [hw_id]', 'checkin_node')),
  refused(`GET ${CHECKIN}/extra?hw_id=${A}&last_state=idle`, NO_IDS),
  refused(`GET ${CHECKIN}?json_hash=${hashOf({ hw_id: A, last_state: 'idle' })}`, NO_IDS),
  refused(`POST ${CHECKIN}`, NO_IDS, {
    headers: [`Content-Type: ${JSON_TYPE}`],
    body: `{"hw_id":"${A}","last_state":"idle"}`,
  }),
  refused(`POST ${CHECKIN}`, NO_IDS, { headers: FORM, body: 'json_hash={broken' }),
  command(`GET ${CHECKIN}?hw_id=${A}_${B}&last_state=idle&first_checkin=true`, 'register'),
  command(`GET ${CHECKIN}?hw_id=${A}&last_state=idle`, 'register'),
  command(`GET ${CHECKIN}/?hw_id=${A}&last_state=idle`, 'register'),
  command(`GET /razor/api/node/c?hw_id=${A}&last_state=idle`, 'register'),
  command(`GET ${CHECKIN}?uuid=${A}&last_state=idle`, 'register'),
  command(`GET ${CHECKIN}?@hw_id=${A}&@last_state=idle`, 'register'),
  command(`GET ${CHECKIN}?hw_id[]=${A}&hw_id[]=${B}&last_state=idle`, 'register'),
  command(`GET ${CHECKIN}?hw_id=${A},${B}&last_state=idle`, 'register'),
  command(`GET ${CHECKIN}?hw_id=${A}&last_state=idle&unknown=1`, 'register'),
  command(`POST ${CHECKIN}`, 'register', {
    headers: FORM,
    body: `json_hash=${hashOf({ hw_id: A, last_state: 'idle' })}`,
  }),
  command(`POST ${CHECKIN}`, 'register', {
    headers: [`Content-Type: ${JSON_TYPE}`],
    body: JSON.stringify({ json_hash: JSON.stringify({ '@hw_id': A, '@last_state': 'idle' }) }),
  }),
  {
    send: 'GET /razor/api/boot?hw_id=AA',
    status: 200,
    type: HTML,
    is: /"std_err_code":1,"result":"undefined method 'uuid' for nil","slice":"ProjectRazor::Slice::Boot","command":"boot"/,
  },
];

const FACTS = {
  hostname: 'mk',
  is_virtual: 'true',
  virtual: 'kvm',
  mk_hw_cpu_count: '2',
  mk_hw_bus_vendor: 'Intel Corporation',
  mk_hw_mem_size: '4GiB',
  mk_hw_nic_count: '2',
};
const registerBody = (value: unknown): Pick<RequestRow, 'headers' | 'body'> => ({
  headers: FORM,
  body: `json_hash=${hashOf(value)}`,
});
const registered = (more: Partial<RequestRow>, json: Readonly<Record<string, unknown>> = {}): RequestRow => ({
  send: `POST ${REGISTER}`,
  status: 200,
  type: JSON_TYPE,
  is: {
    json: {
      resource: 'ProjectRazor::Slice::Node',
      command: 'register_node',
      result: 'Ok',
      http_err_code: 200,
      errcode: 0,
      ...json,
    },
  },
  ...more,
});
const noRegister = (result: string, more: Partial<RequestRow>): RequestRow =>
  refused(`POST ${REGISTER}`, missing(result, 'register_node'), more);
const whole = (hwId: unknown, facts: unknown = FACTS): unknown => ({
  '@hw_id': hwId,
  '@attributes_hash': facts,
  '@last_state': 'idle',
});
const only = (hwId: string): readonly [string, unknown] => [hwId, { hostname: 'mk' }];

const REGISTERS: readonly RequestRow[] = [
  noRegister('Hardware IDs[hw_id]', registerBody({ '@attributes_hash': FACTS, '@last_state': 'idle' })),
  noRegister('Last State[last_state]', registerBody({ '@hw_id': A, '@attributes_hash': FACTS })),
  noRegister('Attributes Hash[attributes_hash]', registerBody({ '@hw_id': A, '@last_state': 'idle' })),
  noRegister('Attributes Hash[attributes_hash]', registerBody(whole(A, {}))),
  noRegister('Hardware IDs[hw_id]', registerBody('{broken')),
  noRegister('Hardware IDs[hw_id]', { headers: FORM, body: 'other=1' }),
  noRegister('Hardware IDs[hw_id]', { body: `json_hash=${hashOf(whole(A))}` }),
  noRegister('Hardware IDs[hw_id]', { headers: FORM, body: 'json_hash=%ff%fe' }),
  noRegister('Hardware IDs[hw_id]', { headers: [`Content-Type: ${JSON_TYPE}`], body: JSON.stringify(whole(A)) }),
  { send: `POST ${REGISTER}`, status: 500, type: HTML, headers: FORM, body: 'json_hash=%00' },
  {
    send: `POST ${REGISTER}`,
    status: 500,
    type: HTML,
    headers: ['Content-Type: multipart/form-data; boundary=x'],
    body: '--x--',
  },
  {
    send: `POST ${REGISTER}`,
    status: 500,
    type: HTML,
    is: 'spawn E2BIG',
    ...registerBody(whole(A, { big: 'x'.repeat(131_000) })),
  },
  registered(registerBody(whole(`${A}_${B}`)), {
    'response.@hw_id': [A, B],
    'response.@attributes_hash': FACTS,
    'response.@tags': ['cpus_2', 'IntelCorporation', 'memsize_4GiB', 'nics_2', 'kvm_vm'],
    'response.@status': 'active',
    'response.@last_state': 'idle',
    'response.@dhcp_mac': null,
    'response.@is_template': false,
    'response.@noun': 'node',
    'response.@classname': 'ProjectRazor::Node',
  }),
  registered({
    ...registerBody(whole(`${A}_${B}`)),
    is: /"response":\{"@uuid":"\w{22}","@version":\d+,"@classname":"ProjectRazor::Node","@is_template":false,"@noun":"node","@dhcp_mac":null,"@hw_id":\[.*\],"@attributes_hash":\{.*\},"@tags":\[.*\],"@status":"active","@timestamp":\d+,"@last_state":"idle"\},"client_config":\{/,
  }),
  registered(registerBody({ hw_id: 'R1', attributes_hash: { a: '1' }, last_state: 'idle' }), {
    'response.@hw_id': ['R1'],
  }),
  registered(registerBody(whole(['R2', 'R3'], { a: '1' })), { 'response.@hw_id': ['R2', 'R3'] }),
  registered(registerBody({ '@uuid': 'R4', '@attributes_hash': { a: '1' }, '@last_state': 'idle' }), {
    'response.@hw_id': ['R4'],
  }),
  registered({ send: `POST ${REGISTER}?json_hash=${hashOf(whole(...only('R5')))}` }, { 'response.@hw_id': ['R5'] }),
  registered(
    {
      headers: [`Content-Type: ${JSON_TYPE}`],
      body: JSON.stringify({ json_hash: JSON.stringify(whole(...only('R6'))) }),
    },
    { 'response.@hw_id': ['R6'] },
  ),
  registered(
    { headers: [`${FORM[0] ?? ''}; charset=UTF-8`], body: `json_hash=${hashOf(whole(...only('R7')))}` },
    { 'response.@hw_id': ['R7'] },
  ),
  registered(
    { headers: FORM, body: `json_hash=${hashOf(whole('R8', { a: 'x y' })).replaceAll('%20', '+')}` },
    { 'response.@attributes_hash': { a: 'x y' } },
  ),
  registered(
    { send: `GET ${REGISTER}?hw_id=R9&last_state=idle&attributes_hash[a]=1` },
    { 'response.@attributes_hash': { a: '1' } },
  ),
  registered(registerBody(whole('RA_', { a: '1' })), { 'response.@hw_id': ['RA'] }),
  registered(registerBody(whole('RB', { is_virtual: true, virtual: 'kvm' })), { 'response.@tags': [] }),
  registered(registerBody(whole('RC', { ipaddress6: '::1' })), { 'response.@attributes_hash': { ipaddress6: ':1' } }),
  registered(registerBody(whole('RD', { mk_hw_nic_count: 2 })), { 'response.@tags': ['nics_2'] }),
];

/** The node of A and B is known. */
const KNOWN: readonly RequestRow[] = [
  command(`GET ${CHECKIN}?hw_id=${A}_${B}&last_state=idle`, 'acknowledge'),
  command(`GET ${CHECKIN}?hw_id=${B}_${NOBODY}&last_state=idle`, 'acknowledge'),
  command(`GET ${CHECKIN}?hw_id=_${A}_&last_state=idle`, 'acknowledge'),
  command(`GET ${CHECKIN}?hw_id=${A}&last_state=somethingelse`, 'acknowledge'),
  command(`GET ${CHECKIN}?hw_id=${A}&last_state=idle_error`, 'acknowledge'),
  command(`GET ${CHECKIN}?hw_id=52:54:00:00:00:01&last_state=idle`, 'register'),
  command(`GET ${CHECKIN}?hw_id=${NOBODY}&last_state=idle`, 'register'),
  ...['true', 'false', '', '0', 'no'].map((first) =>
    command(`GET ${CHECKIN}?hw_id=${A}&last_state=idle&first_checkin=${first}`, 'register'),
  ),
  command(`GET ${CHECKIN}?hw_id=rb&last_state=idle`, 'register'),
];

export const html = (path: string, status: number, is?: BodyFact): RequestRow => ({
  send: `GET ${path}`,
  status,
  type: HTML,
  is,
});
const INVALID = '{"slice":"ProjectRazor::Slice","result":"InvalidSlice","http_err_code":404}\n';
const illegal = (path: string): RequestRow => html(path, 404, /^Illegal path component: '/);

const PATHS: readonly RequestRow[] = [
  html('/razor', 404, 'Bad Request(No module selected)'),
  html('/razor/api', 404, 'Bad Request(No slice selected)'),
  html('/razor/x', 404, 'Bad Request'),
  html('/razor/api/node/other', 404),
  ...['tag', 'image', 'config', 'nothing', 'policy/list'].map((slice) => ({
    send: `GET /razor/api/${slice}`,
    status: 404,
    type: JSON_TYPE,
    is: INVALID,
  })),
  { send: 'GET /razor/api/bootx', status: 200, is: INVALID },
  illegal('/razor/api/a..b'),
  illegal('/razor/api/node/a%26b'),
  illegal('/razor/api/node/a%7Cb'),
  illegal('/razor/api/node/a%01b'),
  illegal('/razor/api//node'),
  illegal(`/razor/api/${'x'.repeat(201)}`),
  html('/razor/api/%00', 500),
];

/** In the order in which they are sent. */
export const RAZOR_ROWS = { unknown: UNKNOWN, registers: REGISTERS, known: KNOWN, paths: PATHS };
