/** The Ironics that the cases run on: those of Debian's releases, by the name that `--release` takes. */

export interface Release {
  /** `debian13`. */
  readonly name: string;
  /** As Debian's archive calls it. */
  readonly suite: string;
  readonly packages: readonly string[];
  /** The versions that the cases were run on; another one is told, and tried. */
  readonly ironic: RegExp;
  /** Inspection is ironic-inspector's, a service of its own. Newer Ironics inspect by themselves. */
  readonly hasInspector: boolean;
  /** The hooks of an inspection by Ironic itself: all that it has. */
  readonly hooks: readonly string[];
  /** A ramdisk finds its node in `service wait` too. */
  readonly hasServicing: boolean;
  /** Its API has runbooks (1.92, 2024.2). */
  readonly hasRunbooks: boolean;
  /** Its API drops a body that comes in chunks, without a word. */
  readonly dropsChunks: boolean;
  /** GET of the agent's commands comes with the token (Ironic 27.0 and newer). */
  readonly getsWithToken: boolean;
}

const IRONIC = ['python3-ironic', 'ironic-common', 'ironic-api', 'ironic-conductor'];
/** What an installed system has and no package of Ironic asks for; with qemu-img, which a conductor looks for. */
const SYSTEM = ['base-passwd', 'libc-bin', 'netbase', 'coreutils', 'dash', 'util-linux', 'qemu-utils'];
const HOOKS = [
  ...['ramdisk-error', 'validate-interfaces', 'ports', 'architecture', 'boot-mode', 'cpu-capabilities', 'memory'],
  ...['raid-device', 'root-device', 'pci-devices', 'local-link-connection', 'parse-lldp', 'physical-network'],
  ...['accelerators', 'extra-hardware'],
];

export const RELEASES: readonly Release[] = [
  {
    name: 'debian12',
    suite: 'bookworm',
    packages: [...IRONIC, 'ironic-inspector', 'python3-ironic-inspector'],
    ironic: /^(?:\d+:)?21\.4\./,
    hasInspector: true,
    hooks: [],
    hasServicing: false,
    hasRunbooks: false,
    dropsChunks: true,
    getsWithToken: false,
  },
  {
    name: 'debian13',
    suite: 'trixie',
    packages: [...IRONIC, ...SYSTEM],
    ironic: /^(?:\d+:)?29\.0\./,
    hasInspector: false,
    hooks: HOOKS,
    hasServicing: false,
    hasRunbooks: true,
    dropsChunks: true,
    getsWithToken: true,
  },
  {
    name: 'unstable',
    suite: 'sid',
    packages: [...IRONIC, ...SYSTEM],
    ironic: /^(?:\d+:)?39\./,
    hasInspector: false,
    // since 2026-03
    hooks: [...HOOKS, 'cpus'],
    hasServicing: true,
    hasRunbooks: true,
    dropsChunks: false,
    getsWithToken: true,
  },
];

/** The release of that name; throws with the names that there are. */
export function releaseOf(name: string): Release {
  const found = RELEASES.find((each) => each.name === name);
  if (found === undefined)
    throw new Error(`--release takes ${RELEASES.map((each) => each.name).join(', ')}, not ${name}`);
  return found;
}
