/** Memory: modules that are plugged in later, that a host lends or takes, that keep what is in them, or that no bus of memory holds. */
import assert from 'node:assert/strict';
import { type LookedAtMachine, machine, q35, type Seen } from '../machine.ts';

const MIB = 1024 * 1024;
const BLOCKS = '/sys/devices/system/memory';
/** Debian's kernel leaves memory that is added later switched off; udev's rule is not there. */
const ALL_ONLINE = `for b in ${BLOCKS}/memory*/state; do [ "$(cat $b)" = online ] || echo online > $b; done`;

/** The kernel has `most` MiB, but for what it keeps for itself. */
function kernelHas(most: number): (seen: Seen) => void {
  return ({ inventory }) => {
    const said = inventory.memory.total / MIB;
    assert.ok(said > most - 150 && said < most, `the kernel has ${said} MiB of ${most}`);
  };
}

function backend(id: string, size: string): string[] {
  return ['-object', `memory-backend-ram,id=${id},size=${size}`];
}

export const MEMORY_MACHINES: readonly LookedAtMachine[] = [
  {
    name: 'pc-dimm',
    why: 'two modules in slots that ACPI names, beside the memory of the board; the firmware’s table names the board’s alone',
    qemu: q35(
      ...['-m', '512M,slots=4,maxmem=4G', ...backend('r0', '256M'), ...backend('r1', '256M')],
      ...['-device', 'pc-dimm,memdev=r0,id=p0', '-device', 'pc-dimm,memdev=r1,id=p1'],
    ),
    setup: ALL_ONLINE,
    facts: { mk_dimm_count: '1', mk_dimm0_size_mb: '512', mk_hw_mem_size: '1GiB' },
    look: kernelHas(1024),
  },
  {
    name: 'memory-taken-out',
    why: 'a part of the memory is switched off while the machine runs: the kernel has less, the modules are what they were',
    qemu: q35('-m', '1024'),
    append: 'movablecore=512M',
    setup: `for n in 7 6 5 4; do if echo offline > ${BLOCKS}/memory$n/state; then exit 0; fi; done; exit 1`,
    facts: { mk_dimm_count: '1', mk_dimm0_size_mb: '1024', mk_hw_mem_size: '1GiB' },
    look: kernelHas(896),
  },
  {
    name: 'virtio-mem',
    why: 'a host lends 256 MiB by virtio-mem',
    qemu: q35(
      ...['-m', '512M,maxmem=4G', ...backend('vm0', '1G')],
      ...['-device', 'virtio-mem-pci,memdev=vm0,id=vm,requested-size=256M'],
    ),
    append: 'memhp_default_state=online',
    setup: 'modprobe virtio_mem; sleep 3',
    facts: { mk_disk_count: '0', mk_dimm0_size_mb: '512', mk_hw_mem_size: '768MiB' },
    look: kernelHas(768),
  },
  {
    name: 'nvdimm',
    why: 'a module that keeps what is in it is a disk, and no memory',
    qemu: machine(
      'q35,nvdimm=on',
      ...['-m', '512M,slots=2,maxmem=4G', '-object', 'memory-backend-file,id=n0,size=128M,mem-path=@disk0,share=on'],
      ...['-device', 'nvdimm,memdev=n0,id=v0'],
    ),
    disks: [128],
    setup: 'modprobe -a nfit nd_pmem; sleep 2',
    facts: { mk_disk_count: '1', blockdevices: 'pmem0', blockdevice_pmem0_size: String(128 * MIB) },
    look: kernelHas(512),
  },
  {
    name: 'virtio-pmem',
    why: 'a host’s file as memory that keeps what is in it, by virtio: a disk, and no memory',
    qemu: q35(
      ...['-m', '512M,maxmem=4G', '-object', 'memory-backend-file,id=n0,size=128M,mem-path=@disk0,share=on'],
      ...['-device', 'virtio-pmem-pci,memdev=n0,id=v0'],
    ),
    disks: [128],
    setup: 'modprobe -a virtio_pmem nd_pmem; sleep 2',
    facts: { mk_disk_count: '1', blockdevices: 'pmem0', blockdevice_pmem0_size: String(128 * MIB) },
    look: kernelHas(512),
  },
  {
    name: 'cxl-memory',
    why: 'memory behind CXL that no region was made of: no memory of the kernel’s, no disk, no accelerator, and it has a driver',
    needs: ['pc-q35-10.0'],
    qemu: machine(
      'q35,cxl=on,cxl-fmw.0.targets.0=cxl.1,cxl-fmw.0.size=4G',
      ...['-m', '512M,slots=4,maxmem=4G', ...backend('c0', '256M')],
      ...[
        '-device',
        'pxb-cxl,bus_nr=12,bus=pcie.0,id=cxl.1',
        '-device',
        'cxl-rp,port=0,bus=cxl.1,id=rp,chassis=0,slot=2',
      ],
      ...['-device', 'cxl-type3,bus=rp,volatile-memdev=c0,id=v0,sn=0x1'],
    ),
    facts: { mk_disk_count: '0', mk_accelerator_count: '0', mk_gpu_count: '0', mk_driver_gap_count: '0' },
    look: (seen) => {
      kernelHas(512)(seen);
      assert.deepEqual(
        seen.inventory.pci.filter(({ class: kind }) => kind.startsWith('0502')).map(({ driver }) => driver),
        ['cxl_pci'],
      );
    },
  },
];
