/**
 * Models as data: what each state of an installation tells the microkernel and the boot loader, and how an installer's
 * callbacks move it (docs/contracts/razor-0.x.md#active-model-states). Pure.
 */

type ModelFamily = 'linux' | 'esxi' | 'xenserver';

export type ModelState =
  | 'init'
  | 'preinstall'
  | 'postinstall'
  | 'os_complete'
  | 'complete_no_broker'
  | 'broker_wait'
  | 'broker_fail'
  | 'broker_success'
  | 'timeout_error'
  | 'error_catch';

/** What a boot loader gets: the installer, the local disk, or the microkernel. */
type BootKind = 'installer' | 'local' | 'mk';

interface StateEntry {
  /** Command of a check-in. */
  readonly command: 'reboot' | 'acknowledge';
  readonly boot: BootKind;
  readonly meaning: string;
}

const STATES: Readonly<Record<ModelState, StateEntry>> = {
  init: { command: 'reboot', boot: 'installer', meaning: 'bound, the installer has not asked for its answers yet' },
  preinstall: { command: 'reboot', boot: 'installer', meaning: 'the installer has started' },
  postinstall: { command: 'reboot', boot: 'local', meaning: 'the installer has ended, the new system sets itself up' },
  os_complete: { command: 'reboot', boot: 'local', meaning: 'the system is ready' },
  complete_no_broker: { command: 'acknowledge', boot: 'local', meaning: 'the system is ready, nobody takes it over' },
  broker_wait: { command: 'acknowledge', boot: 'mk', meaning: 'the broker has not decided yet' },
  broker_fail: { command: 'reboot', boot: 'local', meaning: 'the broker refused or could not be reached' },
  broker_success: { command: 'reboot', boot: 'local', meaning: 'the broker has taken the node over' },
  timeout_error: { command: 'acknowledge', boot: 'mk', meaning: 'the installation took too long' },
  error_catch: { command: 'acknowledge', boot: 'mk', meaning: 'the installation failed' },
};

export const MODEL_STATES = Object.keys(STATES) as readonly ModelState[];

/** Whether text names a state. */
export function isModelState(text: string): text is ModelState {
  return Object.hasOwn(STATES, text);
}

/** The row of a state for a family: hypervisors are left alone once a broker is done with them. */
export function stateEntry(state: string, family: ModelFamily): StateEntry {
  const entry = STATES[isModelState(state) ? state : 'error_catch'];
  const brokerDone = state === 'broker_fail' || state === 'broker_success';
  return brokerDone && family !== 'linux' ? { ...entry, command: 'acknowledge' } : entry;
}

/** What ends a waiting broker, from outside. */
const BROKER_ACTIONS: Readonly<Record<string, ModelState>> = {
  broker_success: 'broker_success',
  broker_fail: 'broker_fail',
};

/**
 * The state after an action, the same one where the action means nothing in it. Actions are a callback's two words:
 * `preseed_start`, `postinstall_final`, `postinstall_error`.
 */
export function nextState(state: ModelState, action: string): ModelState {
  const installing = state === 'init' || state === 'preinstall';
  if (installing || state === 'postinstall') {
    if (action.endsWith('_error')) return 'error_catch';
    if (action.endsWith('_timeout')) return 'timeout_error';
  }
  if (installing) {
    if (action.startsWith('postinstall_')) return state;
    if (action.endsWith('_start')) return 'preinstall';
    if (action.endsWith('_file')) return 'init';
    if (action.endsWith('_end')) return 'postinstall';
  }
  if (state === 'postinstall' && (action === 'postinstall_final' || action === 'postinstall_end')) return 'os_complete';
  if (state === 'broker_wait') return BROKER_ACTIONS[action] ?? state;
  return state;
}

export interface Template {
  readonly name: string;
  readonly describe: string;
  readonly family: ModelFamily;
  /** First word of the installer's callbacks: preseed, kickstart, autoyast, answerfile. */
  readonly answers: 'preseed' | 'kickstart' | 'autoyast' | 'answerfile';
  /** Paths in the image, unless the model's metadata name others. */
  readonly kernel: string;
  readonly initrd: string;
}

const UBUNTU = { family: 'linux', answers: 'preseed' } as const;
const REDHAT = {
  family: 'linux',
  answers: 'kickstart',
  kernel: 'images/pxeboot/vmlinuz',
  initrd: 'images/pxeboot/initrd.img',
} as const;
const SUSE = {
  family: 'linux',
  answers: 'autoyast',
  kernel: 'boot/x86_64/loader/linux',
  initrd: 'boot/x86_64/loader/initrd',
} as const;
const UBUNTU_NETBOOT = {
  ...UBUNTU,
  kernel: 'install/netboot/ubuntu-installer/amd64/linux',
  initrd: 'install/netboot/ubuntu-installer/amd64/initrd.gz',
} as const;
const ESXI = { family: 'esxi', answers: 'kickstart', kernel: 'mboot.c32', initrd: '' } as const;
const XENSERVER = { family: 'xenserver', answers: 'answerfile', kernel: 'boot/xen.gz', initrd: 'install.img' } as const;

/** Every template, by name. */
export const TEMPLATES: readonly Template[] = [
  { name: 'ubuntu_oneiric', describe: 'Ubuntu 11.10', ...UBUNTU_NETBOOT },
  { name: 'ubuntu_precise', describe: 'Ubuntu 12.04', ...UBUNTU_NETBOOT },
  {
    name: 'debian_wheezy',
    describe: 'Debian 7',
    ...UBUNTU,
    kernel: 'install.amd/vmlinuz',
    initrd: 'install.amd/initrd.gz',
  },
  {
    name: 'debian',
    describe: 'Debian 8 and later',
    ...UBUNTU,
    kernel: 'install.amd/vmlinuz',
    initrd: 'install.amd/initrd.gz',
  },
  { name: 'centos_6', describe: 'CentOS 6', ...REDHAT },
  { name: 'redhat_6', describe: 'Red Hat Enterprise Linux 6', ...REDHAT },
  { name: 'oraclelinux_6', describe: 'Oracle Linux 6', ...REDHAT },
  { name: 'scientificlinux_6', describe: 'Scientific Linux 6', ...REDHAT },
  { name: 'redhat', describe: 'Red Hat Enterprise Linux 7 and later, and its clones', ...REDHAT },
  { name: 'opensuse_12', describe: 'openSUSE 12', ...SUSE },
  { name: 'sles_11', describe: 'SUSE Linux Enterprise Server 11', ...SUSE },
  { name: 'vmware_esxi_5', describe: 'VMware ESXi 5 and later', ...ESXI },
  { name: 'xenserver_boston', describe: 'XenServer 6.0', ...XENSERVER },
  { name: 'xenserver_tampa', describe: 'XenServer 6.1', ...XENSERVER },
];

const BY_NAME = new Map(TEMPLATES.map((template) => [template.name, template]));

/** Type of the images that a family installs from. */
export const FAMILY_IMAGE = { linux: 'os', esxi: 'esxi', xenserver: 'xenserver' } as const;

/** The template of this name. */
export function templateOf(name: string): Template | undefined {
  return BY_NAME.get(name);
}

/** The family of a model; a template that no longer exists counts as Linux. */
export function familyOf(template: string): ModelFamily {
  return templateOf(template)?.family ?? 'linux';
}

/** What a model's metadata may set, and what each is for. Task files of one's own may use others. */
export const MODEL_SETTINGS: Readonly<Record<string, string>> = {
  hostname_prefix: 'host names are this and a number; node by default',
  domainname: 'the domain of host names; localdomain by default',
  root_password: 'root’s password in plain text; without it and without a hash root cannot log in by password',
  root_password_hash: 'root’s password as crypt(3) writes it',
  timezone: 'UTC by default',
  packages: 'what is installed besides, separated by blanks',
  kernel: 'path of the installer’s kernel in the image',
  initrd: 'path of the installer’s initrd in the image',
  kernel_args: 'what is added to the installer’s kernel line',
};
