/** Firmware and its tables, screens, management processors. */
import assert from 'node:assert/strict';
import { drive, type LookedAtMachine, machine, nic, q35 } from '../machine.ts';

const MAC = '52:54:00:0a:00:01';

/** A structure of SMBIOS with its strings in Latin-1, as many firmwares write them. */
function structure(type: number, fields: readonly number[], strings: readonly string[]): Uint8Array {
  const texts = strings.map((text) => Buffer.from(`${text}\0`, 'latin1'));
  const end = Buffer.alloc(strings.length === 0 ? 2 : 1);
  return Buffer.concat([Buffer.from([type, 4 + fields.length, 0x00, 0x01, ...fields]), ...texts, end]);
}

const UUID_BYTES = [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];
export const FIRMWARE_MACHINES: readonly LookedAtMachine[] = [
  {
    name: 'uefi-tpm2',
    why: 'UEFI without Secure Boot, and a TPM 2.0 by its command and response buffer',
    uefi: ['OVMF_CODE_4M.fd', 'OVMF_VARS_4M.fd'],
    tpm: { device: 'tpm-crb', version: '2.0' },
    qemu: q35('-m', '1024', ...nic(0, 'virtio-net-pci', MAC), ...drive(0), '-device', 'virtio-blk-pci,drive=d0'),
    disks: [64],
    setup: 'modprobe -a tpm_crb tpm_tis',
    facts: {
      mk_firmware_mode: 'uefi',
      mk_secure_boot: undefined,
      mk_tpm: 'true',
      mk_tpm_version: '2.0',
      virtual: 'qemu',
    },
    id: [MAC],
  },
  {
    name: 'latin-1',
    why: 'texts in Latin-1 with control characters, an empty structure, strings that no field names',
    qemu: q35('-smbios', 'file=@file:system', '-smbios', 'file=@file:empty'),
    files: {
      system: structure(
        1,
        [1, 2, 0, 3, ...UUID_BYTES, 6, 0, 4],
        ['Müller & Söhne', 'Blätter\x01 9', ' SN-é7 ', 'ß', '?'],
      ),
      empty: structure(200, [], []),
    },
    facts: {
      // dmidecode's words, which Facter gave: a point for each byte that is not ASCII
      manufacturer: 'M.ller & S.hne',
      productname: 'Bl.tter. 9',
      serialnumber: 'SN-.7',
      uuid: '00112233-4455-6677-8899-aabbccddeeff',
    },
  },
  {
    name: 'screens',
    why: 'five screens of a virtual machine compute nothing',
    qemu: q35(
      ...['virtio-vga', 'bochs-display', 'secondary-vga', 'qxl', 'virtio-gpu-pci'].flatMap((name) => ['-device', name]),
    ),
    facts: { mk_gpu_count: '0', mk_accelerator_count: '0' },
  },
  {
    name: 'ipmi-on-isa',
    why: 'a management processor that the firmware’s table names',
    qemu: q35('-device', 'ipmi-bmc-sim,id=b', '-device', 'isa-ipmi-kcs,bmc=b'),
    setup: 'modprobe -a ipmi_si ipmi_devintf; sleep 2',
    facts: { mk_bmc: 'true', mk_bmc_interface: 'KCS (Keyboard Control Style)', mk_bmc_ipmi_version: '2.0' },
    look: ({ inventory }) => assert.equal(inventory.bmc?.device, true),
  },
  {
    name: 'tpm-1.2',
    why: 'a TPM 1.2 by its registers, with a BIOS',
    tpm: { device: 'tpm-tis', version: '1.2' },
    qemu: q35(),
    setup: 'modprobe tpm_tis; sleep 1',
    facts: { mk_firmware_mode: 'bios', mk_secure_boot: undefined, mk_tpm: 'true', mk_tpm_version: '1.2' },
  },
  {
    name: 'setup-mode',
    why: 'UEFI that could check signatures and has no keys yet: Secure Boot is off, and the firmware says so',
    uefi: ['OVMF_CODE_4M.secboot.fd', 'OVMF_VARS_4M.fd'],
    qemu: machine(
      'q35,smm=on',
      ...['-m', '1024', '-global', 'driver=cfi.pflash01,property=secure,value=on'],
      ...['-global', 'ICH9-LPC.disable_s3=1', ...nic(0, 'virtio-net-pci', MAC)],
    ),
    facts: { mk_firmware_mode: 'uefi', mk_secure_boot: 'false', mk_tpm: 'false' },
    id: [MAC],
  },
  {
    name: 'bmc-on-pci',
    why: 'a management processor that is a PCI device and that the firmware’s table does not name',
    qemu: q35('-device', 'ipmi-bmc-sim,id=b', '-device', 'pci-ipmi-kcs,bmc=b'),
    setup: 'modprobe -a ipmi_si ipmi_devintf; sleep 3',
    facts: { mk_bmc: 'true', mk_bmc_interface: undefined, mk_driver_gap_count: '0' },
    look: ({ inventory }) => assert.equal(inventory.bmc?.device, true),
  },
  {
    name: 'bmc-on-smbus',
    why: 'a management processor on the SMBus, which the table names and for which no driver is loaded',
    qemu: q35('-device', 'ipmi-bmc-sim,id=b', '-device', 'smbus-ipmi,bmc=b'),
    facts: { mk_bmc: 'true', mk_bmc_interface: 'SSIF (SMBus System Interface)', mk_bmc_ipmi_version: '2.0' },
  },
  {
    name: 'smbios-3',
    why: 'a table of SMBIOS 3 with an entry point of 64 bits, a UUID, and names of modules',
    qemu: machine(
      'q35,smbios-entry-point-type=64',
      ...[
        '-uuid',
        'c0ffee00-1234-4567-89ab-00112233445b',
        '-smbios',
        'type=1,manufacturer=Example,product=P 3,serial=X0012345',
      ],
      ...[
        '-smbios',
        'type=3,manufacturer=Example,asset=ASSET-00123',
        '-smbios',
        'type=2,product=B 3,serial=.TAG.CN001.',
      ],
      ...['-smbios', 'type=17,loc_pfx=DIMM,bank=B,manufacturer=M,serial=OEM123456,part=PN-9,speed=3200'],
    ),
    facts: {
      uuid: 'c0ffee00-1234-4567-89ab-00112233445b',
      serialnumber: 'X0012345',
      boardserialnumber: '.TAG.CN001.',
      mk_asset_tag: 'ASSET-00123',
      mk_dimm0_part: 'PN-9',
      mk_dimm0_speed: '3200',
    },
    look: ({ inventory: { system, board, chassis } }) =>
      assert.deepEqual([system.serial, board.serial, chassis.assetTag], ['X0012345', '.TAG.CN001.', 'ASSET-00123']),
  },
  {
    name: 'no-acpi',
    why: 'acpi=off: what only ACPI says is not known to the kernel, and the firmware’s own tables are found all the same',
    qemu: q35(
      ...[
        '-smp',
        '2,sockets=2',
        ...nic(0, 'e1000e', MAC),
        ...drive(0),
        '-device',
        'ide-hd,bus=ide.0,drive=d0,serial=A-1',
      ],
      ...['-smbios', 'type=1,manufacturer=Example,product=P 4,serial=SN-4'],
    ),
    disks: [64],
    append: 'acpi=off',
    facts: { serialnumber: 'SN-4', physicalprocessorcount: '2', mk_disk_sda_serial: 'A-1', mk_disk_count: '1' },
    id: [MAC],
  },
];
