import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HANLON_LEASE_FILE } from '../../../agent/servers/hanlon/hanlon-descriptor.ts';
import { selectServer, type SelectInput } from '../../../agent/servers/select-server.ts';

function select(kernel: Record<string, string>, more: Partial<SelectInput> = {}) {
  const input = { option: undefined, configured: undefined, hasLeaseFile: () => false, ...more };
  const { descriptor, reason } = selectServer({ ...input, kernel: (name) => kernel[name] });
  return { dialect: descriptor.name, reason };
}

test('the kernel line says which dialect is spoken', () => {
  assert.equal(select({ 'razor.register': 'http://h:8150/svc/checkin/8' }).dialect, 'razor-server');
  assert.equal(select({ 'hanlon.ip': '10.0.0.1' }).dialect, 'hanlon');
  assert.equal(select({ 'hanlon.server': 'h' }).dialect, 'hanlon');
  assert.equal(select({ 'razor.ip': '10.0.0.1' }).dialect, 'razor');
  assert.equal(select({}).dialect, 'razor');
});

test('a Hanlon lease counts where the kernel line is silent, and only there', () => {
  const hasLeaseFile = (name: string): boolean => name === HANLON_LEASE_FILE;
  assert.equal(select({}, { hasLeaseFile }).dialect, 'hanlon');
  assert.match(select({}, { hasLeaseFile }).reason, /the DHCP lease named a Hanlon server/);
  assert.equal(select({ 'razor.ip': '10.0.0.1' }, { hasLeaseFile }).dialect, 'razor');
});

test('two servers on one kernel line are refused, both named, and razor.dialect decides', () => {
  const both = { 'razor.register': 'http://h:8150/svc/checkin/8', 'hanlon.ip': '10.0.0.1' };
  assert.throws(() => select(both), {
    code: 'RAZOR_MK_DIALECT',
    message: /hanlon\.ip= \(hanlon\) and razor\.register= \(razor-server\)/,
    remedy: /razor\.dialect=hanlon or razor\.dialect=razor-server/,
  });
  assert.equal(select({ ...both, 'razor.dialect': 'hanlon' }).dialect, 'hanlon');
});

test('--dialect wins over the kernel line, and the kernel line over the configuration', () => {
  const kernel = { 'razor.dialect': 'hanlon', 'razor.ip': '10.0.0.1' };
  assert.equal(select(kernel, { option: 'razor-server' }).dialect, 'razor-server');
  assert.equal(select(kernel, { configured: 'razor' }).dialect, 'hanlon');
  assert.equal(select({}, { configured: 'Hanlon' }).dialect, 'hanlon');
});

test('a dialect that nobody speaks is refused with the list of those that are', () => {
  assert.throws(() => select({ 'razor.dialect': 'cobbler' }), {
    code: 'RAZOR_MK_DIALECT',
    message: /razor\.dialect= on the kernel line names an unknown dialect "cobbler"/,
    remedy: /razor, hanlon, razor-server, foreman, ironic, ironic-2014/,
  });
});

test('the parameters of Ironic and Foreman choose their jobs, and not beside a Razor server', () => {
  assert.equal(select({ 'ipa-inspection-callback-url': 'http://h/v1/continue_inspection' }).dialect, 'ironic');
  assert.equal(select({ 'ipa-api-url': 'http://h:6385' }).dialect, 'ironic');
  assert.equal(select({ 'proxy.url': 'https://h', 'proxy.type': 'foreman' }).dialect, 'foreman');
  assert.equal(select({ 'foreman.url': 'https://h' }).dialect, 'foreman');
  const both = { 'razor.ip': '10.0.0.1', 'ipa-api-url': 'http://h:6385' };
  assert.throws(() => select(both), {
    message: /razor\.ip= \(razor\) and ipa-api-url= \(ironic\)/,
    remedy: /razor\.dialect=razor or razor\.dialect=ironic/,
  });
  assert.equal(select({ ...both, 'razor.dialect': 'ironic' }).dialect, 'ironic');
});

test('an order for a deployment goes before other servers and the configuration file, and not before who was named', () => {
  const old = { deployment_id: '1', ironic_api_url: 'http://h:6385', 'ipa-api-url': 'http://h:6385' };
  assert.equal(select(old).dialect, 'ironic-2014');
  assert.equal(select({ ...old, 'razor.ip': '10.0.0.1' }, { configured: 'razor' }).dialect, 'ironic-2014');
  assert.equal(select({ ...old, 'razor.dialect': 'ironic' }).dialect, 'ironic');
  assert.equal(select(old, { option: 'razor' }).dialect, 'razor');
  assert.equal(select({ deployment_id: '1' }).dialect, 'razor', 'one word of the two is no order');
});
