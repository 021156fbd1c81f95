/** Razor 0.9: boot scripts, image service, states and callbacks (docs/contracts/razor-0.x.md). */
import { A, CHECKIN, command, html, JSON_TYPE, NOBODY } from './razor.rows.ts';
import type { BodyFact, RequestRow } from './request-rows.ts';

const MK_SCRIPT =
  '#!ipxe\nkernel {IMAGES}/razor/image/mk/{MK}/boot/vmlinuz maxcpus=1 || goto error\ninitrd {IMAGES}/razor/image/mk/{MK}/boot/core.gz || goto error\nboot || goto error\n\n\n\n:error\necho ERROR, will reboot in 60\nsleep 60\nreboot\n';
const boot = (query: string, is: BodyFact = MK_SCRIPT): RequestRow => html(`/razor/api/boot${query}`, 200, is);
const API_ERROR =
  'Must Provide At Least One Hardware ID [hw_id]\necho API Error, will reboot in 30 seconds\nsleep 30\nreboot\n';
const NO_BOOT_ID =
  /"std_err_code":114,.*"result":"Must Provide Hardware IDs\[hw_id\]","http_err_code":400,"slice":"ProjectRazor::Slice::Boot","command":"boot_call"/;

/** With an image, unbound. */
export const BOOT_ROWS: readonly RequestRow[] = [
  boot(`?hw_id=${NOBODY}`),
  boot(`?hw_id=${A}`),
  boot('?hw_id=52:54:00:00:00:01_52:54:00:00:00:02______'),
  boot(`?mac=${A}`),
  boot(`?hw_id=x&mac=${A}`),
  boot(`?hw_id=${A}&dhcp_mac=01-52-54-00-00-00-01`),
  boot('?hw_id[]=AA&hw_id[]=BB'),
  boot('?hw_id=_______', API_ERROR),
  boot('', NO_BOOT_ID),
  boot('?hw_id=', NO_BOOT_ID),
  boot('?dhcp_mac=01-52-54-00-00-00-01', NO_BOOT_ID),
];

const file = (send: string, status: number, is?: BodyFact, headers?: readonly string[]): RequestRow => ({
  send,
  status,
  is,
  headers,
});

/** On the image service; kernel is `0123456789`. */
export const IMAGE_ROWS: readonly RequestRow[] = [
  { ...file('GET /razor/image/mk/{MK}/boot/vmlinuz', 200, '0123456789'), type: 'application/octet-stream' },
  { ...file('HEAD /razor/image/mk/{MK}/boot/vmlinuz', 200, ''), type: 'application/octet-stream' },
  file('GET /razor/image/mk/{MK}/boot%2Fvmlinuz', 200, '0123456789'),
  file('GET /razor/image/mk/{MK}/boot/vmlinuz', 200, '23', ['Range: bytes=2-3']),
  file('GET /razor/image/mk/{MK}/boot/vmlinuz', 200, '89', ['Range: bytes=8-']),
  file('GET /razor/image/mk/{MK}/boot/vmlinuz', 200, '0', ['Range: bytes=0-0,5-6']),
  file('GET /razor/image/mk/{MK}/boot/vmlinuz', 200, '0123456789', ['Range: bytes=5-2']),
  ...['boot/none', 'boot/a..b', '../secret', '/boot/vmlinuz', 'x'.repeat(201)].map((path) =>
    file(`GET /razor/image/mk/{MK}/${path}`, 404, 'Error: File Not Found'),
  ),
  file('GET /razor/image/mk/none/boot/vmlinuz', 404, 'Error: File Not Found'),
  file('GET /razor/image/os/{MK}/boot/vmlinuz', 404, 'Error: File Not Found'),
];

/** State of the active model → command, and what boots. */
const STATES: readonly (readonly [string, string, 'installer' | 'local' | 'mk'])[] = [
  ['init', 'reboot', 'installer'],
  ['preinstall', 'reboot', 'installer'],
  ['postinstall', 'reboot', 'local'],
  ['os_complete', 'reboot', 'local'],
  ['complete_no_broker', 'acknowledge', 'local'],
  ['broker_fail', 'reboot', 'local'],
  ['broker_success', 'reboot', 'local'],
  ['broker_wait', 'acknowledge', 'mk'],
  ['timeout_error', 'acknowledge', 'mk'],
  ['error_catch', 'acknowledge', 'mk'],
];
const SCRIPTS = {
  installer:
    /^#!ipxe\necho Razor deb model boot_call\necho Installation node UUID : \w{22}\necho Installation image UUID: \w{22}\necho Active Model node state: \w+\nsleep 3\nkernel .* \|\| goto error\n/,
  local: /\nsanboot --no-describe --drive 0x80\n$/,
  mk: MK_SCRIPT,
};

/** `setState` moves the bound node's active model. */
export function stateRows(setState: (state: string) => Promise<unknown>): readonly RequestRow[] {
  return STATES.flatMap(([state, told, kind]) => [
    { ...command(`GET ${CHECKIN}?hw_id=${A}&last_state=idle`, told), before: () => setState(state) },
    boot(`?hw_id=${A}`, SCRIPTS[kind]),
  ]);
}

const CALLBACK = '/razor/api/policy/callback';
const wrong = (path: string, code: number): RequestRow => ({
  send: `GET ${CALLBACK}${path}`,
  status: 400,
  type: JSON_TYPE,
  is: { json: { std_err_code: code, http_err_code: 400, slice: 'ProjectRazor::Slice::Policy' } },
});
const called = (path: string, is: BodyFact): RequestRow => html(`${CALLBACK}/{ACTIVE}/${path}`, 200, is);

/** The node is bound, state init. */
export const CALLBACK_ROWS: readonly RequestRow[] = [
  wrong('', 158),
  wrong('/none/preseed/start', 160),
  wrong('/{ACTIVE}/nonsense/start', 157),
  wrong('/{ACTIVE}/kickstart/start', 157),
  called('preseed/start', 'ok\n'),
  called('preseed/file', /d-i netcfg\/get_hostname string node1\n/),
  called('preseed/nonsense%20x', 'error\n'),
  called('preseed/end', 'ok\n'),
  called('postinstall/inject', /^#!\/bin\/sh\n/),
  called('postinstall/final', 'ok\n'),
];

/** `force` answers every check-in of the node with a command. */
export function forcedRows(force: (command: string) => Promise<unknown>): readonly RequestRow[] {
  return ['reboot', 'register', 'acknowledge', 'shutdown', 'any-thing'].map((name) => ({
    ...command(`GET ${CHECKIN}?hw_id=RB&last_state=idle`, name),
    before: () => force(name),
  }));
}
