/** Containers, by what they leave in /proc and /run. */
import type { Sources } from '../../sources/sources.ts';

export interface GuestKind {
  readonly name: string;
  readonly source: string;
  readonly raw: string | undefined;
}

/** What a container's first process may carry in `container=` (systemd's CONTAINER_INTERFACE), under Facter's and virt-what's names. */
const BY_VARIABLE: Readonly<Record<string, string>> = {
  lxc: 'lxc',
  'lxc-libvirt': 'lxc',
  docker: 'docker',
  podman: 'podman',
  oci: 'docker',
  'systemd-nspawn': 'systemd_nspawn',
  wsl: 'wsl',
};

const BY_CGROUP: readonly (readonly [RegExp, string])[] = [
  [/\/(lxc|lxc\.payload[^/]*)(\/|$)/m, 'lxc'],
  [/\/libpod[-_]|\/libpod(\/|$)/m, 'podman'],
  [/\/docker[-/]|\/docker$|docker-[0-9a-f]{12}/m, 'docker'],
  [/\/machine\.slice\/systemd-nspawn@|\/machine-[^/]*\.scope\/payload/m, 'systemd_nspawn'],
];

/**
 * The container that this process is in. Kernel threads are seen only from outside: where /proc/2 is kthreadd this is no
 * container, whatever files an image left lying about (/.dockerenv in a virtual machine made from a container image).
 */
export function findContainer(sources: Sources): GuestKind | undefined {
  const outside = sources.line('/proc/2/comm') === 'kthreadd';
  const openvz = findOpenvz(sources, outside);
  if (openvz) return openvz;
  // the same text as the system call gives, which costs nothing
  const release = sources.os().release || sources.line('/proc/sys/kernel/osrelease') || '';
  if (/microsoft/i.test(release)) return { name: 'wsl', source: '/proc/sys/kernel/osrelease', raw: release };
  if (outside) return undefined;
  const environ = sources.text('/proc/1/environ', 65_536);
  const variable = /(?:^|\0)container=([^\0]*)/.exec(environ ?? '')?.[1] ?? sources.line('/run/systemd/container');
  const named = variable === undefined ? undefined : BY_VARIABLE[variable];
  if (named !== undefined) return { name: named, source: '/proc/1/environ', raw: `container=${variable ?? ''}` };
  if (sources.exists('/run/.containerenv')) return { name: 'podman', source: '/run/.containerenv', raw: undefined };
  for (const path of ['/proc/1/cgroup', '/proc/self/mountinfo']) {
    const text = sources.text(path) ?? '';
    const root = path.endsWith('mountinfo')
      ? text
          .split('\n')
          .filter((line) => / \/ \/ /.test(line))
          .join('\n')
      : text;
    const match = BY_CGROUP.find(([pattern]) => pattern.test(root));
    if (match) return { name: match[1], source: path, raw: match[0].exec(root)?.[0] };
  }
  if (sources.exists('/.dockerenv')) return { name: 'docker', source: '/.dockerenv', raw: undefined };
  if (sources.exists('/dev/lxd/sock')) return { name: 'lxc', source: '/dev/lxd/sock', raw: undefined };
  return undefined;
}

/**
 * OpenVZ and Linux-VServer have their own lines in /proc/self/status. CloudLinux (/proc/lve/list) is no OpenVZ. Seen from
 * `outside`, only their hosts are left, which have a directory of their own.
 */
function findOpenvz(sources: Sources, outside: boolean): GuestKind | undefined {
  const hasVz = sources.exists('/proc/vz') && sources.list('/proc/vz').length > 0;
  if (outside && !hasVz && !sources.exists('/proc/virtual')) return undefined;
  const path = '/proc/self/status';
  const status = sources.text(path) ?? '';
  if (hasVz && !sources.exists('/proc/lve/list')) {
    const id = /^envID:\s+(\d+)$/m.exec(status)?.[1];
    if (id !== undefined) return { name: id === '0' ? 'openvzhn' : 'openvzve', source: path, raw: `envID: ${id}` };
  }
  const context = /^(?:s_context|VxID):\s+(\d+)$/m.exec(status);
  if (!context) return undefined;
  if (context[1] !== '0') return { name: 'vserver', source: path, raw: context[0] };
  return sources.exists('/proc/virtual') ? { name: 'vserver_host', source: path, raw: context[0] } : undefined;
}
