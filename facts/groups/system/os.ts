/** Kernel, names, file systems, uptime: what Facter 1.7 said of the running system. */
import { parseResolvConf } from '../../../platform/resolv-conf.ts';
import type { Sources } from '../../sources/sources.ts';
import type { Group } from '../group.ts';
import { architectureOf, readOperatingSystem } from './release.ts';

const OS = 'uname';

export const osGroup: Group = {
  name: 'os',
  collect({ sources, add }) {
    const os = sources.os();
    const system = readOperatingSystem(sources);
    add('kernel', os.sysname, OS);
    add('kernelrelease', os.release, OS);
    add('kernelversion', os.release.split('-', 1)[0], OS, { raw: os.release });
    add('kernelmajversion', /^\d+\.\d+/.exec(os.release)?.[0], OS, { raw: os.release });
    add('hardwaremodel', os.machine, OS);
    if (os.machine !== '') add('hardwareisa', 'unknown', OS);
    add('architecture', architectureOf(os.machine, system.name), OS, { raw: os.machine });
    add('operatingsystem', system.name, system.source);
    add('operatingsystemrelease', system.release ?? os.release, system.source);
    add('operatingsystemmajrelease', system.major, system.source);
    add('osfamily', system.family, system.source);
    names(sources, add);
    filesystems(sources, add);
    uptime(sources, add);
    selinux(sources, add);
    add('timezone', zoneName(os.timezone), 'timezone');
    add('id', os.user, 'getuid');
    add('path', os.path, 'PATH');
    add('ps', 'ps -ef', 'constant');
    add('uniqueid', hostId(sources), ['/etc/hostid', '/etc/hosts']);
  },
};

type Add = Parameters<Group['collect']>[0]['add'];

/** Host name up to the first dot; domain as `hostname -f` finds it in /etc/hosts, else of resolv.conf. No DNS is asked. */
function names(sources: Sources, add: Add): void {
  const full = sources.os().hostname;
  const host = full.split('.', 1)[0] ?? '';
  add('hostname', host, 'gethostname', { raw: full });
  const [domain, from] = domainOf(sources, full, host);
  add('domain', domain, from);
  if (host !== '' && domain !== undefined) add('fqdn', `${host}.${domain}`, ['gethostname', from]);
}

function domainOf(sources: Sources, full: string, host: string): readonly [string | undefined, string] {
  const after = (name: string): string | undefined => /^[^.]+\.(.+?)\.?$/.exec(name)?.[1];
  const own = after(full);
  if (own !== undefined) return [own, 'gethostname'];
  for (const line of (sources.text('/etc/hosts') ?? '').split('\n', 10_000)) {
    const words = (line.split('#', 1)[0] as string).trim().split(/\s+/);
    if (words.length > 1 && words.slice(1).includes(host)) {
      const domain = after(words[1] as string);
      if (domain !== undefined) return [domain, '/etc/hosts'];
      break;
    }
  }
  const { domain, search } = parseResolvConf(sources.text('/etc/resolv.conf') ?? '');
  return [domain ?? search[0], '/etc/resolv.conf'];
}

function filesystems(sources: Sources, add: Add): void {
  const names = (sources.text('/proc/filesystems') ?? '')
    .split('\n')
    .filter((line) => !line.includes('nodev') && line.trim() !== '' && line.trim() !== 'fuseblk')
    .map((line) => line.trim());
  add('filesystems', names.sort().join(','), '/proc/filesystems');
}

function uptime(sources: Sources, add: Add): void {
  const path = '/proc/uptime';
  const raw = sources.line(path);
  const seconds = Math.floor(Number(raw?.split(' ', 1)[0] ?? NaN));
  if (!Number.isFinite(seconds)) return;
  const details = { raw, volatile: true };
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600);
  const minutes = String(Math.floor(seconds / 60) % 60).padStart(2, '0');
  add('uptime_seconds', seconds, path, details);
  add('uptime_hours', hours, path, details);
  add('uptime_days', days, path, details);
  add('uptime', days > 1 ? `${days} days` : days === 1 ? '1 day' : `${hours}:${minutes} hours`, path, details);
}

/** Facter asked whether selinuxfs is mounted and /proc/self/attr/current holds a context. */
function selinux(sources: Sources, add: Add): void {
  const mount = /^\S+ (\S+) selinuxfs /m.exec(sources.text('/proc/self/mounts') ?? '')?.[1];
  // where another security module answers, asking takes long
  const context = mount && sources.line('/proc/self/attr/current')?.replaceAll('\0', '');
  const on = mount !== undefined && context !== undefined && context !== 'kernel';
  add('selinux', on, '/proc/self/mounts');
  if (!on) return;
  const enforce = sources.line(`${mount}/enforce`);
  add('selinux_enforced', enforce === '1', `${mount}/enforce`);
  add('selinux_policyversion', sources.line(`${mount}/policyvers`) ?? 'unknown', `${mount}/policyvers`);
  add('selinux_current_mode', enforce === '1' ? 'enforcing' : 'permissive', `${mount}/enforce`);
  const config = sources.text('/etc/selinux/config') ?? '';
  const setting = (name: string): string =>
    new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, 'm').exec(config)?.[1] ?? 'unknown';
  add('selinux_config_mode', setting('SELINUX'), '/etc/selinux/config');
  add('selinux_config_policy', setting('SELINUXTYPE'), '/etc/selinux/config');
  add('selinux_mode', setting('SELINUXTYPE'), '/etc/selinux/config');
}

/** Ruby's Time#zone: the abbreviation. Of the zones without a stable one only UTC matters on a microkernel. */
function zoneName(zone: string): string {
  return /^(Etc\/)?(UTC|UCT|Universal|Zulu)$/.test(zone) ? 'UTC' : zone;
}

/** hostid(1): /etc/hostid, else the first IPv4 address of the host name in /etc/hosts with its halves swapped (glibc). */
function hostId(sources: Sources): string | undefined {
  const bytes = sources.bytes('/etc/hostid');
  if (bytes && bytes.length >= 4) return bytes.readUInt32LE(0).toString(16).padStart(8, '0');
  const host = sources.os().hostname;
  for (const line of (sources.text('/etc/hosts') ?? '').split('\n', 10_000)) {
    const words = (line.split('#', 1)[0] as string).trim().split(/\s+/);
    const parts = (words[0] ?? '').split('.').map(Number);
    if (host === '' || !words.slice(1).includes(host) || parts.length !== 4) continue;
    if (parts.some((n) => !(n >= 0 && n <= 255))) continue;
    const [a, b, c, d] = parts as [number, number, number, number];
    return [b, a, d, c].map((n) => n.toString(16).padStart(2, '0')).join('');
  }
  return undefined;
}
