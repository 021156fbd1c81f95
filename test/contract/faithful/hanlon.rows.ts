/** Hanlon of 2015: what the running original answered (docs/contracts/hanlon.md). */
import type { BodyFact, RequestRow } from './request-rows.ts';

const BASE = '/hanlon/api/v1';
const JSON_TYPE = 'application/json';
const UUID = '564D5A12-0F3C-4B1E-9A77-52540012ABCD';
const [A, B] = ['525400000011', '525400000012'];
const FACTS = { is_virtual: 'false', mk_hw_nic_count: '2' };

const command = (query: string, name: string): RequestRow => ({
  send: `GET ${BASE}/node/checkin?${query}`,
  status: 200,
  type: JSON_TYPE,
  is: new RegExp(
    `^\\{"resource":"ProjectHanlon::Slice::Node","command":"checkin_node","result":"Ok","http_err_code":200,"errcode":0,"response":\\{"command_name":"${name}","command_param":\\{\\}\\},"client_config":\\{`,
  ),
});
const failed = (send: string, status: number, type: string, more: Partial<RequestRow> = {}): RequestRow => ({
  send,
  status,
  type: JSON_TYPE,
  is: { json: { errcode: undefined, 'response.result.code': status, 'response.result.type': type } },
  ...more,
});
const MISSING = 'ProjectHanlon::Error::Slice::MissingArgument';
const COMMAND = 'ProjectHanlon::Error::Slice::InvalidCommand';
const NO_UUID = 'ProjectHanlon::Error::Slice::InvalidUUID';
const INVALID = 'Grape::Exceptions::ValidationErrors';
const register = (body: unknown, type = 'text/json'): Pick<RequestRow, 'headers' | 'body'> => ({
  headers: [`Content-Type: ${type}`],
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const node = (more: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
  mac_id: `${A}_${B}`,
  last_state: 'idle',
  attributes_hash: FACTS,
  ...more,
});
const registered = (body: unknown, json: Readonly<Record<string, unknown>>, type?: string): RequestRow => ({
  send: `POST ${BASE}/node/register`,
  status: 201,
  type: JSON_TYPE,
  is: { json: { command: 'register_node', result: 'Ok', http_err_code: 200, errcode: 0, ...json } },
  ...register(body, type),
});
const refused = (body: unknown, status: number, type: string): RequestRow =>
  failed(`POST ${BASE}/node/register`, status, type, register(body));
const CONFIG: Readonly<Record<string, unknown>> = {
  'client_config.mk_checkin_interval': 60,
  'client_config.mk_checkin_skew': 5,
  'client_config.mk_log_level': 'Logger::ERROR',
  'client_config.mk_gem_mirror': 'http://localhost:2158/gem-mirror',
  'client_config.mk_gemlist_uri': '/gems/gem.list',
  'client_config.mk_tce_mirror': 'http://localhost:2157/tinycorelinux',
  'client_config.mk_tce_install_list_uri': '/tce-install-list',
  'client_config.mk_kmod_install_list_uri': '/kmod-install-list',
  'client_config.mk_uri': undefined,
  'client_config.mk_register_path': undefined,
  'client_config.mk_checkin_path': undefined,
  'client_config.mk_tce_mirror_uri': undefined,
  'client_config.mk_gem_mirror_uri': undefined,
};

const UNKNOWN: readonly RequestRow[] = [
  failed(`GET ${BASE}/node/checkin`, 500, INVALID),
  failed(`GET ${BASE}/node/checkin?uuid=${UUID}`, 500, INVALID),
  failed(`GET ${BASE}/node/checkin?uuid=${UUID}&last_state=`, 500, INVALID),
  failed(`GET ${BASE}/node/checkin?last_state=idle`, 400, MISSING),
  failed(`GET ${BASE}/node/checkin?uuid=&mac_id=&last_state=idle`, 400, MISSING),
  failed(`GET ${BASE}/node/checkin?mac_id=${A}&hw_id=${B}&last_state=idle`, 400, COMMAND),
  command(`uuid=${UUID}&mac_id=${A}_${B}&last_state=idle&first_checkin=true`, 'register'),
  command(`uuid=${UUID}&last_state=idle`, 'register'),
  command(`mac_id=${A}&last_state=idle`, 'register'),
  command(`hw_id=${A}&last_state=idle`, 'register'),
  { ...command(`mac_id=${A}&last_state=idle`, 'register'), is: { json: CONFIG } },
  refused('{broken', 500, INVALID),
  refused('[]', 500, INVALID),
  refused('json_hash=%7B%7D', 500, INVALID),
  refused(node({ last_state: undefined }), 500, INVALID),
  refused(node({ attributes_hash: undefined }), 500, INVALID),
  refused(node({ attributes_hash: 'text' }), 500, INVALID),
  refused(node({ attributes_hash: {} }), 400, MISSING),
  refused(node({ mac_id: undefined }), 400, MISSING),
  refused(node({ mac_id: '', uuid: '' }), 400, MISSING),
  refused(node({ hw_id: A }), 400, COMMAND),
  failed(`GET ${BASE}/boot?uuid=${UUID}&dhcp_mac=01-52-54-00-00-00-11`, 500, INVALID),
];

const MK =
  /^#!ipxe\nkernel http:\/\/[^/]+\/hanlon\/api\/v1\/image\/mk\/\w{22}\/boot\/vmlinuz maxcpus=1 \|\| goto error\n/;
const boot = (query: string, is: BodyFact = MK): RequestRow => ({ send: `GET ${BASE}/boot?${query}`, status: 200, is });

/** With an image; the first rows register. */
const KNOWN: readonly RequestRow[] = [
  registered(node({}), {
    'response.@hw_id': [A, B],
    'response.@attributes_hash': FACTS,
    'response.@tags': ['nics_2', A, B],
    'response.@status': 'active',
    'response.@last_state': 'idle',
    'response.@dhcp_mac': null,
    'response.@classname': 'ProjectHanlon::Node',
  }),
  registered(node({}), { ...CONFIG, 'response.@hw_id': [A, B] }, JSON_TYPE),
  registered(node({ mac_id: undefined, hw_id: '5254000000A1' }), { 'response.@hw_id': ['5254000000A1'] }),
  registered(node({ mac_id: '5254000000b1', uuid: UUID.toLowerCase() }), {
    'response.@hw_id': [UUID],
    'response.@tags': ['nics_2', UUID],
  }),
  registered(node({ mac_id: '5254000000b2' }), { 'response.@hw_id': ['5254000000B2'] }),
  registered(node({ mac_id: '5254000000C1', uuid: 'Not Settable' }), { 'response.@hw_id': ['NOT SETTABLE'] }),
  registered(node({ mac_id: '5254000000C2', uuid: 'Not Settable' }), { 'response.@hw_id': ['NOT SETTABLE'] }),
  registered(node({ mac_id: '52:54:00:00:00:D1' }), { 'response.@hw_id': ['52:54:00:00:00:D1'] }),
  command(`mac_id=${A}&last_state=idle`, 'acknowledge'),
  command(`mac_id=${B}_5254000000EE&last_state=idle`, 'acknowledge'),
  command(`hw_id=${A}&last_state=idle`, 'acknowledge'),
  command(`uuid=${UUID}&last_state=idle`, 'acknowledge'),
  command(`uuid=${UUID}&mac_id=5254000000EE&last_state=idle`, 'acknowledge'),
  command(`mac_id=5254000000B1&last_state=idle`, 'register'),
  // by the UUID first, then by the MACs
  command(`uuid=Unknown&mac_id=${A}_${B}&last_state=idle`, 'acknowledge'),
  command(`mac_id=${A}&last_state=idle&first_checkin=true`, 'register'),
  boot('uuid=x&mac_id=AA&dhcp_mac=01-52-54-00-00-00-EE'),
  boot(`mac_id=52:54:00:00:00:11&dhcp_mac=01-52-54-00-00-00-11`),
  boot(`uuid=${UUID}&mac_id=&dhcp_mac=01-52-54-00-00-00-B1`),
  failed(`GET ${BASE}/boot?mac_id=${A}`, 500, INVALID),
  failed(`GET ${BASE}/boot?mac_id=${A}&dhcp_mac=52-54-00-00-00-11`, 500, INVALID),
  failed(`GET ${BASE}/boot?dhcp_mac=01-52-54-00-00-00-11`, 400, MISSING),
];

const COLLECTION: readonly RequestRow[] = [
  {
    send: `GET ${BASE}/node/{UUID}`,
    status: 200,
    type: JSON_TYPE,
    is: { json: { 'response.@hw_id': [A, B], errcode: 0 } },
  },
  {
    send: `GET ${BASE}/node`,
    status: 200,
    type: JSON_TYPE,
    is: /"command":"get_all_nodes",.*"response":\[\{"@uuid":"\w{22}"/,
  },
  failed(`GET ${BASE}/node/none`, 400, NO_UUID),
  failed(`GET ${BASE}/node/{UUID}/other`, 400, NO_UUID),
  {
    send: `GET ${BASE}/config/ipxe`,
    status: 200,
    is: /^#!ipxe\n[^]*\nchain http:\/\/[^/]+\/hanlon\/api\/v1\/boot\?uuid=\$\{uuid\}&mac_id=\$\{net0\/mac\}_.*&dhcp_mac=\$\{dhcp_mac\} \|\| goto error\n/,
  },
  { send: `GET ${BASE}/image/mk/{MK}/boot/vmlinuz`, status: 200, is: '0123456789' },
  { send: `GET ${BASE}/image/mk/{MK}/none`, status: 404, is: 'Error: File Not Found' },
];

const INSTALLER = /^#!ipxe\necho Hanlon deb model boot_call\n[^]*\nkernel /;

/** A's node is bound. */
const BOUND: readonly RequestRow[] = [
  command(`mac_id=${A}&last_state=idle`, 'reboot'),
  boot(`mac_id=${A}&dhcp_mac=01-52-54-00-00-00-11`, INSTALLER),
  boot(`uuid=Not%20Known&mac_id=${A}_${B}&dhcp_mac=01-52-54-00-00-00-11`, INSTALLER),
  { send: `GET ${BASE}/policy/callback/{ACTIVE}/preseed/start`, status: 200, is: 'ok' },
  {
    send: `GET ${BASE}/policy/callback/{ACTIVE}/preseed/file`,
    status: 200,
    is: /d-i netcfg\/get_hostname string node1\n/,
  },
  { send: `GET ${BASE}/policy/callback/{ACTIVE}/preseed/end`, status: 200, is: 'ok' },
  boot(`mac_id=${A}&dhcp_mac=01-52-54-00-00-00-11`, /\nsanboot --no-describe --drive 0x80\n$/),
  failed(`GET ${BASE}/policy/callback/none/preseed/start`, 400, NO_UUID),
];

export const HANLON_ROWS = { unknown: UNKNOWN, known: KNOWN, collection: COLLECTION, bound: BOUND };
