import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RAZOR_SERVER } from '../../../../agent/servers/razor-server/razor-server-descriptor.ts';
import { createRazorServer } from '../../../../agent/servers/razor-server/razor-server.ts';
import { facterForm } from '../../../../agent/servers/razor-server/facter-form.ts';
import { factsOf } from '../../../../agent/servers/node-report.ts';
import { compileExclusion } from '../../../../facts/exclude.ts';
import { collectFacts } from '../../../../facts/facts.ts';
import { machine } from '../../../helpers/agent-parts.ts';
import { madeUpSources } from '../../../helpers/memory-origin.ts';

const FLAT = {
  hostname: 'mk',
  macaddress: '52:54:00:AA:00:01',
  macaddress_eth0: '52:54:00:AA:00:01',
  is_virtual: 'true',
  processorcount: '2',
  serialnumber: '0042',
  uuid: '564d5a12-0f3c-4b1e-9a77-52540012abcd',
  memorysize_mb: '3951.29',
};

test('each rule of the contract’s table finds its fact in the form that it compares', () => {
  const facts = facterForm(FLAT, { os: { release: { major: '12' } } });
  assert.deepEqual(
    [facts['macaddress'], facts['macaddress_eth0'], facts['processorcount'], facts['is_virtual']],
    ['52:54:00:aa:00:01', '52:54:00:aa:00:01', 2, true],
  );
  assert.deepEqual(facts['os'], { release: { major: '12' } });
  assert.equal(facterForm({ os: 'mine' }, { os: { name: 'Debian' } })['os'], 'mine', 'a fact of one’s own wins');
});

test('what the server looks machines up by stays text, and so does what is not what its name promises', () => {
  const facts = facterForm({ ...FLAT, processorcount: 'two', is_virtual: 'maybe' });
  assert.deepEqual(
    [facts['serialnumber'], facts['uuid'], facts['memorysize_mb'], facts['processorcount'], facts['is_virtual']],
    ['0042', FLAT.uuid, '3951.29', 'two', 'maybe'],
  );
});

const FILES = {
  '/etc/debian_version': '12.11\n',
  '/proc/cpuinfo': 'processor : 0\nmodel name : CPU\nprocessor : 1\nmodel name : CPU\n',
  '/sys/class/dmi/id/product_name': 'Server 1\n',
};

test('a check-in carries the facts in that form, structured ones too, but for those that a pattern keeps back', async () => {
  const set = await collectFacts({ sources: madeUpSources({ files: FILES }) });
  const server = createRazorServer({
    serverUrl: 'http://10.0.0.1:8150/svc/checkin/1',
    exchange: () => Promise.reject(new Error('nothing is sent')),
  });
  const sent = factsOf(RAZOR_SERVER, set, compileExclusion('^networking$|^dmi$'));
  const report = { identity: machine().identity, ...sent, firstCheckin: true, lastState: 'idle' };
  const { facts } = JSON.parse(server.previewCheckin(report).body ?? '') as {
    facts: { os: { release: { major: string } }; processors: { count: number } } & Record<string, unknown>;
  };
  assert.deepEqual(
    [facts.os.release.major, facts.processors.count, facts['processorcount'], facts['dmi']],
    ['12', 2, 2, undefined],
  );
});
