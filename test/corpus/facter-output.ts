/** A whole output of Facter 1.7 on Linux, made back into the machine that gave it: what is left is our own derivation. */
import type { OsAddress } from '../../facts/sources/sources.ts';
import { chassisType } from '../../facts/groups/system/dmi.ts';
import type { MadeUpMachine } from '../helpers/memory-origin.ts';

export function machineOfFacts(facts: Readonly<Record<string, unknown>>): MadeUpMachine {
  const get = (name: string): string | undefined => (facts[name] === undefined ? undefined : String(facts[name]));
  const files: Record<string, string> = {};
  const put = (path: string, value: string | undefined): void => {
    if (value !== undefined) files[path] = `${value}\n`;
  };
  const kilobytes = (name: string): string => String(Math.round(Number(get(name) ?? 0) * 1024));
  files['/proc/meminfo'] =
    `MemTotal: ${kilobytes('memorysize_mb')} kB\nMemFree: ${kilobytes('memoryfree_mb')} kB\nSwapTotal: ${kilobytes('swapsize_mb')} kB\nSwapFree: ${kilobytes('swapfree_mb')} kB\n`;
  let cpuinfo = '';
  for (let i = 0; get(`processor${i}`) !== undefined; i += 1) {
    cpuinfo += `processor\t: ${i}\nmodel name\t: ${get(`processor${i}`) as string}\n\n`;
    files[`/sys/devices/system/cpu/cpu${i}/topology/physical_package_id`] =
      `${i % Math.max(1, Number(get('physicalprocessorcount') ?? 1))}\n`;
  }
  files['/proc/cpuinfo'] = cpuinfo;
  put('/proc/uptime', `${get('uptime_seconds') ?? ''}.00 1.00`);
  put(
    '/proc/filesystems',
    (get('filesystems') ?? '')
      .split(',')
      .map((name) => `\t${name}`)
      .join('\n'),
  );
  for (const name of (get('blockdevices') ?? '').split(',').filter(Boolean)) {
    put(`/sys/block/${name}/size`, String(Number(get(`blockdevice_${name}_size`) ?? 0) / 512));
    files[`/sys/block/${name}/device/`] = '';
    put(`/sys/block/${name}/device/vendor`, get(`blockdevice_${name}_vendor`));
    put(`/sys/block/${name}/device/model`, get(`blockdevice_${name}_model`));
  }
  const dmi = {
    sys_vendor: 'manufacturer',
    product_name: 'productname',
    product_serial: 'serialnumber',
    product_uuid: 'uuid',
    board_vendor: 'boardmanufacturer',
    board_name: 'boardproductname',
    board_serial: 'boardserialnumber',
    bios_vendor: 'bios_vendor',
    bios_version: 'bios_version',
    bios_date: 'bios_release_date',
  };
  for (const [file, fact] of Object.entries(dmi)) put(`/sys/class/dmi/id/${file}`, get(fact));
  for (let n = 1; n < 40; n += 1) if (chassisType(n) === get('type')) put('/sys/class/dmi/id/chassis_type', String(n));
  const addresses = interfaces(get, put);
  release(get, put);
  put('/etc/hosts', `127.0.0.1 localhost\n127.0.1.1 ${get('fqdn') ?? 'x'} ${get('hostname') ?? 'x'}`);
  if (get('selinux') === 'true') {
    put('/proc/self/mounts', 'selinuxfs /sys/fs/selinux selinuxfs rw 0 0');
    put('/proc/self/attr/current', 'system_u:system_r:init_t:s0');
  }
  return {
    files,
    os: {
      hostname: get('hostname') ?? '',
      sysname: 'Linux',
      release: get('kernelrelease') ?? '',
      machine: get('hardwaremodel') ?? '',
      addresses,
    },
  };
}

type Get = (name: string) => string | undefined;
type Put = (path: string, value: string | undefined) => void;

function interfaces(get: Get, put: Put): Record<string, OsAddress[]> {
  const addresses: Record<string, OsAddress[]> = {};
  for (const [i, name] of (get('interfaces') ?? '').split(',').filter(Boolean).entries()) {
    const base = `/sys/class/net/${name}`;
    put(`${base}/type`, get(`macaddress_${name}`) === undefined ? '772' : '1');
    put(`${base}/ifindex`, String(i + 1));
    put(`${base}/flags`, '0x1');
    put(`${base}/address`, get(`macaddress_${name}`)?.toLowerCase());
    put(`${base}/mtu`, get(`mtu_${name}`));
    const list: OsAddress[] = [];
    const four = get(`ipaddress_${name}`);
    if (four !== undefined) {
      list.push({ family: 'IPv4', address: four, netmask: get(`netmask_${name}`) ?? '', internal: false });
    }
    const six = get(`ipaddress6_${name}`);
    if (six !== undefined) list.push({ family: 'IPv6', address: six, netmask: '', internal: false });
    addresses[name] = list;
  }
  return addresses;
}

/** The release file that this distribution has. */
function release(get: Get, put: Put): void {
  const system = get('operatingsystem') ?? '';
  const version = get('operatingsystemrelease');
  if (system === 'Ubuntu') put('/etc/lsb-release', `DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=${version ?? ''}`);
  else if (system === 'Debian') put('/etc/debian_version', version);
  else if (system === 'Gentoo') put('/etc/gentoo-release', `Gentoo Base System release ${version ?? ''}`);
  else if (system === 'Amazon') put('/etc/system-release', `Amazon Linux AMI release ${version ?? ''}`);
  else if (system === 'Fedora') put('/etc/fedora-release', `Fedora release ${version ?? ''} (Name)`);
  else if (system === 'OracleLinux') put('/etc/oracle-release', `Oracle Linux Server release ${version ?? ''}`);
  else if (system === 'SLES' || system === 'OpenSuSE') {
    const [major, minor] = (version ?? '').split('.');
    const title = system === 'SLES' ? 'SUSE Linux Enterprise Server' : 'openSUSE';
    put(
      '/etc/SuSE-release',
      system === 'SLES'
        ? `${title} ${major ?? ''}\nVERSION = ${major ?? ''}\nPATCHLEVEL = ${minor ?? '0'}`
        : `${title} ${version ?? ''}\nVERSION = ${version ?? ''}`,
    );
  } else if (['CentOS', 'RedHat', 'Scientific'].includes(system)) {
    const title = { CentOS: 'CentOS', RedHat: 'Red Hat Enterprise Linux Server', Scientific: 'Scientific Linux' }[
      system
    ];
    put('/etc/redhat-release', `${title ?? ''} release ${version ?? ''} (Name)`);
  }
}
