/** Which way a disk is erased, and that only what is on it afterwards counts: with programs that lie, as the real ones do. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Disk } from '../../../../agent/disks/disks.ts';
import { securityOf } from '../../../../agent/disks/erase/ata.ts';
import { eraseDisk, type EraseRules } from '../../../../agent/disks/erase/erase-disk.ts';
import { fileAsDisk } from '../../../../agent/disks/file-disk.ts';
import { createLog } from '../../../../platform/log/log.ts';
import { findProgram } from '../../../../platform/process/find-program.ts';
import { createSystem } from '../../../../platform/system.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const SIZE = 2 ** 20;
const OLD = Buffer.alloc(SIZE, 0x55);
const RULES: EraseRules = { nvme: true, ata: true, goOn: false, passes: { random: 1, zeros: true } };

interface Bench {
  readonly dir: string;
  readonly path: string;
  /** A program for the disk; `act` is shell. */
  program(name: string, act: string): void;
  /** A file below /sys/block of the disk. */
  sys(file: string, text: string, disk?: string): void;
  erase(rules?: Partial<EraseRules>, disk?: Partial<Disk>, quick?: boolean): Promise<string>;
  /** What the programs were called with. */
  calls(): string[];
  content(): Buffer;
}

function bench(t: TestContext, name: string): Bench {
  const dir = temporaryDirectory(t);
  const path = join(dir, 'disk');
  writeFileSync(path, OLD);
  mkdirSync(join(dir, 'root/sys/block'), { recursive: true });
  const calls = join(dir, 'calls');
  const system = createSystem({ live: true, log: createLog({ level: 'error', people: () => undefined }) });
  return {
    dir,
    path,
    program(program, act) {
      const script = `#!/bin/sh\ncd '${dir}'\necho "${program} $*" >>calls\nzeros() { head -c ${SIZE} /dev/zero >disk; }\n${act}\n`;
      writeFileSync(join(dir, program), script, { mode: 0o755 });
    },
    sys(file, text, disk = name) {
      const place = join(dir, 'root/sys/block', disk, file);
      mkdirSync(join(place, '..'), { recursive: true });
      writeFileSync(place, text);
    },
    erase: async (rules = {}, disk = {}, quick = false) =>
      await eraseDisk({
        disk: { ...fileAsDisk(path), name, ...disk },
        twins: [],
        rules: { ...RULES, ...rules },
        quick,
        tools: {
          system,
          find: (program) => findProgram(program, [dir]),
          root: join(dir, 'root'),
          progress: () => undefined,
          sleep: () => Promise.resolve(),
          signal: AbortSignal.timeout(20_000),
        },
      }),
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
    content: () => readFileSync(path),
  };
}

/** A drive's Identify Controller: what it can, what a format does, how it sanitizes. */
function nvme(t: TestContext, identify: { oacs?: number; fna?: number; sanicap?: number }, act: string): Bench {
  const made = bench(t, 'nvme0n1');
  const data = Buffer.alloc(4096);
  data.writeUInt16LE(identify.oacs ?? 2, 256);
  data.writeUInt8(identify.fna ?? 0, 524);
  data.writeUInt32LE(identify.sanicap ?? 0, 328);
  writeFileSync(join(made.dir, 'identify'), data);
  made.sys('device/subsysnqn', 'nqn.one\n');
  made.sys('wwid', 'eui.1\n');
  made.program('nvme', `case $1 in id-ctrl) cat identify ;; ${act} esac`);
  return made;
}

const zeroed = (made: Bench): boolean => made.content().equals(Buffer.alloc(SIZE));

test('without a program of its own a disk is overwritten as often as the server says, and zeros come last', async (t) => {
  const made = bench(t, 'sda');
  assert.match(await made.erase(), /^erased: overwritten with random bytes, zeros; 16 places read back/);
  assert.ok(zeroed(made));
  assert.match(await made.erase({ passes: { random: 0, zeros: false } }), /overwritten with zeros;/);
  assert.match(
    await made.erase({ passes: { random: 2, zeros: false } }),
    /overwritten with random bytes, random bytes/,
  );
  assert.equal(zeroed(made), false);
});

test('an NVMe disk is formatted, its namespace alone and its block size as it is, by what the controller can', async (t) => {
  const made = nvme(t, {}, 'format) zeros ;;');
  assert.match(await made.erase(), /^erased: NVMe format \(user data erase\); 16 places/);
  assert.match(made.calls().at(-1) ?? '', new RegExp(`^nvme format ${made.path} --ses=1 --force --timeout=\\d+$`));
  const crypto = nvme(t, { fna: 4 }, 'format) head -c 1048576 /dev/urandom >disk ;;');
  assert.match(await crypto.erase(), /cryptographic erase/);
  assert.match(crypto.calls().at(-1) ?? '', /--ses=2/);
});

test('a format that ends well and leaves the data is a failure, and the disk is overwritten only where the server says so', async (t) => {
  const made = nvme(t, { fna: 4 }, 'format) echo Success ;;');
  await assert.rejects(
    made.erase(),
    /NVMe format .*it ended well, and what was there before is still there.*no other way/,
  );
  assert.match(await made.erase({ goOn: true }), /overwritten .*\(before: NVMe format .*still there/);
  assert.ok(zeroed(made));
});

test('one that leaves a single piece is a failure too', async (t) => {
  const made = nvme(t, {}, 'format) head -c 1044480 /dev/zero | dd of=disk conv=notrunc bs=4096 2>/dev/null ;;');
  await assert.rejects(made.erase(), /still there/);
});

test('a format or sanitize that would erase other namespaces is not begun', async (t) => {
  const made = nvme(t, { fna: 1, sanicap: 2 }, 'format|sanitize) zeros ;;');
  made.sys('device/subsysnqn', 'nqn.one\n', 'nvme0n2');
  made.sys('wwid', 'eui.2\n', 'nvme0n2');
  assert.match(await made.erase(), /overwritten .*before: its controller erases other namespaces too/);
  assert.deepEqual(
    made.calls().map((call) => call.split(' ')[1]),
    ['id-ctrl'],
  );
  // one that nobody shows here
  const hidden = nvme(t, { oacs: 10, fna: 2 }, 'list-ns) printf "[   0]:0x1\\n[   1]:0x2\\n" ;; format) zeros ;;');
  assert.match(await hidden.erase(), /its format erases other namespaces too/);
  const alone = nvme(t, { oacs: 10, fna: 2 }, 'list-ns) echo "[   0]:0x1" ;; format) zeros ;;');
  assert.match(await alone.erase(), /^erased: NVMe format/);
});

test('a controller without format is sanitized, and its log says when that is over', async (t) => {
  const log = `sanitize) echo 2 >state ;; sanitize-log) s=$(cat state); printf "\\200\\0\\00$s\\0"; zeros; echo 1 >state ;;`;
  const made = nvme(t, { oacs: 0, sanicap: 2 }, log);
  assert.match(await made.erase(), /^erased: NVMe sanitize \(block erase\)/);
  assert.match(made.calls()[1] ?? '', /sanitize \S+ --sanact=2$/);
  const broken = nvme(t, { oacs: 0, sanicap: 1 }, 'sanitize) ;; sanitize-log) printf "\\0\\0\\003\\0" ;;');
  await assert.rejects(broken.erase(), /cryptographic erase.*the drive says that it failed/);
  const silent = nvme(t, {}, 'format) echo "NVMe status: Invalid Format" >&2; exit 1 ;;');
  await assert.rejects(silent.erase(), /NVMe format .*Invalid Format/);
});

test('the server may switch the disk’s own ways off', async (t) => {
  const made = nvme(t, {}, 'format) zeros ;;');
  assert.match(await made.erase({ nvme: false }), /^erased: overwritten/);
  assert.deepEqual(made.calls(), []);
  await assert.rejects(made.erase({ nvme: false }, {}, true), /the server wants no secure erase/);
});

const ZONES = (state: string, type: number): string =>
  `report) echo "  start: 0x0, len 0x800, cap 0x800, wptr 0x0 reset:0 non-seq:0, zcond: 1(${state}) [type: ${type}(X)]" ;;`;

test('a zoned namespace is never formatted: its zones are reset, and must be empty', async (t) => {
  const zoned = (act: string): Bench => {
    const made = nvme(t, {}, 'format) zeros ;;');
    made.sys('queue/zoned', 'host-managed\n');
    made.program('blkzone', `case $1 in ${act} esac`);
    return made;
  };
  const made = zoned(`reset) zeros ;; ${ZONES('em', 2)}`);
  assert.match(await made.erase(), /^erased: zone reset/);
  assert.deepEqual(
    made.calls().map((call) => call.split(' ').slice(0, 2).join(' ')),
    ['blkzone reset', 'blkzone report'],
  );
  await assert.rejects(zoned(`reset) ;; ${ZONES('em', 2)}`).erase(), /zoned disk cannot be overwritten: .*still there/);
  await assert.rejects(zoned(`reset) zeros ;; ${ZONES('fu', 2)}`).erase(), /1 of 1 zones are not empty/);
  await assert.rejects(zoned(`reset) zeros ;; ${ZONES('em', 1)}`).erase(), /1 conventional zones/);
});

test('a discard counts where the disk reads blank afterwards; else it is overwritten', async (t) => {
  const disk = (act: string): Bench => {
    const made = bench(t, 'mmcblk0');
    made.sys('queue/discard_max_bytes', '2147450880\n');
    made.program('blkdiscard', act);
    return made;
  };
  const blank = disk('head -c 1048576 /dev/zero | tr "\\0" "\\377" >disk');
  assert.match(await blank.erase(), /^erased: discard; 16 places read back$/);
  assert.deepEqual(blank.calls(), [`blkdiscard -f ${blank.path}`]);
  const ignored = disk('true');
  assert.match(
    await ignored.erase(),
    /overwritten .*before: discard: it ended well, and what was there before is still/,
  );
  assert.ok(zeroed(ignored));
  const odd = disk('head -c 1048576 /dev/urandom >disk');
  assert.match(await odd.erase(), /overwritten .*before: discard: 16 of 16 places are not blank/);
  const several = disk('zeros');
  assert.match(await several.erase({ passes: { random: 3, zeros: true } }), /^erased: overwritten/);
  assert.deepEqual(several.calls(), []);
});

/** A drive with ATA security, whose state is a file; `erase` is what it does. */
function ata(t: TestContext, state: string, erase: string): Bench {
  const made = bench(t, 'sda');
  writeFileSync(join(made.dir, 'state'), state);
  const say = (word: string): string => `grep -q ${word} state && echo "\t\t${word}" || echo "\tnot\t${word}"`;
  made.program(
    'hdparm',
    // by whole words: the random part of the directory's name may begin with an I
    `case " $* " in
*" -I "*) echo "ATA device"; echo "Security: "; echo "\t\tsupported"; ${['enabled', 'locked', 'frozen'].map(say).join('; ')}
  grep -q enhanced state && echo "\t\tsupported: enhanced erase"; echo "Checksum: correct" ;;
*set-pass*) echo enabled >>state ;;
*unlock*) grep -q foreign state || sed -i /locked/d state ;;
*disable*) sed -i /enabled/d state ;;
*security-erase*) ${erase} ;;
esac`,
  );
  return made;
}

const VENDOR = { vendor: 'ATA' };

test('ATA secure erase: a password is set, the drive erases and takes it away, and the disk is looked at', async (t) => {
  const made = ata(t, '', 'zeros; sed -i /enabled/d state');
  assert.match(await made.erase({}, VENDOR), /^erased: ATA secure erase; 16 places/);
  assert.ok(made.calls().includes(`hdparm --user-master u --security-erase NULL ${made.path}`));
  const enhanced = ata(t, 'enhanced\n', 'zeros; sed -i /enabled/d state');
  assert.match(await enhanced.erase({}, VENDOR), /^erased: ATA secure erase \(enhanced\)/);
  const lies = ata(t, '', 'sed -i /enabled/d state');
  await assert.rejects(
    lies.erase({}, VENDOR),
    /ATA secure erase: it ended well, and what was there before is still there/,
  );
});

test('a frozen or locked disk is not erased, and says why; one that fails does not stay locked', async (t) => {
  await assert.rejects(ata(t, 'frozen\n', 'zeros').erase({}, VENDOR), /frozen ATA security/);
  await assert.rejects(ata(t, 'enabled\nlocked\nforeign\n', 'zeros').erase({}, VENDOR), /locked by an ATA password/);
  const again = ata(t, 'enabled\nlocked\n', 'zeros; sed -i /enabled/d state');
  assert.match(await again.erase({}, VENDOR), /^erased: ATA secure erase/);
  const refuses = ata(t, '', 'echo "SG_IO: bad/missing sense data, sb[]: 70 00 05" >&2');
  await assert.rejects(refuses.erase({}, VENDOR), /bad\/missing sense data.*no other way/);
  assert.doesNotMatch(readFileSync(join(refuses.dir, 'state'), 'utf8'), /enabled/);
  assert.match(
    await ata(t, 'frozen\n', '').erase({ goOn: true }, VENDOR),
    /overwritten .*before: its firmware has frozen/,
  );
});

test('a disk without ATA security, or that is no ATA disk, is overwritten without being asked to erase', async (t) => {
  const made = bench(t, 'sda');
  made.program('hdparm', 'echo "ATA device"'); // as a SCSI disk and QEMU's AHCI answer
  assert.match(await made.erase({}, VENDOR), /overwritten .*before: it has no ATA security/);
  assert.deepEqual(made.calls(), [`hdparm -I ${made.path}`]);
  assert.match(await made.erase({}, { vendor: 'QEMU' }), /zeros; 16 places read back \(before: it takes no discard\)$/);
  assert.equal(made.calls().length, 1);
});

test('hdparm’s words of a real drive', () => {
  const text = `\nATA device, with non-removable media\nSecurity: \n\tMaster password revision code = 65534\n\t\tsupported\n\tnot\tenabled\n\tnot\tlocked\n\t\tfrozen\n\tnot\texpired: security count\n\t\tsupported: enhanced erase\n\t2min for SECURITY ERASE UNIT. 2min for ENHANCED SECURITY ERASE UNIT.\nLogical Unit WWN Device Identifier: 5000c500a1b2c3d4\n`;
  const expected = { supported: true, enabled: false, locked: false, frozen: true, enhanced: true };
  assert.deepEqual(securityOf(text), expected);
  const none = text
    .replace('\t\tsupported\n', '\tnot\tsupported\n')
    .replace('\t\tsupported: enh', '\tnot\tsupported: enh');
  assert.deepEqual(securityOf(none), { ...expected, supported: false, enhanced: false });
  assert.equal(securityOf('ATA device, with non-removable media\n'), undefined);
});

test('a program that is only an applet of busybox is not taken', async (t) => {
  const dir = temporaryDirectory(t);
  const { symlinkSync } = await import('node:fs');
  writeFileSync(join(dir, 'busybox'), '', { mode: 0o755 });
  for (const place of ['first', 'second', 'third']) mkdirSync(join(dir, place));
  symlinkSync('../busybox', join(dir, 'first/blkdiscard'));
  writeFileSync(join(dir, 'second/blkdiscard'), '', { mode: 0o644 });
  writeFileSync(join(dir, 'third/blkdiscard'), '', { mode: 0o755 });
  const places = ['none', 'first', 'second', 'third'].map((place) => join(dir, place));
  assert.equal(findProgram('blkdiscard', places), join(dir, 'third/blkdiscard'));
  assert.equal(findProgram('blkdiscard', places.slice(0, 3)), undefined);
});
