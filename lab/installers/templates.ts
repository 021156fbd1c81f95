/** Templates: what a model can install, with the paths of the installer in its image. Data. */
/**
 * Hypervisors are left alone once a broker is done with them; `image` is what the microkernel itself writes; `linux` stands for every
 * other system.
 */
export type ModelFamily = 'linux' | 'esxi' | 'xenserver' | 'image';

/** Rows of registry.ts. */
export type InstallerName =
  | 'preseed'
  | 'autoinstall'
  | 'kickstart'
  | 'kickstart_6'
  | 'autoyast'
  | 'agama'
  | 'coreos'
  | 'flatcar'
  | 'talos'
  | 'proxmox'
  | 'esxi'
  | 'windows'
  | 'xenserver'
  | 'image';

export interface Template {
  readonly name: string;
  readonly describe: string;
  readonly family: ModelFamily;
  /** Who installs it (registry.ts). */
  readonly installer: InstallerName;
  /** Paths in the image, unless the model's metadata name others; empty where the installer's script names its own. */
  readonly kernel: string;
  readonly initrd: string;
}

const DEBIAN_CD = { kernel: 'install.amd/vmlinuz', initrd: 'install.amd/initrd.gz' } as const;
const UBUNTU_NETBOOT = {
  family: 'linux',
  installer: 'preseed',
  kernel: 'install/netboot/ubuntu-installer/amd64/linux',
  initrd: 'install/netboot/ubuntu-installer/amd64/initrd.gz',
} as const;
const ANACONDA = { kernel: 'images/pxeboot/vmlinuz', initrd: 'images/pxeboot/initrd.img' } as const;
const REDHAT_6 = { family: 'linux', installer: 'kickstart_6', ...ANACONDA } as const;
const REDHAT = { family: 'linux', installer: 'kickstart', ...ANACONDA } as const;
const YAST = {
  family: 'linux',
  kernel: 'boot/x86_64/loader/linux',
  initrd: 'boot/x86_64/loader/initrd',
} as const;
const ESXI = { family: 'esxi', installer: 'esxi', kernel: 'mboot.c32', initrd: '' } as const;
const ESXI_EFI = { ...ESXI, kernel: 'efi/boot/bootx64.efi' } as const;
const XENSERVER = {
  family: 'xenserver',
  installer: 'xenserver',
  kernel: 'boot/xen.gz',
  initrd: 'install.img',
} as const;
/** An archive that holds the medium of Proxmox VE as /proxmox.iso, beside its files. */
export const PROXMOX_ISO = 'proxmox-iso.cpio';
const OTHER = { family: 'linux', kernel: '', initrd: '' } as const;

/** Every template, by name: those of today first, then those of the original's time. */
export const TEMPLATES: readonly Template[] = [
  { name: 'debian', describe: 'Debian 8 to 13', family: 'linux', installer: 'preseed', ...DEBIAN_CD },
  {
    name: 'ubuntu',
    describe: 'Ubuntu Server 20.04 and later (autoinstall)',
    family: 'linux',
    installer: 'autoinstall',
    kernel: 'casper/vmlinuz',
    initrd: 'casper/initrd',
  },
  { name: 'redhat', describe: 'Red Hat Enterprise Linux 7 to 10, Rocky, Alma, CentOS Stream, Oracle', ...REDHAT },
  { name: 'fedora', describe: 'Fedora Server', ...REDHAT },
  { name: 'sles', describe: 'SUSE Linux Enterprise Server 12 and 15', installer: 'autoyast', ...YAST },
  { name: 'opensuse_leap', describe: 'openSUSE Leap 15', installer: 'autoyast', ...YAST },
  { name: 'agama', describe: 'SUSE Linux Enterprise Server 16, openSUSE Leap 16', installer: 'agama', ...YAST },
  {
    name: 'fedora_coreos',
    describe: 'Fedora CoreOS, RHEL CoreOS: kernel, initramfs and rootfs of the live PXE images',
    installer: 'coreos',
    ...OTHER,
    kernel: 'kernel',
    initrd: 'initramfs.img',
  },
  {
    name: 'flatcar',
    describe: 'Flatcar Container Linux: PXE kernel, PXE image and disk image',
    installer: 'flatcar',
    ...OTHER,
    kernel: 'flatcar_production_pxe.vmlinuz',
    initrd: 'flatcar_production_pxe_image.cpio.gz',
  },
  {
    name: 'talos',
    describe: 'Talos Linux; its machine configuration is a file of yours',
    installer: 'talos',
    ...OTHER,
    kernel: 'vmlinuz-amd64',
    initrd: 'initramfs-amd64.xz',
  },
  {
    name: 'proxmox',
    describe: 'Proxmox VE 8.3 and later, from an ISO that is prepared to ask the lab',
    installer: 'proxmox',
    ...OTHER,
    kernel: 'boot/linux26',
    initrd: 'boot/initrd.img',
  },
  {
    name: 'image',
    describe: 'A cloud image (raw, qcow2) with cloud-init, written by this microkernel',
    family: 'image',
    installer: 'image',
    kernel: '',
    initrd: '',
  },
  { name: 'vmware_esxi_7', describe: 'VMware ESXi 7 and 8 by UEFI', ...ESXI_EFI },
  { name: 'windows', describe: 'Windows Server 2019 to 2025 by wimboot', installer: 'windows', ...OTHER },
  { name: 'ubuntu_oneiric', describe: 'Ubuntu 11.10', ...UBUNTU_NETBOOT },
  { name: 'ubuntu_precise', describe: 'Ubuntu 12.04', ...UBUNTU_NETBOOT },
  { name: 'debian_wheezy', describe: 'Debian 7', family: 'linux', installer: 'preseed', ...DEBIAN_CD },
  { name: 'centos_6', describe: 'CentOS 6', ...REDHAT_6 },
  { name: 'redhat_6', describe: 'Red Hat Enterprise Linux 6', ...REDHAT_6 },
  { name: 'oraclelinux_6', describe: 'Oracle Linux 6', ...REDHAT_6 },
  { name: 'scientificlinux_6', describe: 'Scientific Linux 6', ...REDHAT_6 },
  { name: 'opensuse_12', describe: 'openSUSE 12', installer: 'autoyast', ...YAST },
  { name: 'sles_11', describe: 'SUSE Linux Enterprise Server 11', installer: 'autoyast', ...YAST },
  { name: 'vmware_esxi_5', describe: 'VMware ESXi 5 and 6 by BIOS', ...ESXI },
  { name: 'xenserver_boston', describe: 'XenServer 6.0', ...XENSERVER },
  { name: 'xenserver_tampa', describe: 'XenServer 6.1', ...XENSERVER },
];

const BY_NAME = new Map(TEMPLATES.map((template) => [template.name, template]));

/** Type of the images that a family installs from. */
export const FAMILY_IMAGE = { linux: 'os', esxi: 'esxi', xenserver: 'xenserver', image: 'disk' } as const;

/** The template of this name. */
export function templateOf(name: string): Template | undefined {
  return BY_NAME.get(name);
}

/** The family of a model; a template that no longer exists counts as Linux. */
export function familyOf(template: string): ModelFamily {
  return templateOf(template)?.family ?? 'linux';
}

/** What a model's metadata may set, and what each is for. Files of one's own may use others. */
export const MODEL_SETTINGS: Readonly<Record<string, string>> = {
  hostname_prefix: 'host names are this and a number; node by default',
  domainname: 'the domain of host names; localdomain by default',
  root_password: 'root’s password; without it and without a hash root cannot log in by password',
  root_password_hash: 'root’s password as crypt(3) writes it',
  ssh_key: 'a public key that may log in as root',
  timezone: 'UTC by default',
  packages: 'what is installed besides, separated by blanks',
  tasks: 'Debian: the tasks that are installed, separated by blanks, standard by default, or none',
  security_mirror: 'Debian: the host that has debian-security, security.debian.org by default, or none',
  mirror:
    'Debian: address of the package mirror, the image’s own packages by default; Windows: //SERVER/SHARE with the medium',
  install_device: 'the disk that is installed on, as /dev/nvme0n1; the installer chooses by default',
  product: 'what a medium with several installs: SLES, Leap, openSUSE_Leap; the name in install.wim for Windows',
  product_key: 'Windows: the licence key',
  root_device:
    'image: which disk, as serial=S1 or size=>=400,rotational=false (docs/deploy.md), or smallest; the only one that fits by default',
  image_url: 'image: address of the image, where the lab does not hold it',
  image_checksum: 'image: its SHA-256, SHA-384 or SHA-512 in hex',
  kernel: 'path of the installer’s kernel in the image',
  initrd: 'path of the installer’s initrd in the image',
  iso: 'Ubuntu: path of the ISO in the image',
  kernel_args: 'what is added to the installer’s kernel line',
};
