import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ironicParameters, type IronicParameters } from '../../../../agent/servers/ironic/ironic-parameters.ts';
import { parseCommandLine } from '../../../../platform/kernel-line.ts';

const read = (line: string): IronicParameters => ironicParameters(parseCommandLine(line));

test('a line without any of Ironic’s words has ironic-python-agent’s defaults', () => {
  assert.deepEqual(read('quiet'), {
    apiUrls: [],
    callbackUrls: [],
    collectors: ['default', 'logs'],
    listenHost: undefined,
    listenPort: undefined,
    advertiseHost: undefined,
    advertisePort: 0,
    lldpTimeoutMs: 0,
    lookupTimeoutMs: 600_000,
    lookupIntervalMs: 1000,
    httpTimeoutMs: 30_000,
    insecure: false,
    presharedToken: undefined,
    globalRequestId: undefined,
    apiVersion: undefined,
    curve: 'secp384r1',
    minTls: 'TLSv1.2',
    bootMac: undefined,
    bootif: undefined,
    notes: [],
  });
});

test('all that the line may say', () => {
  const line =
    'ipa-api-url=http://a:6385/,HTTPS://b// ipa-inspection-callback-url=http://c/v1/continue ipa-inspection-collectors=default,,lldp ' +
    'ipa-listen-host=[fd00::1] ipa-listen-port=1234 ipa-advertise-host=192.0.2.5 ipa-advertise-port=65535 ipa-lldp-timeout=2.5 ' +
    'ipa-lookup-timeout=1 ipa-lookup-interval=0.1 ipa-http-request-timeout=600 ipa-insecure=1 ipa-agent-token=secret ' +
    'ipa-global-request-id=req-1 ipa-ironic-api-version=1.68 ipa-tls-certificate-curve=P521 ipa-tls-min-version=1.3 ' +
    'BOOTIF=01-52-54-00-AA-00-01';
  assert.deepEqual(read(line), {
    apiUrls: ['http://a:6385', 'HTTPS://b'],
    callbackUrls: ['http://c/v1/continue'],
    collectors: ['default', 'lldp'],
    listenHost: 'fd00::1',
    listenPort: 1234,
    advertiseHost: '192.0.2.5',
    advertisePort: 65_535,
    lldpTimeoutMs: 2500,
    lookupTimeoutMs: 1000,
    lookupIntervalMs: 100,
    httpTimeoutMs: 600_000,
    insecure: true,
    presharedToken: 'secret',
    globalRequestId: 'req-1',
    apiVersion: 68,
    curve: 'secp521r1',
    minTls: 'TLSv1.3',
    bootMac: '52:54:00:aa:00:01',
    bootif: '01-52-54-00-AA-00-01',
    notes: [],
  });
});

test('what cannot be used is noted, and its default counts', () => {
  const rows: readonly [word: string, note: string, key: keyof IronicParameters, value: unknown][] = [
    ['ipa-api-url=ftp://a', 'ipa-api-url: "ftp://a" is not an http(s) URL', 'apiUrls', []],
    ['ipa-api-url=xhttp://a', 'ipa-api-url: "xhttp://a" is not an http(s) URL', 'apiUrls', []],
    ['ipa-api-url=http://[', 'ipa-api-url: "http://[" is not an http(s) URL', 'apiUrls', []],
    [
      'ipa-api-url=http://2001:db8::139:6385',
      'ipa-api-url: "http://2001:db8::139:6385" is not an http(s) URL: an IPv6 address with a port or in a URL stands in brackets, [ADDRESS]:PORT',
      'apiUrls',
      [],
    ],
    ['ipa-api-url=mdns', 'ipa-api-url: "mdns" is not an http(s) URL, and mDNS is not spoken here', 'apiUrls', []],
    [
      'ipa-lookup-timeout=0',
      'ipa-lookup-timeout=0 is not a number from 1 to 86400: 600 counts',
      'lookupTimeoutMs',
      600_000,
    ],
    [
      'ipa-lookup-timeout=86401',
      'ipa-lookup-timeout=86401 is not a number from 1 to 86400: 600 counts',
      'lookupTimeoutMs',
      600_000,
    ],
    [
      'ipa-lookup-interval=x1',
      'ipa-lookup-interval=x1 is not a number from 0.1 to 600: 1 counts',
      'lookupIntervalMs',
      1000,
    ],
    [
      'ipa-lookup-interval=1x',
      'ipa-lookup-interval=1x is not a number from 0.1 to 600: 1 counts',
      'lookupIntervalMs',
      1000,
    ],
    ['ipa-listen-port=65536', 'ipa-listen-port=65536 is not a number from 0 to 65535: 9999 counts', 'listenPort', 9999],
    ['ipa-advertise-port=-1', 'ipa-advertise-port=-1 is not a number from 0 to 65535: 0 counts', 'advertisePort', 0],
    ['ipa-listen-host=name', 'ipa-listen-host=name is not an address', 'listenHost', undefined],
    ['ipa-advertise-host=10.0.0.300', 'ipa-advertise-host=10.0.0.300 is not an address', 'advertiseHost', undefined],
    [
      'ipa-tls-certificate-curve=p1',
      'ipa-tls-certificate-curve=p1 is not one of p256, p384, p521',
      'curve',
      'secp384r1',
    ],
    ['ipa-tls-min-version=1.1', 'ipa-tls-min-version=1.1 is not one of 1.2, 1.3', 'minTls', 'TLSv1.2'],
  ];
  for (const [word, note, key, value] of rows) {
    const found = read(word);
    assert.deepEqual([found.notes, found[key]], [[note], value], word);
  }
});

test('bounds themselves are good', () => {
  assert.equal(read('ipa-lookup-timeout=86400').lookupTimeoutMs, 86_400_000);
  assert.equal(read('ipa-listen-port=0').listenPort, 0);
  assert.equal(read('ipa-http-request-timeout=1').httpTimeoutMs, 1000);
  assert.equal(read('ipa-lldp-timeout=600 ipa-collect-lldp=1').lldpTimeoutMs, 600_000);
});

test('LLDP is waited for where somebody asked for it', () => {
  assert.equal(read('ipa-lldp-timeout=5').lldpTimeoutMs, 0);
  assert.equal(read('ipa-collect-lldp=true').lldpTimeoutMs, 30_000);
  assert.equal(read('ipa-collect-lldp=0').lldpTimeoutMs, 0);
  assert.equal(read('ipa-inspection-collectors=lldp').lldpTimeoutMs, 30_000);
});

test('collectors without a callback report to the API; without either there is no inspection', () => {
  assert.deepEqual(read('ipa-api-url=http://a ipa-inspection-collectors=default').callbackUrls, [
    'http://a/v1/continue_inspection',
  ]);
  assert.deepEqual(read('ipa-api-url=http://a').callbackUrls, []);
  assert.deepEqual(read('ipa-api-url=http://a ipa-inspection-callback-url=ftp://c').callbackUrls, []);
});

test('a version of the API is 1.N', () => {
  const versions = ['1.68', '1.0', '2.1', '1.x', '1.12345', '11.6', '1.6.8'].map(
    (text) => read(`ipa-ironic-api-version=${text}`).apiVersion,
  );
  assert.deepEqual(versions, [68, ...Array<undefined>(6).fill(undefined)]);
});
