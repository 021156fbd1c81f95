/** An ifconfig text (net-tools 1.60, 2.x or busybox) as the machine that printed it. */
import type { OsAddress } from '../../facts/sources/sources.ts';
import type { MadeUpMachine } from '../helpers/memory-origin.ts';

export function machineOfIfconfig(text: string, only?: string): MadeUpMachine {
  const files: Record<string, string> = {};
  const addresses: Record<string, OsAddress[]> = {};
  let index = 1;
  for (const block of text.split(/^(?=\S)/m)) {
    const name = /^(\S+?):?\s/.exec(block)?.[1];
    if (name === undefined || (only !== undefined && name !== only)) continue;
    const base = `/sys/class/net/${name}`;
    const label = name.includes(':');
    const mac = /(?:HWaddr|ether) ((?:[0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2})/.exec(block)?.[1];
    const list: OsAddress[] = [];
    for (const match of block.matchAll(/inet (?:addr:)?([\d.]+).*?(?:Mask:|netmask )([\d.]+)/g)) {
      list.push({ family: 'IPv4', address: match[1] as string, netmask: match[2] as string, internal: false });
    }
    for (const match of block.matchAll(/inet6 (?:addr: ?)?([0-9a-fA-F:]+)/g)) {
      list.push({ family: 'IPv6', address: match[1] as string, netmask: '', internal: false });
    }
    addresses[name] = list;
    if (label) continue;
    const ethernet = /encap:Ethernet|ether /.test(block);
    const loopback = /Loopback/i.test(block);
    files[`${base}/type`] = ethernet ? '1' : loopback ? '772' : '65534';
    files[`${base}/ifindex`] = String(index++);
    files[`${base}/flags`] = /^\s+UP |<UP,/m.test(block) ? '0x1' : '0x0';
    // net-tools 2 prints `mtu 1500`, which Facter 1.7 did not read
    const mtu = /MTU:(\d+)/.exec(block)?.[1];
    if (mtu !== undefined) files[`${base}/mtu`] = mtu;
    if (mac !== undefined) files[`${base}/address`] = mac.toLowerCase();
  }
  return { files, os: { addresses } };
}
