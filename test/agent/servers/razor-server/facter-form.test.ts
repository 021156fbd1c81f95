import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRazorServer } from '../../../../agent/servers/razor-server/razor-server.ts';
import { facterForm } from '../../../../agent/servers/razor-server/facter-form.ts';
import { machine } from '../../../helpers/agent-parts.ts';

const FLAT = {
  hostname: 'mk',
  interfaces: 'eth0,lo',
  macaddress: '52:54:00:AA:00:01',
  macaddress_eth0: '52:54:00:AA:00:01',
  ipaddress_eth0: '10.0.0.7',
  mtu_eth0: '1500',
  is_virtual: 'true',
  processorcount: '2',
  physicalprocessorcount: '1',
  processor0: 'CPU',
  processor1: 'CPU',
  blockdevice_sda_size: '274877906944',
  operatingsystem: 'Debian',
  osfamily: 'Debian',
  operatingsystemrelease: '12.11',
  operatingsystemmajrelease: '12',
  serialnumber: '0042',
  uuid: '564d5a12-0f3c-4b1e-9a77-52540012abcd',
  memorysize_mb: '3951.29',
};

test('each rule of the contract’s table finds its fact in the form that it compares', () => {
  const facts = facterForm(FLAT) as Record<string, unknown>;
  assert.deepEqual(
    [facts['macaddress'], facts['macaddress_eth0'], facts['processorcount'], facts['is_virtual']],
    ['52:54:00:aa:00:01', '52:54:00:aa:00:01', 2, true],
  );
  assert.deepEqual(facts['os'], {
    name: 'Debian',
    family: 'Debian',
    release: { full: '12.11', major: '12', minor: '11' },
  });
  assert.deepEqual(facts['processors'], { count: 2, physicalcount: 1, models: ['CPU', 'CPU'] });
  assert.deepEqual(facts['networking'], {
    hostname: 'mk',
    mac: '52:54:00:aa:00:01',
    interfaces: { eth0: { ip: '10.0.0.7', mac: '52:54:00:aa:00:01', mtu: 1500 } },
  });
  assert.deepEqual(facts['dmi'], { product: { serial_number: '0042', uuid: FLAT.uuid } });
});

test('what the server looks machines up by stays text, and so does what is not what its name promises', () => {
  const facts = facterForm({ ...FLAT, processorcount: 'two', is_virtual: 'maybe' });
  assert.deepEqual(
    [facts['serialnumber'], facts['uuid'], facts['memorysize_mb'], facts['processorcount'], facts['is_virtual']],
    ['0042', FLAT.uuid, '3951.29', 'two', 'maybe'],
  );
  assert.deepEqual(facterForm({ site: 'B' }), { site: 'B' }, 'no empty maps');
});

test('a check-in carries the facts in that form', () => {
  const server = createRazorServer({
    serverUrl: 'http://10.0.0.1:8150/svc/checkin/1',
    exchange: () => Promise.reject(new Error('nothing is sent')),
  });
  const report = { identity: machine().identity, facts: FLAT, firstCheckin: true, lastState: 'idle' };
  const { facts } = JSON.parse(server.previewCheckin(report).body ?? '') as { facts: Record<string, unknown> };
  assert.deepEqual([facts['processorcount'], facts['is_virtual']], [2, true]);
});
