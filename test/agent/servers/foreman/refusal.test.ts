import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TextReply } from '../../../../agent/http/exchange.ts';
import { refusalOf } from '../../../../agent/servers/foreman/refusal.ts';

function refusal(
  status: number,
  body: string,
  type: 'foreman' | 'proxy' = 'foreman',
): { text: string; remedy: string } {
  const { message, remedy, code } = refusalOf({ status, body } as TextReply, 'http://f/x', type) as Error & {
    remedy?: string;
    code: string;
  };
  assert.equal(code, 'RAZOR_MK_REFUSED');
  return {
    text: message.replace(`Foreman refused the facts (HTTP ${status}) at http://f/x: `, ''),
    remedy: remedy ?? '',
  };
}

test('Foreman’s own words are found, wherever they stand', () => {
  const rows: readonly [body: string, text: string][] = [
    ['{"message":"A <b>reason</b>"}', 'A reason'],
    ['{"error":"B"}', 'B'],
    ['{"error":{"message":"C"}}', 'C'],
    ['{"error":{"id":5}}', '{"error":{"id":5}}'],
    ['{"error":null}', '{"error":null}'],
    ['null', 'null'],
    ['plain text', 'plain text'],
    ['', 'no explanation'],
    ['x'.repeat(601), `${'x'.repeat(600)}…`],
  ];
  for (const [body, text] of rows) assert.equal(refusal(500, body).text, text);
});

test('the remedy is that of the words, else that of the status', () => {
  const rows: readonly [status: number, body: string, remedy: RegExp][] = [
    [422, 'Unable to detect primary interface', /it must be discovery_bootif/],
    [422, 'discovery_fact', /it must be discovery_bootif/],
    [422, 'Unable to find primary NIC', /Ignore interfaces with matching identifier/],
    [422, 'All NICs filtered', /Ignore interfaces with matching identifier/],
    [422, 'Host already exists', /discovery_error_on_existing/],
    [422, 'a MANAGED host', /discovery_error_on_existing/],
    [422, 'no subnet', /Add the subnet/],
    [422, 'Organisation', /Add the subnet/],
    [422, 'hostgroup missing', /discovery rules/],
    [404, '', /For the address of a smart proxy/],
    [405, '', /For the address of a smart proxy/],
    [401, '', /Facts need no login/],
    [403, '', /Facts need no login/],
    [500, '', /^Read the message, which is the server’s/],
    [404, 'subnet', /Add the subnet/],
  ];
  for (const [status, body, remedy] of rows) assert.match(refusal(status, body).remedy, remedy, `${status} ${body}`);
  assert.match(refusal(404, '', 'proxy').remedy, /For Foreman’s own address/);
});
