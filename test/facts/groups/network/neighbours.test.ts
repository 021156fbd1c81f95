import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { collectFacts, type Sources } from '../../../../facts/facts.ts';
import { parseNeighbourFrame } from '../../../../facts/groups/network/neighbours/neighbour-frame.ts';
import { readNeighbours } from '../../../../facts/groups/network/neighbours/neighbours.ts';
import { readPcap, writePcap } from '../../../../facts/groups/network/neighbours/pcap.ts';
import { madeUpSources } from '../../../helpers/memory-origin.ts';
import { CDP_FRAME, heardOn, LLDP_FAREWELL, LLDP_FRAME } from '../../../helpers/neighbour-frames.ts';

const CARD = {
  '/sys/class/net/eth0/address': '52:54:00:00:00:07\n',
  '/sys/class/net/eth0/type': '1\n',
  '/sys/class/net/eth0/flags': '0x1003\n',
};

/** The LLDP frame with these TLVs in place of its own. */
function lldp(...tlvs: readonly (readonly [type: number, hex: string])[]): Buffer {
  const parts = tlvs.map(([type, hex]) => {
    const value = Buffer.from(hex, 'hex');
    const head = Buffer.alloc(2);
    head.writeUInt16BE((type << 9) | value.length);
    return Buffer.concat([head, value]);
  });
  return Buffer.concat([LLDP_FRAME.subarray(0, 14), ...parts, Buffer.alloc(2)]);
}

const CHASSIS = [1, '0402005e100001'] as const;
const PORT = [2, '0565746831'] as const;

async function factsOf(sources: Sources, all = false): Promise<Record<string, string>> {
  const { facts, errors } = await collectFacts({ sources, all });
  assert.deepEqual(errors, []);
  return Object.fromEntries([...facts].filter(([name]) => name.startsWith('mk_lldp')).map(([k, v]) => [k, v.value]));
}

test('frames of a real lldpd are read: LLDP and CDP', () => {
  const { source, neighbour } = parseNeighbourFrame(LLDP_FRAME) ?? assert.fail('not read');
  const { tlvs, ...said } = neighbour;
  assert.equal(source, '02:00:5e:10:00:01');
  assert.deepEqual(said, {
    protocol: 'lldp',
    chassis: { kind: 'mac', text: '02:00:5e:10:00:01' },
    port: { kind: 'local', text: 'GigabitEthernet1/0/12' },
    ttl: 8,
    system: 'switch-7.example.net',
    systemDescription: 'Test Switch 1.0',
    portDescription: 'sw0',
    vlan: 120,
    mtu: undefined,
    addresses: ['192.0.2.7', '2001:db8::7'],
  });
  assert.deepEqual(tlvs.slice(0, 3), [
    [1, '0402005e100001'],
    [2, '074769676162697445746865726e6574312f302f3132'],
    [3, '0008'],
  ]);
  assert.equal(tlvs.length, 14);
  assert.deepEqual(tlvs.at(-1), [127, '0080c2010078']);
  assert.deepEqual(parseNeighbourFrame(CDP_FRAME)?.neighbour, {
    protocol: 'cdp',
    chassis: { kind: 'local', text: 'switch-7.example.net' },
    port: { kind: 'name', text: 'sw0' },
    ttl: 8,
    system: 'switch-7.example.net',
    systemDescription: 'Test Switch 1.0',
    portDescription: undefined,
    vlan: undefined,
    mtu: undefined,
    addresses: ['192.0.2.7'],
    tlvs: [],
  });
});

test('what the agent heard becomes facts, without --all, and stands in the inventory', async () => {
  const sources = madeUpSources({ files: { ...CARD, ...heardOn('eth0', CDP_FRAME, LLDP_FRAME) } });
  assert.deepEqual(await factsOf(sources), {
    mk_lldp: '2 neighbours',
    mk_lldp_eth0_address: '192.0.2.7',
    mk_lldp_eth0_chassis: '02:00:5e:10:00:01',
    mk_lldp_eth0_port: 'GigabitEthernet1/0/12',
    mk_lldp_eth0_port_description: 'sw0',
    mk_lldp_eth0_protocol: 'lldp',
    mk_lldp_eth0_system: 'switch-7.example.net',
    mk_lldp_eth0_system_description: 'Test Switch 1.0',
    mk_lldp_eth0_vlan: '120',
  });
  const set = await collectFacts({ sources });
  const [nic] = set.inventory?.().interfaces ?? [];
  assert.deepEqual(
    nic?.neighbours.map(({ protocol, system }) => [protocol, system]),
    [
      ['lldp', 'switch-7.example.net'],
      ['cdp', 'switch-7.example.net'],
    ],
  );
});

test('nobody listened, nobody spoke, or the neighbour said goodbye: no fact', async () => {
  for (const files of [{}, heardOn('eth0'), heardOn('eth0', LLDP_FRAME, LLDP_FAREWELL)]) {
    assert.deepEqual(await factsOf(madeUpSources({ files: { ...CARD, ...files } })), {});
  }
  const back = madeUpSources({ files: { ...CARD, ...heardOn('eth0', LLDP_FAREWELL, LLDP_FRAME) } });
  assert.equal(readNeighbours(back).length, 1);
});

test('lldpd told the agent, where the kernel has no means to listen', async () => {
  const text = [
    'lldp.eth0.via=LLDP',
    'lldp.eth0.chassis.mac=02:00:5e:10:00:01',
    'lldp.eth0.chassis.name=switch-7',
    'lldp.eth0.chassis.mgmt-ip=192.0.2.7',
    'lldp.eth0.port.ifname=Gi1/0/12',
    'lldp.eth0.vlan.vlan-id=130',
    'lldp.eth0.vlan.pvid=no',
    'lldp.eth0.vlan.vlan-id=120',
    'lldp.eth0.vlan.pvid=yes',
  ].join('\n');
  const files = { ...CARD, '/run/lldp-neighbours/lldpctl.txt': text };
  assert.deepEqual(await factsOf(madeUpSources({ files })), {
    mk_lldp: '1 neighbour',
    mk_lldp_eth0_address: '192.0.2.7',
    mk_lldp_eth0_chassis: '02:00:5e:10:00:01',
    mk_lldp_eth0_port: 'Gi1/0/12',
    mk_lldp_eth0_protocol: 'lldp',
    mk_lldp_eth0_system: 'switch-7',
    mk_lldp_eth0_vlan: '120',
  });
});

test('a frame in VLAN 0 is read like one without a tag', () => {
  const tagged = (frame: Buffer, tag: string): Buffer =>
    Buffer.concat([frame.subarray(0, 12), Buffer.from(tag, 'hex'), frame.subarray(12)]);
  for (const frame of [LLDP_FRAME, CDP_FRAME]) {
    const plain = parseNeighbourFrame(frame);
    assert.deepEqual(parseNeighbourFrame(tagged(frame, '8100e000')), plain);
    assert.deepEqual(parseNeighbourFrame(tagged(frame, '88a8000081000000')), plain);
  }
});

test('ids of every kind; bytes that are no text are shown as digits', () => {
  const ids = (chassis: string, port: string): unknown[] => {
    const parsed = parseNeighbourFrame(lldp([1, chassis], [2, port]))?.neighbour;
    return [parsed?.chassis, parsed?.port];
  };
  assert.deepEqual(ids('0501c0000201', '03020000000001'), [
    { kind: 'address', text: '192.0.2.1' },
    { kind: 'mac', text: '02:00:00:00:00:01' },
  ]);
  assert.deepEqual(ids('050220010db8000000000000000000000001', '0701ff'), [
    { kind: 'address', text: '2001:db8::1' },
    { kind: 'local', text: '0x01ff' },
  ]);
  // a MAC of four bytes, an empty name, a kind that nobody knows
  assert.deepEqual(ids('0401020304', '05'), [{ kind: 'mac', text: '0x01020304' }, undefined]);
  assert.deepEqual(ids('ff61', '0961'), [
    { kind: 'other', text: 'a' },
    { kind: 'other', text: 'a' },
  ]);
});

test('odd TLVs lose only themselves', () => {
  const read = (...tlvs: readonly (readonly [number, string])[]) => parseNeighbourFrame(lldp(...tlvs))?.neighbour;
  assert.equal(read([3, '0078'], [5, '61']), undefined, 'neither chassis nor port');
  assert.equal(read(CHASSIS, PORT)?.ttl, undefined);
  assert.equal(read(CHASSIS, PORT, [3, '78'])?.ttl, undefined, 'a lifetime of one byte');
  assert.equal(read(CHASSIS, PORT, [127, '0080c2010000'])?.vlan, undefined, 'VLAN 0: none');
  assert.equal(read(CHASSIS, PORT, [127, '0080c201ffff'])?.vlan, undefined);
  assert.equal(read(CHASSIS, PORT, [127, '0080c20100'])?.vlan, undefined, 'cut off');
  assert.equal(read(CHASSIS, PORT, [127, '00120f0423f0'])?.mtu, 9200);
  assert.deepEqual(read(CHASSIS, PORT, [8, '05010000'], [8, ''], [8, 'ff01c0000201'], [8, '0501c0000202'])?.addresses, [
    '192.0.2.1',
    '192.0.2.2',
  ]);
  assert.equal(read(CHASSIS, PORT, [5, '1b5b324a0a7377'])?.system, '[2J sw', 'no control characters');
  assert.equal(read(CHASSIS, PORT, [5, 'ff'.repeat(511)])?.system?.length, 255);
  const cut = lldp(CHASSIS, PORT, [5, '61']).subarray(0, -4); // the name's own head is the last that is there
  assert.equal(parseNeighbourFrame(cut)?.neighbour.system, undefined);
  const many = Array.from({ length: 400 }, () => [9, ''] as const);
  assert.equal(read(CHASSIS, PORT, ...many)?.tlvs.length, 128);
});

test('no frame, however it is made, breaks the reading; what comes out is bounded and clean', () => {
  const start = fc.constantFrom(LLDP_FRAME.subarray(0, 14), CDP_FRAME.subarray(0, 22), Buffer.alloc(0));
  const changed = fc
    .tuple(fc.constantFrom(LLDP_FRAME, CDP_FRAME), fc.array(fc.tuple(fc.nat(250), fc.nat(255)), { maxLength: 8 }))
    .map(([frame, changes]) => {
      const copy = Buffer.from(frame);
      for (const [at, byte] of changes) copy[at % copy.length] = byte;
      return copy;
    });
  const frames = fc.oneof(
    fc.tuple(start, fc.uint8Array({ maxLength: 1500 })).map(([head, rest]) => Buffer.concat([head, rest])),
    changed,
    fc.tuple(changed, fc.nat(300)).map(([frame, length]) => frame.subarray(0, length)),
  );
  fc.assert(
    fc.property(frames, (frame) => {
      const neighbour = parseNeighbourFrame(frame)?.neighbour;
      if (neighbour === undefined) return;
      const { tlvs, addresses, chassis, port } = neighbour;
      assert.ok(tlvs.length <= 128 && addresses.length <= 8);
      const texts = [
        neighbour.system,
        neighbour.systemDescription,
        neighbour.portDescription,
        chassis?.text,
        port?.text,
      ];
      for (const text of [...texts, ...addresses]) {
        if (text === undefined) continue;
        assert.ok(text.length <= 255 && text.isWellFormed() && !/\p{Cc}/u.test(text), JSON.stringify(text));
      }
      for (const [type, hex] of tlvs) assert.ok(type > 0 && type < 128 && hex.length <= 1022);
    }),
    { numRuns: 600 },
  );
});

test('a file of frames is read as it was written, cut off or not a file of frames at all', () => {
  const file = writePcap([LLDP_FRAME, CDP_FRAME].map((bytes) => ({ seconds: 1_800_000_000.7, bytes })));
  assert.deepEqual(readPcap(file), [LLDP_FRAME, CDP_FRAME]);
  assert.deepEqual(readPcap(file.subarray(0, -1)), [LLDP_FRAME]);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => readPcap(Buffer.from(bytes)).length <= 12));
});

test('the agent’s own ears are no interfaces of the machine', async () => {
  const ear = Object.fromEntries(
    Object.entries(CARD).map(([path, text]) => [path.replace('eth0', 'rzlldp2'), text.replace('07', '99')]),
  );
  const { facts, identity } = await collectFacts({ sources: madeUpSources({ files: { ...CARD, ...ear } }) });
  assert.equal(facts.get('interfaces')?.value, 'eth0');
  assert.deepEqual(
    identity.interfaces.map(({ name }) => name),
    ['eth0'],
  );
  assert.ok([...facts.values()].every(({ name, value }) => !`${name} ${value}`.includes('rzlldp')));
});
