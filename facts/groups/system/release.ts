/** Which distribution this is, by the files that Facter 1.7 looked at, in its order. A microkernel has none of them: Linux. */
import type { Sources } from '../../sources/sources.ts';

interface OperatingSystem {
  readonly name: string;
  /** Undefined: Facter then gave the kernel's release. */
  readonly release: string | undefined;
  readonly major: string | undefined;
  readonly family: string;
  readonly source: string;
}

type Probe = readonly [file: string, name: string | ((text: string) => string), release: RegExp | undefined];

const REDHATS: readonly (readonly [RegExp, string])[] = [
  [/centos/i, 'CentOS'],
  [/CERN/, 'SLC'],
  [/scientific/i, 'Scientific'],
  [/^cloudlinux/i, 'CloudLinux'],
  [/^Parallels Server Bare Metal/, 'PSBM'],
  [/Ascendos/i, 'Ascendos'],
  [/^XenServer/i, 'XenServer'],
];

const PROBES: readonly Probe[] = [
  ['/etc/debian_version', 'Debian', /^(.+)$/m],
  ['/etc/gentoo-release', 'Gentoo', undefined],
  ['/etc/fedora-release', 'Fedora', /release (\d[\d.]*)/],
  ['/etc/mandriva-release', 'Mandriva', /release (\d[\d.]*)/],
  ['/etc/mandrake-release', 'Mandrake', /release (\d[\d.]*)/],
  ['/etc/meego-release', 'MeeGo', /release (\d[\d.]*)/],
  ['/etc/arch-release', 'Archlinux', undefined],
  ['/etc/oracle-release', 'OracleLinux', /release (\d[\d.]*)/],
  ['/etc/enterprise-release', 'OracleLinux', /release (\d[\d.]*)/],
  ['/etc/ovs-release', 'OVS', /release (\d[\d.]*)/],
  [
    '/etc/redhat-release',
    (text) => REDHATS.find(([pattern]) => pattern.test(text))?.[1] ?? 'RedHat',
    /release (\d[\d.]*)/,
  ],
  ['/etc/SuSE-release', suseName, undefined],
  ['/etc/bluewhite64-version', 'Bluewhite64', /(\d+(?:\.\d+)*)/],
  ['/etc/slackware-version', 'Slackware', /(\d+(?:\.\d+)*)/],
  ['/etc/alpine-release', 'Alpine', /^(.+)$/m],
  ['/etc/system-release', 'Amazon', undefined],
];

const FAMILIES: Readonly<Record<string, string>> = {
  Debian: 'Debian',
  Ubuntu: 'Debian',
  LinuxMint: 'Debian',
  Fedora: 'RedHat',
  RedHat: 'RedHat',
  CentOS: 'RedHat',
  Scientific: 'RedHat',
  SLC: 'RedHat',
  Ascendos: 'RedHat',
  CloudLinux: 'RedHat',
  PSBM: 'RedHat',
  OracleLinux: 'RedHat',
  OVS: 'RedHat',
  XenServer: 'RedHat',
  Amazon: 'RedHat',
  SLES: 'Suse',
  SLED: 'Suse',
  OpenSuSE: 'Suse',
  SuSE: 'Suse',
  Gentoo: 'Gentoo',
  Archlinux: 'Archlinux',
  Mandrake: 'Mandrake',
  Mandriva: 'Mandrake',
};

function suseName(text: string): string {
  if (/^SUSE LINUX Enterprise Server/i.test(text)) return 'SLES';
  if (/^SUSE LINUX Enterprise Desktop/i.test(text)) return 'SLED';
  return /^openSUSE/i.test(text) ? 'OpenSuSE' : 'SuSE';
}

/** The distribution; `Linux` where no file tells. */
export function readOperatingSystem(sources: Sources): OperatingSystem {
  const made = (name: string, release: string | undefined, source: string): OperatingSystem => ({
    name,
    release,
    major: release === undefined || !/^\d/.test(release) ? undefined : release.split('.', 1)[0],
    family: FAMILIES[name] ?? 'Linux',
    source,
  });
  const lsb = sources.text('/etc/lsb-release') ?? '';
  if (/^DISTRIB_ID=("?)Ubuntu\1$/m.test(lsb)) {
    return made('Ubuntu', /^DISTRIB_RELEASE="?([\d.]+)/m.exec(lsb)?.[1], '/etc/lsb-release');
  }
  for (const [file, name, release] of PROBES) {
    const text = sources.text(file);
    if (text === undefined) continue;
    const found = typeof name === 'string' ? name : name(text);
    return made(found, file.endsWith('SuSE-release') ? suseRelease(text) : release?.exec(text)?.[1]?.trim(), file);
  }
  return { name: sources.os().sysname, release: undefined, major: undefined, family: 'Linux', source: 'uname' };
}

/** The distribution in the words of /etc/os-release (os-release(5)). */
export interface Distro {
  /** `debian`. */
  readonly id: string | undefined;
  readonly codename: string | undefined;
  /** For people: `Debian GNU/Linux 12 (bookworm)`. */
  readonly description: string | undefined;
  readonly version: string | undefined;
}

/** Undefined without /etc/os-release, as in most microkernels. */
export function readDistro(sources: Sources): Distro | undefined {
  const text = sources.text('/etc/os-release');
  if (text === undefined) return undefined;
  const value = (name: string): string | undefined =>
    new RegExp(`^${name}=(["']?)(.*?)\\1\\s*$`, 'm').exec(text)?.[2] || undefined;
  return {
    id: value('ID'),
    codename: value('VERSION_CODENAME') ?? /\((.+)\)$/.exec(value('VERSION') ?? '')?.[1],
    description: value('PRETTY_NAME'),
    version: value('VERSION_ID'),
  };
}

function suseRelease(text: string): string | undefined {
  const version = /^VERSION\s*=\s*(\d+(?:\.\d+)?)/m.exec(text)?.[1];
  const level = /^PATCHLEVEL\s*=\s*(\d+)/m.exec(text)?.[1];
  return version !== undefined && level !== undefined && !version.includes('.') ? `${version}.${level}` : version;
}

/** Facter's architecture: amd64 on Debian, Ubuntu and Gentoo, i386 for every 32-bit x86 (x86 on Gentoo). */
export function architectureOf(machine: string, system: string): string {
  if (machine === 'x86_64' && ['Debian', 'Gentoo', 'Ubuntu'].includes(system)) return 'amd64';
  if (/^(i[3456]86|pentium)$/.test(machine)) return system === 'Gentoo' ? 'x86' : 'i386';
  return machine;
}
