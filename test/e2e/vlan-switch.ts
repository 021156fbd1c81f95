/**
 * A switch with access to tagged VLANs, for hosts whose kernel has no 8021q: machines and the segment send their Ethernet
 * frames as UDP datagrams (QEMU's netdev dgram), a process in between puts IEEE 802.1Q tags on and takes them off. A port
 * takes frames of its VLAN only; others, untagged ones too, are refused and counted.
 */
import type { MachineNic } from '../../lab/vm/machine.ts';
import { wireNetdev } from '../../lab/vm/machine.ts';
import type { Site } from '../../lab/vm/site.ts';

export interface SwitchPort {
  readonly vlan: number;
  /** What the machine's NIC is wired to. */
  readonly wire: NonNullable<MachineNic['wire']>;
}

export interface Counted {
  /** Frames of the port's VLAN that went on to the segment, and frames of the segment that were tagged for the machine. */
  readonly tagged: number;
  readonly given: number;
  /** Frames without a tag; those of them that are IPv4 or ARP (a kernel's own IPv6 says hello on every link); another VLAN's. */
  readonly untagged: number;
  readonly untagged4: number;
  readonly foreign: number;
}

export interface VlanSwitch {
  readonly ports: readonly SwitchPort[];
  /** What went through a port so far. */
  counted(port: number): Counted;
}

/** UDP ports of the loopback inside the site's network, where nobody else is. */
const FIRST = 20_000;
const UPLINK = { switch: 19_001, segment: 19_002 } as const;

/** Starts a switch with a port for each VLAN, and its uplink to the segment through the tap device `tap`, which it adds. */
export async function startVlanSwitch(site: Site, tap: string, vlans: readonly number[]): Promise<VlanSwitch> {
  const ports = vlans.map((vlan, index) => {
    const [own, machine] = [FIRST + 2 * index, FIRST + 2 * index + 1];
    return { vlan, own, machine, wire: { from: machine, to: own } };
  });
  const counts: Counted[] = ports.map(() => ({ tagged: 0, given: 0, untagged: 0, untagged4: 0, foreign: 0 }));
  await new Promise<void>((resolve, reject) => {
    const read = (line: string, stream: string): void => {
      if (stream === 'stderr') {
        if (line === 'ready') resolve();
        else reject(new Error(`the switch: ${line}`));
        return;
      }
      const { port, ...counted } = JSON.parse(line) as Counted & { port: number };
      counts[port] = counted;
    };
    const wiring = JSON.stringify({ ports: ports.map(({ wire: _, ...port }) => port), uplink: UPLINK });
    const argv = [process.execPath, new URL('vlan-relay.ts', import.meta.url).pathname, wiring] as const;
    site.namespace.start([...argv], { onLine: read }).catch(reject);
  });
  await site.lan.addTap(tap);
  // a QEMU without a machine: its hub joins the tap and the datagrams of the uplink
  await site.namespace.start([
    ...(['qemu-system-x86_64', '-M', 'none', '-display', 'none', '-monitor', 'none', '-nodefaults'] as const),
    ...['-netdev', `tap,id=t,ifname=${tap},script=no,downscript=no,vnet_hdr=off`],
    ...['-netdev', wireNetdev('d', { from: UPLINK.segment, to: UPLINK.switch })],
    ...['-netdev', 'hubport,id=ht,hubid=0,netdev=t', '-netdev', 'hubport,id=hd,hubid=0,netdev=d'],
  ]);
  return { ports, counted: (port) => counts[port] as Counted };
}
