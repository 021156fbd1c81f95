import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  asksForDeploy,
  deployParameters,
  parseParameters,
  wantsVirtualMedia,
} from '../../../../../agent/servers/ironic-2014/parameters/deploy-parameters.ts';
import {
  countSessions,
  exportedMegabytes,
  sessionIds,
} from '../../../../../agent/servers/ironic-2014/iscsi/target-tgt.ts';
import { faultText, oneLine } from '../../../../../agent/servers/ironic-2014/conductor/report.ts';
import { cleanToken } from '../../../../../agent/servers/ironic-2014/parameters/virtual-media.ts';

const LINE =
  'rootfstype=ramfs selinux=0 disk=cciss/c0d0,sda,hda,vda iscsi_target_iqn=iqn-f02e deployment_id=f02e deployment_key=9ATN' +
  ' ironic_api_url=http://192.0.2.1:6385/ troubleshoot=0 ip=192.0.2.4:192.0.2.1:192.0.2.254:255.255.255.0 BOOTIF=01-aa-BB-cc-dd-ee-ff';

test('the first of doubled keys wins, a value keeps its equal signs, a bare word is empty', () => {
  const words = parseParameters('a=b=c a=2 text  \n b=\td');
  assert.deepEqual(
    [...words],
    [
      ['a', 'b=c'],
      ['text', ''],
      ['b', ''],
      ['d', ''],
    ],
  );
});

test('the parameters of a PXE boot are read as the original read them', () => {
  const words = parseParameters(LINE);
  assert.ok(asksForDeploy(words));
  assert.ok(!wantsVirtualMedia(words));
  const read = deployParameters(words);
  assert.deepEqual(read.disks, ['cciss/c0d0', 'sda', 'hda', 'vda']);
  assert.equal(read.ironicApiUrl, 'http://192.0.2.1:6385');
  assert.deepEqual(read.ip, {
    address: '192.0.2.4',
    server: '192.0.2.1',
    gateway: '192.0.2.254',
    mask: '255.255.255.0',
  });
  assert.equal(read.bootServer, '192.0.2.1');
  assert.equal(read.bootMac, 'aa:bb:cc:dd:ee:ff');
  assert.equal(read.troubleshoot, false);
});

test('BOOTIF of iPXE is a plain MAC, and other hardware types keep their prefix', () => {
  const mac = (text: string): string | undefined => deployParameters(parseParameters(`BOOTIF=${text}`)).bootMac;
  assert.equal(mac('AA:bb:cc:dd:ee:01'), 'aa:bb:cc:dd:ee:01');
  assert.equal(mac('20-aa-bb-cc-dd-ee-ff'), '20:aa:bb:cc:dd:ee:ff');
  assert.equal(mac(''), undefined);
});

test('boot_server counts only where ip= is not given', () => {
  assert.equal(deployParameters(parseParameters('boot_server=10.0.0.9')).bootServer, '10.0.0.9');
  assert.equal(deployParameters(parseParameters('boot_server=10.0.0.9 ip=1.1.1.1:2.2.2.2:::')).bootServer, '2.2.2.2');
});

test('sessions and sizes are read from what tgtadm shows', () => {
  const shown = `Target 1: iqn-x
    I_T nexus information:
        I_T nexus: 3
            Initiator: iqn.2008-11.org.linux-kvm alias: none
            Connection: 0
                IP Address: 127.0.0.1
    LUN information:
        LUN: 0
            Size: 0 MB, Block size: 1
        LUN: 1
            Type: disk
            Size: 67 MB, Block size: 512
`;
  assert.equal(countSessions(shown), 1);
  assert.deepEqual(sessionIds(shown), [{ session: '3', connection: '0' }]);
  assert.equal(exportedMegabytes(shown), 67);
  assert.equal(countSessions(shown.replace(/.*I_T nexus: 3[\s\S]*?127.0.0.1\n/, '')), 0);
});

test('Ironic’s wrapped error texts are unwrapped, and the key that Kilo prints is taken out', () => {
  const inner = JSON.stringify({
    debuginfo: null,
    faultcode: 'Client',
    faultstring: 'Expected key ABCDEFGHIJKLMNOPQRSTUVWXYZ012345',
  });
  const text = faultText(JSON.stringify({ error_message: inner }), []);
  assert.equal(text, 'Expected key …');
  assert.equal(faultText('{"error_message":"{\\"title\\":\\"t\\",\\"description\\":\\"d\\"}"}', []), 'd');
  assert.equal(faultText('<html>busy</html>', []), '<html>busy</html>');
  assert.equal(oneLine('a\n\tb\u0000"c'), 'a b "c');
});

test('a token is one line of printable ASCII of at most 64 KiB, or none', () => {
  assert.equal(cleanToken(Buffer.from('abc123\n')), 'abc123');
  assert.equal(cleanToken(Buffer.from("x'; rm -rf /; '")), undefined);
  assert.equal(cleanToken(Buffer.from('a\r\nX-Evil: 1')), undefined);
  assert.equal(cleanToken(Buffer.alloc(65 * 1024, 'a')), undefined);
  assert.equal(cleanToken(Buffer.from('')), undefined);
});
