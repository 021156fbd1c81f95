import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectFacts, factValues } from '../../../../facts/facts.ts';
import { madeUpSources, type MadeUpMachine } from '../../../helpers/memory-origin.ts';

const FLAGS = 'processor : 0\nmodel name : X\nflags : fpu hypervisor lm\n';
const BARE = 'processor : 0\nmodel name : X\nflags : fpu vmx lm\n';
const CLOCKS = '/sys/devices/system/clocksource/clocksource0/available_clocksource';

function pc(vendor: string, product: string, more: Record<string, string> = {}, cpu = FLAGS): MadeUpMachine {
  return {
    files: {
      '/proc/cpuinfo': cpu,
      '/proc/2/comm': 'kthreadd\n',
      '/sys/class/dmi/id/sys_vendor': vendor,
      '/sys/class/dmi/id/product_name': product,
      ...more,
    },
  };
}

function plain(files: Record<string, string>, cpu = FLAGS, os: MadeUpMachine['os'] = {}): MadeUpMachine {
  return { files: { '/proc/cpuinfo': cpu, ...files }, os };
}

const KVM_CLOCK = { [CLOCKS]: 'kvm-clock tsc acpi_pm\n' };

const MACHINES: readonly (readonly [what: string, virtual: string, isVirtual: string, machine: MadeUpMachine])[] = [
  ['a server', 'physical', 'false', pc('Dell Inc.', 'PowerEdge R630', {}, BARE)],
  ['a Chromebook', 'physical', 'false', pc('Google', 'Eve', {}, BARE)],
  ['a Surface', 'physical', 'false', pc('Microsoft Corporation', 'Surface Go 2', {}, BARE)],
  ['KVM with QEMU’s record', 'kvm', 'true', pc('QEMU', 'Standard PC (Q35 + ICH9, 2009)', KVM_CLOCK)],
  ['KVM by Red Hat’s record', 'kvm', 'true', pc('Red Hat', 'KVM', KVM_CLOCK)],
  ['QEMU without KVM', 'qemu', 'true', pc('QEMU', 'Standard PC', { [CLOCKS]: 'tsc hpet acpi_pm\n' })],
  ['KVM on ARM', 'kvm', 'true', pc('QEMU', 'KVM Virtual Machine', {}, 'processor : 0\nFeatures : fp\n')],
  ['QEMU without KVM on ARM', 'qemu', 'true', pc('QEMU', 'QEMU Virtual Machine', {}, 'processor : 0\nFeatures : fp\n')],
  [
    'an old guest, as Facter knew it',
    'kvm',
    'true',
    plain({}, 'processor : 0\nmodel name : QEMU Virtual CPU version 0.9.1\n'),
  ],
  ['KVM without any record', 'kvm', 'true', plain(KVM_CLOCK)],
  ['VMware', 'vmware', 'true', pc('VMware, Inc.', 'VMware Virtual Platform')],
  ['VirtualBox', 'virtualbox', 'true', pc('innotek GmbH', 'VirtualBox')],
  ['Hyper-V', 'hyperv', 'true', pc('Microsoft Corporation', 'Virtual Machine')],
  ['Parallels', 'parallels', 'true', pc('Parallels Software International Inc.', 'Parallels Virtual Platform')],
  ['bhyve', 'bhyve', 'true', pc('FreeBSD', 'BHYVE')],
  ['Xen hardware guest', 'xenhvm', 'true', pc('Xen', 'HVM domU', { '/proc/xen/': '' })],
  [
    'Xen PV guest',
    'xenu',
    'true',
    plain({ '/sys/hypervisor/type': 'xen\n', '/sys/hypervisor/guest_type': 'PV\n', '/dev/xen/evtchn': '' }),
  ],
  ['Xen guest of old', 'xenu', 'true', plain({ '/proc/xen/': '', '/sys/bus/xen/': '' }, BARE)],
  [
    'Xen host',
    'xen0',
    'false',
    pc('Dell Inc.', 'R730', { '/proc/xen/capabilities': 'control_d\n', '/sys/hypervisor/type': 'xen\n' }, BARE),
  ],
  ['Google Compute Engine', 'gce', 'true', pc('Google', 'Google Compute Engine', KVM_CLOCK)],
  ['EC2 Nitro', 'kvm', 'true', pc('Amazon EC2', 'c5.large', KVM_CLOCK)],
  ['EC2 bare metal', 'physical', 'false', pc('Amazon EC2', 'c5.metal', {}, BARE)],
  [
    'EC2 on Xen',
    'xenhvm',
    'true',
    pc('Xen', 'HVM domU', {
      '/sys/class/dmi/id/bios_version': '4.2.amazon',
      '/sys/hypervisor/type': 'xen\n',
      '/sys/hypervisor/guest_type': 'HVM\n',
    }),
  ],
  [
    'Azure',
    'hyperv',
    'true',
    pc('Microsoft Corporation', 'Virtual Machine', {
      '/sys/class/dmi/id/chassis_asset_tag': '7783-7084-3265-9085-8269-3286-77',
    }),
  ],
  ['OpenStack', 'kvm', 'true', pc('OpenStack Foundation', 'OpenStack Nova', KVM_CLOCK)],
  ['LXC', 'lxc', 'true', plain({ '/proc/1/environ': 'PATH=/bin\0container=lxc\0' }, BARE)],
  ['LXC by cgroup', 'lxc', 'true', plain({ '/proc/1/cgroup': '0::/lxc.payload.web/init.scope\n' }, BARE)],
  ['Docker', 'docker', 'true', plain({ '/.dockerenv': '', '/proc/1/cgroup': '0::/\n' }, BARE)],
  ['Docker by cgroup', 'docker', 'true', plain({ '/proc/1/cgroup': '5:cpu:/docker/0123456789abcdef\n' }, BARE)],
  ['Podman', 'podman', 'true', plain({ '/run/.containerenv': 'engine="podman"\n' }, BARE)],
  ['systemd-nspawn', 'systemd_nspawn', 'true', plain({ '/proc/1/environ': 'container=systemd-nspawn\0' }, BARE)],
  [
    'OpenVZ container',
    'openvzve',
    'true',
    plain({ '/proc/vz/veinfo': '', '/proc/self/status': 'envID:\t101\n' }, BARE),
  ],
  ['OpenVZ host', 'openvzhn', 'false', plain({ '/proc/vz/veinfo': '', '/proc/self/status': 'envID:\t0\n' }, BARE)],
  [
    'CloudLinux',
    'physical',
    'false',
    plain({ '/proc/vz/x': '', '/proc/lve/list': '', '/proc/self/status': 'envID:\t0\n' }, BARE),
  ],
  ['VServer guest', 'vserver', 'true', plain({ '/proc/self/status': 'VxID:\t49\n' }, BARE)],
  ['WSL', 'wsl', 'true', plain({ '/proc/sys/kernel/osrelease': '5.15.90.1-microsoft-standard-WSL2\n' })],
  [
    'Firecracker',
    'firecracker',
    'true',
    plain({ '/sys/firmware/acpi/tables/FACP': 'FACP....x.FIRECKFCVMFADT', ...KVM_CLOCK }),
  ],
  [
    'an old Firecracker',
    'firecracker',
    'true',
    plain({ '/proc/cmdline': 'console=ttyS0 pci=off virtio_mmio.device=4K@0xd0000000:5\n', ...KVM_CLOCK }),
  ],
  [
    'a mainframe',
    'zlinux',
    'true',
    plain(
      { '/proc/sysinfo': 'Manufacturer: IBM\nVM00 Control Program: z/VM    6.1.0\n' },
      'vendor_id       : IBM/S390\n',
    ),
  ],
  [
    'KVM on a mainframe',
    'kvm',
    'true',
    plain({ '/proc/sysinfo': 'VM00 Control Program: KVM/Linux\n' }, 'vendor_id : IBM/S390\n'),
  ],
  [
    'PowerVM',
    'powervm',
    'true',
    plain({ '/proc/device-tree/ibm,partition-name': 'lpar1\0' }, 'machine : CHRP IBM,9117-MMB\n'),
  ],
  ['POWER without a hypervisor', 'physical', 'false', plain({}, 'machine : PowerNV 8335-GTB\n')],
  ['KVM on POWER', 'kvm', 'true', plain({}, 'machine\t: CHRP IBM pSeries (emulated by qemu)\n')],
  ['KVM on ARM', 'kvm', 'true', plain({ '/proc/device-tree/hypervisor/compatible': 'linux,kvm\0' }, 'processor : 0\n')],
];

for (const [what, virtual, isVirtual, machine] of MACHINES) {
  test(`${what} is ${virtual}, is_virtual ${isVirtual}`, async () => {
    const values = factValues(await collectFacts({ sources: madeUpSources(machine) }));
    assert.deepEqual([values['virtual'], values['is_virtual']], [virtual, isVirtual]);
  });
}

test('a virtual machine made from a container image is no container, though /.dockerenv lies there', async () => {
  const machine = pc('QEMU', 'Standard PC', { '/.dockerenv': '', ...KVM_CLOCK });
  assert.equal(factValues(await collectFacts({ sources: madeUpSources(machine) }))['virtual'], 'kvm');
});

test('the cloud is a fact of its own beside the hypervisor', async () => {
  const cloud = async (machine: MadeUpMachine): Promise<string | undefined> =>
    factValues(await collectFacts({ sources: madeUpSources(machine) }))['mk_cloud'];
  assert.equal(await cloud(pc('Amazon EC2', 'c5.large')), 'ec2');
  assert.equal(await cloud(pc('Google', 'Google Compute Engine')), 'gce');
  assert.equal(await cloud(pc('OpenStack Foundation', 'OpenStack Nova')), 'openstack');
  assert.equal(
    await cloud(
      pc('Microsoft Corporation', 'Virtual Machine', {
        '/sys/class/dmi/id/chassis_asset_tag': '7783-7084-3265-9085-8269-3286-77',
      }),
    ),
    'azure',
  );
  assert.equal(await cloud(pc('Dell Inc.', 'R630')), undefined);
});
