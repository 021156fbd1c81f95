import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseIpArguments } from '../../../agent/kernel-line/ip-argument.ts';
import { bootParameters } from '../../../agent/kernel-line/read-kernel-line.ts';
import { selectServer } from '../../../agent/servers/select-server.ts';
import { readBoot } from '../../../facts/groups/system/boot.ts';
import { openSources } from '../../../facts/facts.ts';
import { parseCommandLine } from '../../../platform/kernel-line.ts';
import type { Host } from '../../../platform/process/verb.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const host = { err: () => undefined, signal: new AbortController().signal } as unknown as Host;

test('a doubled razor.dialect leads to the last one, also on the line of the deploy ramdisk', async (t) => {
  const path = join(temporaryDirectory(t), 'cmdline');
  for (const [words, chosen] of [
    ['razor.dialect=razor razor.dialect=ironic', 'ironic'],
    ['razor.dialect=ironic razor.dialect=razor', 'razor'],
    ['razor.dialect=razor razor.dialect=ironic-2014', 'ironic-2014'],
    ['', 'ironic-2014'],
  ] as const) {
    writeFileSync(path, `deployment_id=n1 ironic_api_url=http://127.0.0.1:1 ${words}`);
    const line = parseCommandLine((await bootParameters(path, false, host)).text);
    const kernel = (name: string): string | undefined => line.value(name);
    const input = { option: undefined, configured: undefined, kernel, hasLeaseFile: () => false };
    assert.equal(selectServer(input).descriptor.name, chosen, words);
  }
});

test('agent and facts read the same BOOTIF of a doubled one, and the same VLAN out of quotes', (t) => {
  const text = 'BOOTIF=01-52-54-00-00-00-01 "razor.vlan=100" BOOTIF=01-52-54-00-00-00-02';
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'proc'));
  writeFileSync(join(root, 'proc/cmdline'), `${text}\n`);
  const wanted = parseIpArguments(text);
  assert.equal(wanted.booted, '52:54:00:00:00:02');
  assert.equal(readBoot(openSources({ root })).mac, '52:54:00:00:00:02');
  assert.deepEqual(
    wanted.vlans.map(({ id }) => id),
    [100],
  );
});
