import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askSntp } from '../../../agent/network/ntp.ts';

test('an NTP server to which no way leads is an error, not the end of the agent', async () => {
  for (const address of ['fe80::1', '255.255.255.255'])
    await assert.rejects(askSntp(address, { timeoutMs: 5000 }), {
      code: 'RAZOR_MK_NTP',
      message: new RegExp(`^no way to the NTP server ${address.replaceAll('.', '\\.')}: `),
    });
});
