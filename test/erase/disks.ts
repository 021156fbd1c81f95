/** The disks of the machine whose disks are erased: what they are, what must become of each, and what their files hold. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 2 ** 20;
const SIZE = 16 * MIB;
const BLOCK = 4096;
const LEFT_BEHIND = 'what the last tenant left';

interface TestDisk {
  readonly id: string;
  /** QEMU's device in front of the file. */
  readonly device: string;
  /** Of the drive: `discard=unmap`, `readonly=on`. */
  readonly drive?: string;
  readonly size?: number;
  /** What becomes of it, as the result of the step says. */
  readonly expect: RegExp;
  /** QEMU's device that not every QEMU has. */
  readonly needs?: string;
  /** Its data are to be there still. */
  readonly kept?: boolean;
}

// without discard=unmap QEMU takes a discard, and does nothing
const DISCARD_DOES_NOTHING = 'discard: it ended well, and what was there before is still there';
const OVERWRITTEN = new RegExp(`^erased: overwritten with random bytes, zeros; .*${DISCARD_DOES_NOTHING}`);

const ALL: readonly TestDisk[] = [
  { id: 'ns1', device: 'nvme-ns,bus=n0,nsid=1', expect: /^erased: NVMe format \(/ },
  { id: 'ns2', device: 'nvme-ns,bus=n0,nsid=2', expect: /left alone/, kept: true },
  {
    id: 'zns',
    device: 'nvme-ns,bus=n1,nsid=1,zoned=true,zoned.zone_size=4M,zoned.zone_capacity=4M',
    expect: /^erased: zone reset/,
  },
  { id: 'shared', device: 'nvme-ns,bus=n2,nsid=1,shared=on', expect: /in use|used for swap/, kept: true },
  {
    id: 'ahciunmap',
    device: 'ide-hd,bus=ide.0',
    drive: 'discard=unmap',
    expect: /^erased: discard; .*no ATA security/,
  },
  { id: 'ahci', device: 'ide-hd,bus=ide.1', expect: /^erased: overwritten .*no ATA security; discard: it ended well/ },
  { id: 'blkunmap', device: 'virtio-blk-pci', drive: 'discard=unmap', expect: /^erased: discard; / },
  { id: 'blk', device: 'virtio-blk-pci', expect: OVERWRITTEN },
  { id: 'scsiunmap', device: 'scsi-hd,bus=s0.0', drive: 'discard=unmap', expect: /^erased: discard; / },
  { id: 'scsi', device: 'scsi-hd,bus=s0.0', expect: OVERWRITTEN },
  { id: 'readonly', device: 'virtio-blk-pci', drive: 'readonly=on', expect: /left as it is: read-only/, kept: true },
  { id: 'sd', device: 'sd-card', size: 32 * MIB, expect: /^erased: / },
  { id: 'emmc', device: 'emmc', size: 32 * MIB, expect: /^erased: /, needs: 'emmc' },
];

let disks = ALL;

/** Leaves out what this QEMU has not, by what its `-device help` lists; resolves to the ids of those. */
export function disksOf(devices: string): string[] {
  disks = ALL.filter(({ needs }) => needs === undefined || devices.includes(`name "${needs}"`));
  return ALL.filter((each) => !disks.includes(each)).map(({ id }) => id);
}

/** A namespace that the operator wants left alone: its drive is `n0`, and Linux makes its name of that and of its number. */
export const SKIPPED = { serial: 's== format', wwn: '<in> -00000002' };
/** The disk in use, by the other of its two names. */
export const SHARED = { serial: 's== shared', name: 's== /dev/nvme3n1' };

/**
 * What the machine does before the agent starts. It says which disk has which name; writes the zones, in order; and puts swap on one
 * name of the disk that has two.
 */
export const PREPARE = `#!/bin/sh
exec >/dev/ttyS0 2>&1
cards=1
grep -q test_emmc /proc/cmdline && cards=2
i=0
while [ $i -lt 20 ] && [ "$(ls /sys/block | grep -c '^mmcblk[0-9]*$')" -lt $cards ]; do sleep 1; i=$((i + 1)); done
for disk in /sys/block/*; do
  name=\${disk##*/}
  id=$(head -c 64 /dev/$name 2>/dev/null | grep -a '^DISK ' | cut -d ' ' -f 2)
  if [ "$(cat $disk/queue/zoned)" = host-managed ]; then
    id=zns
    yes 'razor-mk: ${LEFT_BEHIND}. ' | tr -d '\\n' | head -c $(($(cat $disk/size) * 512)) >/tmp/zones
    dd if=/tmp/zones of=/dev/$name bs=65536 oflag=direct && echo "PREPARED zones"
    rm /tmp/zones
  fi
  [ -z "$id" ] || echo "DISK $name is $id."
  case $(cat $disk/device/serial 2>/dev/null) in
    shared*) used=$name ;;
  esac
done
mkswap /dev/$used && swapon /dev/$used && echo "PREPARED swap"
`;

/** Whether one of them is an eMMC chip. */
export function hasEmmc(): boolean {
  return disks.some(({ id }) => id === 'emmc');
}

/** QEMU's options for all of them, with their files in `directory`. */
export function qemuDisks(directory: string): string[] {
  const controllers = [
    'nvme-subsys,id=sub0,nqn=sub0',
    'nvme,id=n0,serial=format,subsys=sub0',
    'nvme,id=n1,serial=zoned',
    'nvme-subsys,id=sub2,nqn=sub2',
    'nvme,id=n2,serial=shared,subsys=sub2',
    'nvme,id=n3,serial=shared,subsys=sub2',
    'virtio-scsi-pci,id=s0',
    'sdhci-pci',
    ...(hasEmmc() ? ['sdhci-pci'] : []),
  ];
  return [
    ...controllers.flatMap((each) => ['-device', each]),
    ...disks.flatMap(({ id, device, drive }) => {
      const serial = /^(nvme-ns|sd-card|emmc)/.test(device) ? '' : `,serial=${id}`;
      const more = drive === undefined ? '' : `,${drive}`;
      return [
        ...['-drive', `file=${join(directory, `${id}.raw`)},format=raw,if=none,id=d-${id}${more}`],
        ...['-device', `${device},drive=d-${id}${serial}`],
      ];
    }),
  ];
}

/** Every disk full of what a tenant left, with its own name at the beginning. */
export function fillDisks(directory: string): void {
  for (const { id, size = SIZE } of disks) {
    const content = Buffer.alloc(size, Buffer.alloc(BLOCK, `razor-mk: ${LEFT_BEHIND}. `));
    content.write(`DISK ${id} \n`);
    writeFileSync(join(directory, `${id}.raw`), content);
  }
}

/** How many blocks of a disk's file hold what was there before; one that was only marked counts. */
function oldBlocks(path: string): number {
  const file = openSync(path, 'r');
  const block = Buffer.alloc(BLOCK);
  let count = 0;
  for (let at = 0; readSync(file, block, 0, BLOCK, at) === BLOCK; at += BLOCK)
    if (block.includes(LEFT_BEHIND)) count += 1;
  closeSync(file);
  return count;
}

/**
 * Compares what the console said of each disk (the error of the step is cut where it is long), by the name that it gave for it, and
 * what its file holds now. Returns one line for each disk.
 */
export function checkDisks(directory: string, console: readonly string[]): string[] {
  const find = (pattern: RegExp): (readonly [string, string])[] =>
    console.map((line) => pattern.exec(line)).map((found) => [found?.[1] ?? '', found?.[2] ?? ''] as const);
  const ids = new Map(find(/DISK (\S+) is (\w+)\./).map(([name, id]) => [id, `/dev/${name}`]));
  const said = new Map(find(/Ironic: (?:NOT erased: )?(\/dev\/\w+): (.*)/));
  const seen = disks.map((disk) => {
    const path = ids.get(disk.id) ?? 'no such disk';
    const old = oldBlocks(join(directory, `${disk.id}.raw`));
    const what = said.get(path) ?? '';
    const blocks = (disk.size ?? SIZE) / BLOCK;
    return {
      ...disk,
      old,
      blocks,
      what,
      line: `${disk.id} (${path}): ${what}; in its file ${old} of ${blocks} blocks are as before`,
    };
  });
  const lines = seen.map(({ line }) => line);
  for (const { id, expect, kept = false, old, blocks, what } of seen) {
    assert.match(what, expect, `${id}:\n${lines.join('\n')}`);
    // mkswap writes the first block
    if (kept) assert.ok(old >= blocks - 1, `${id}:\n${lines.join('\n')}`);
    else assert.equal(old, 0, `${id}:\n${lines.join('\n')}`);
  }
  return lines;
}
