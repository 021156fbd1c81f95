/** The virtual machines that are recorded: hardware that differs in everything mk_hw_* facts are made of. */

export interface RecordedMachine {
  readonly name: string;
  readonly qemu: readonly string[];
  /** Added to the kernel command line. */
  readonly append?: string;
  /** Sizes of the disk images that `qemu` names as `@disk0`, `@disk1` …, in MiB. */
  readonly disks?: readonly number[];
  /** A TPM of swtpm. */
  readonly tpm?: boolean;
}

const drive = (index: number): string[] => [
  '-drive',
  `file=@disk${index},format=raw,if=none,id=d${index},cache=unsafe`,
];
const nic = (index: number, model: string, mac: string, more = ''): string[] => [
  '-netdev',
  `user,id=n${index},restrict=on`,
  '-device',
  `${model},netdev=n${index},mac=${mac},romfile=${more}`,
];

const SERVER_SMBIOS = [
  '-smbios',
  'type=0,vendor=Example Firmware Ltd.,version=F12,date=02/03/2024,release=5.17,uefi=on',
  '-smbios',
  'type=1,manufacturer=Example Corp,product=Server 9000,version=R2,serial=SN-0001,uuid=00112233-4455-6677-8899-aabbccddeeff,sku=SKU-1,family=Nine',
  '-smbios',
  'type=2,manufacturer=Example Boards,product=EB-1,version=1.2,serial=B-0007,asset=tag-b,location=Slot 3',
  '-smbios',
  'type=3,manufacturer=Example Cases,version=2,serial=C-9,asset=asset-42,sku=SKU-C',
  '-smbios',
  'type=4,sock_pfx=CPU,manufacturer=Example Silicon,version=Example CPU 8 @ 2.40GHz,serial=P-1,asset=A-1,part=PN-1,max-speed=3200,current-speed=2400',
  '-smbios',
  'type=11,value=first string,value=second string',
  '-smbios',
  'type=17,loc_pfx=DIMM,bank=Bank A,manufacturer=Example Memory,serial=00ABCDEF,asset=AT-1,part=EM-1G,speed=2933',
];

const SERVER = [
  ...['-M', 'q35', '-cpu', 'qemu64', '-smp', '8,sockets=4,cores=2,threads=1', '-m', '1024'],
  ...['-object', 'memory-backend-ram,id=m0,size=512M', '-object', 'memory-backend-ram,id=m1,size=512M'],
  ...['-numa', 'node,nodeid=0,cpus=0-3,memdev=m0', '-numa', 'node,nodeid=1,cpus=4-7,memdev=m1'],
  ...SERVER_SMBIOS,
  ...nic(0, 'virtio-net-pci', '52:54:00:12:34:01'),
  ...nic(1, 'e1000e', '52:54:00:12:34:02'),
  ...nic(2, 'e1000', '52:54:00:12:34:03'),
  ...drive(0),
  ...['-device', 'nvme,drive=d0,serial=NVME-0001'],
  ...drive(1),
  ...['-device', 'ide-hd,drive=d1,bus=ide.0,serial=SATA-0001,model=EXAMPLE SATA,ver=1.1,rotation_rate=7200'],
  ...drive(2),
  ...['-device', 'virtio-blk-pci,drive=d2,serial=VBLK-0001'],
  ...['-device', 'virtio-scsi-pci,id=s0'],
  ...drive(3),
  ...[
    '-device',
    'scsi-hd,drive=d3,bus=s0.0,scsi-id=2,lun=0,serial=VSCSI-0001,vendor=EXAMPLE,product=SCSI DISK,ver=2.0',
  ],
];

export const MACHINES: readonly RecordedMachine[] = [
  { name: 'q35-server', qemu: SERVER, disks: [512, 1024, 256, 2048], tpm: true },
  { name: 'q35-server-maxcpus', qemu: SERVER, disks: [512, 1024, 256, 2048], tpm: true, append: 'maxcpus=1' },
  {
    name: 'pc-classic',
    qemu: [
      ...['-M', 'pc', '-cpu', 'core2duo', '-smp', '1', '-m', '512'],
      ...['-smbios', 'type=1,manufacturer=Old Maker,product=Desktop 5,serial=D5-77'],
      ...['-smbios', 'type=2,manufacturer=Old Maker,product=OM-440,version=A,serial=440-1'],
      ...nic(0, 'e1000', '52:54:00:12:35:01'),
      ...nic(1, 'rtl8139', '52:54:00:12:35:02'),
      ...drive(0),
      ...['-device', 'ide-hd,drive=d0,bus=ide.0,unit=0,serial=IDE-0001'],
      ...['-device', 'ide-cd,bus=ide.1,unit=0'],
      ...['-device', 'piix3-usb-uhci', '-device', 'usb-tablet'],
    ],
    disks: [4096],
  },
  {
    name: 'pc-virtio',
    qemu: [
      ...['-M', 'pc', '-cpu', 'EPYC,-svm', '-smp', '2', '-m', '768', '-uuid', '11112222-3333-4444-5555-666677778888'],
      ...nic(0, 'virtio-net-pci', '52:54:00:12:36:01'),
      ...nic(1, 'virtio-net-pci', '52:54:00:12:36:02'),
      ...drive(0),
      ...['-device', 'virtio-blk-pci,drive=d0'],
      ...drive(1),
      ...['-device', 'virtio-blk-pci,drive=d1,serial=second'],
      ...['-device', 'virtio-balloon-pci', '-device', 'virtio-rng-pci'],
    ],
    disks: [1024, 64],
    append: 'mk_down=eth1',
  },
  {
    name: 'q35-storage',
    qemu: [
      ...['-M', 'q35', '-cpu', 'Skylake-Server', '-smp', '8,sockets=2,cores=2,threads=2', '-m', '2048'],
      ...['-smbios', 'type=1,manufacturer=Storage Inc,product=Shelf 24,serial=SH-24'],
      ...['-smbios', 'type=17,loc_pfx=P1-DIMM,bank=NODE 0,manufacturer=MemCo,serial=12345678,part=M-2G,speed=2666'],
      ...nic(0, 'e1000e', '52:54:00:12:37:01'),
      ...nic(1, 'vmxnet3', '52:54:00:12:37:02'),
      ...drive(0),
      ...['-device', 'nvme,drive=d0,serial=NV-A'],
      ...drive(1),
      ...['-device', 'nvme,drive=d1,serial=NV-B'],
      ...['-device', 'megasas,id=m0'],
      ...drive(2),
      ...['-device', 'scsi-hd,drive=d2,bus=m0.0,scsi-id=1,lun=0,serial=MEGA-1'],
      ...drive(3),
      ...['-device', 'scsi-hd,drive=d3,bus=m0.0,scsi-id=3,lun=0,serial=MEGA-3,rotation_rate=1'],
      ...['-device', 'qemu-xhci,id=x0'],
      ...drive(4),
      ...['-device', 'usb-storage,drive=d4,bus=x0.0'],
      ...drive(5),
      ...['-device', 'ide-hd,drive=d5,bus=ide.2,serial=AHCI-5'],
    ],
    disks: [300, 301, 5000, 6000, 128, 10240],
  },
  {
    name: 'pc-bare',
    qemu: ['-M', 'pc', '-m', '384', '-nodefaults', '-vga', 'none', '-net', 'none'],
  },
  {
    name: 'q35-nics',
    qemu: [
      ...['-M', 'q35', '-cpu', 'Nehalem', '-smp', '2,sockets=2', '-m', '640'],
      ...['-smbios', 'type=2,manufacturer=Switchy,product=SW-4,serial=0099'],
      ...nic(0, 'e1000', '52:54:00:12:38:01'),
      ...nic(1, 'e1000-82545em', '52:54:00:12:38:02'),
      ...nic(2, 'pcnet', '52:54:00:12:38:03'),
      ...nic(3, 'i82559er', '52:54:00:12:38:04'),
      ...nic(4, 'ne2k_pci', '52:54:00:12:38:05'),
      ...nic(5, 'rtl8139', '52:54:00:12:38:06'),
      ...nic(6, 'virtio-net-pci-non-transitional', '52:54:00:12:38:07'),
    ],
    append: 'mk_down=eth2',
  },
];
