import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discoverIronic2014 } from '../../../../agent/servers/ironic-2014/discover-ironic-2014.ts';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { parseCommandLine } from '../../../../platform/kernel-line.ts';

const discover = (line: string): ReturnType<typeof discoverIronic2014> => discoverIronic2014(parseCommandLine(line));

test('the API is where the kernel line says, without slashes at its end', () => {
  for (const [given, url] of [
    ['http://192.0.2.1:6385', 'http://192.0.2.1:6385'],
    ['HTTPS://ironic.example///', 'HTTPS://ironic.example'],
    ['http://ironic.example/api/', 'http://ironic.example/api'],
  ]) {
    const source = 'kernel line ironic_api_url';
    assert.deepEqual(discover(`quiet ironic_api_url=${given}`), {
      candidates: [{ url, source, given: true }],
      steps: [{ source, note: 'given', found: [url] }],
    });
  }
});

test('a kernel line without a whole http or https URL is refused with what it has', () => {
  const refusal = (line: string): string => {
    try {
      discover(line);
    } catch (error) {
      assert.ok(error instanceof RazorMkError && error.code === 'RAZOR_MK_NO_SERVER');
      return error.message;
    }
    return 'taken';
  };
  assert.equal(refusal('quiet'), 'the kernel line has no ironic_api_url=');
  assert.equal(refusal('ironic_api_url=/'), 'the kernel line has no ironic_api_url=');
  for (const url of ['ironic.example:6385', 'ftp://ironic.example', 'http://', 'xhttp://ironic.example'])
    assert.equal(
      refusal(`ironic_api_url=${url}`),
      `the kernel line has an invalid ironic_api_url="${url.replace(/\/+$/, '')}"`,
    );
  assert.match(refusal('ironic_api_url=http://2001:db8::1:6385'), /stands in brackets, \[ADDRESS\]:PORT$/);
  assert.match(refusal(`ironic_api_url=${'x'.repeat(200)}`), /="x{100}"$/);
});
