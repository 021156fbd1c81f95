import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disk } from '../../../../../agent/disks/disks.ts';
import type { CommandContext } from '../../../../../agent/servers/ironic/ironic-options.ts';
import {
  driverInfo,
  eraseAll,
  mustBeAllowed,
  truthOf,
  verdictOf,
} from '../../../../../agent/servers/ironic/steps/erase-all.ts';
import { parseCommandLine } from '../../../../../platform/kernel-line.ts';
import { silentLog } from '../../../../../platform/log/log.ts';

function disk(name: string, more: Partial<Disk> = {}): Disk {
  return { name, path: `/dev/${name}`, wwnWithExtension: '', refused: undefined, ...more } as Disk;
}

interface Bench {
  readonly context: CommandContext;
  readonly said: string[];
  readonly programs: string[];
}

function bench(
  disks: readonly Disk[],
  { allowErase = true, requireErase = false, line = '', info = {}, live = true } = {},
): Bench {
  const said: string[] = [];
  const programs: string[] = [];
  const context = {
    settings: { allowErase, requireErase },
    kernel: parseCommandLine(line),
    node: { driver_internal_info: info },
    listDisks: () => disks,
    say: (text: string) => void said.push(text),
    log: silentLog,
    system: {
      live,
      change: async (_: string, act: () => unknown) => (live ? act() : undefined),
      run: async (_: string, argv: readonly string[]) => void programs.push(argv.join(' ')),
    },
  } as unknown as CommandContext;
  return { context, said, programs };
}

const erase = async ({ name }: Disk): Promise<string> => {
  if (name === 'sdx') throw new Error('it is broken');
  return 'erased';
};
const work = { what: 'erase', atOnce: 2, erase };

test('what becomes of a disk', () => {
  const rows: readonly [Partial<Disk>, readOnlyToo: boolean, verdict: string][] = [
    [{}, true, 'erase'],
    [{ refused: 'it is mounted' }, true, 'fail: it is mounted'],
    [{ refused: 'medium', spared: 'medium' }, false, 'leave: medium'],
    [{ refused: 'path', spared: 'path' }, false, 'leave: path'],
    [{ refused: 'list', spared: 'skip-list' }, false, 'leave: list'],
    [{ refused: 'read-only', spared: 'read-only' }, true, 'leave: read-only'],
    [{ refused: 'read-only', spared: 'read-only' }, false, 'fail: read-only'],
    [{ refused: 'zoned', spared: 'zones' }, false, 'erase'],
    [{ composed: true }, true, 'leave: composed of other devices'],
    [{ removable: true }, true, 'leave: it can be taken out'],
    [{ refused: 'zoned', spared: 'zones', removable: true }, true, 'leave: it can be taken out'],
  ];
  for (const [more, readOnlyToo, expected] of rows) {
    const verdict = verdictOf(disk('sda', more), readOnlyToo);
    assert.equal('why' in verdict ? `${verdict.act}: ${verdict.why}` : verdict.act, expected);
  }
});

test('nothing is erased unless the kernel line allows it, and no shared file system is asked to be recognised', async () => {
  const one = bench([disk('sda')], { allowErase: false });
  await assert.rejects(eraseAll(one.context, work), {
    code: 'RAZOR_MK_COMMAND',
    message: /razor.allow_erase=1 is not on/,
  });
  const guarded = (value: string): CommandContext =>
    bench([], { line: `ipa-guard-special-filesystems=${value}` }).context;
  assert.throws(() => mustBeAllowed(guarded('true')), /shared file systems are not recognised here/);
  mustBeAllowed(guarded('false'));
});

test('every disk that is to be erased is, and what becomes of each is said', async () => {
  const { context, said, programs } = bench([
    disk('sda'),
    disk('sr0', { removable: true }),
    disk('sdb', { path: '/tmp/image' }),
  ]);
  assert.deepEqual(await eraseAll(context, work), {
    '/dev/sr0': 'left as it is: it can be taken out',
    '/dev/sda': 'erased',
    '/tmp/image': 'erased',
  });
  assert.deepEqual(said.toSorted(), [
    'Ironic: /dev/sda: erased',
    'Ironic: /dev/sr0: left as it is: it can be taken out',
    'Ironic: /tmp/image: erased',
  ]);
  assert.deepEqual(programs, ['blockdev --rereadpt /dev/sda']);
});

test('one disk under two names is erased once', async () => {
  const erased: string[] = [];
  const twins = [disk('sda', { wwnWithExtension: 'w' }), disk('sdb', { wwnWithExtension: 'w' }), disk('sdc')];
  const done = await eraseAll(bench(twins).context, {
    ...work,
    erase: async ({ name }, others) => {
      erased.push(`${name} ${others.map((other) => other.name).join(' ')}`);
      return 'erased';
    },
  });
  assert.deepEqual(erased.toSorted(), ['sda sdb', 'sdc ']);
  assert.equal(done['/dev/sdb'], 'it is the same disk as /dev/sda');
});

test('a disk that is not erased makes the step fail, with what became of the others', async () => {
  const fails = async (disks: readonly Disk[], message: string, options = {}): Promise<void> =>
    assert.rejects(eraseAll(bench(disks, options).context, work), { code: 'RAZOR_MK_COMMAND', message });
  const mounted = disk('sdm', { refused: 'it is mounted' });
  await fails([mounted, disk('sda')], 'not erased: /dev/sdm: it is mounted; /dev/sda: erased');
  await fails([disk('sdx'), disk('sda')], 'not erased: /dev/sdx: it is broken; /dev/sda: erased');
  await fails(
    [disk('sda')],
    'not erased: /dev/sda: this agent changes nothing on its machine: it would erase /dev/sda',
    { live: false },
  );
  const readOnly = disk('sdr', { refused: 'read-only', spared: 'read-only' });
  await fails([readOnly], 'not erased: /dev/sdr: read-only', { info: { agent_erase_skip_read_only: false } });
  await fails([readOnly], 'agent_erase_skip_read_only of the server is neither true nor false', {
    info: { agent_erase_skip_read_only: 'yes' },
  });
});

test('a machine on which nothing was to be erased says so, or fails where an erasing was required', async () => {
  const { context, said } = bench([disk('sr0', { removable: true })]);
  const what = 'nothing was erased: /dev/sr0: left as it is: it can be taken out';
  assert.deepEqual(await eraseAll(context, work), { '/dev/sr0': 'left as it is: it can be taken out', result: what });
  assert.equal(said.at(-1), `Ironic: ${what}`);
  const none = 'nothing was erased: this machine has no disk';
  assert.deepEqual(await eraseAll(bench([]).context, work), { result: none });
  await assert.rejects(eraseAll(bench([], { requireErase: true }).context, work), { message: none });
});

test('truths of the conductor', () => {
  assert.deepEqual(
    [truthOf({}, 'a', true), truthOf({ a: false }, 'a', true), truthOf({}, 'a', false)],
    [true, false, false],
  );
  for (const value of ['true', 1, {}])
    assert.throws(() => truthOf({ a: value }, 'a', true), /a of the server is neither/);
  assert.deepEqual(driverInfo({ node: undefined } as CommandContext), {});
});
