/** What is under and behind each network card: driver, PCI address, speed, carrier, SR-IOV; with `all` also what ethtool knows. */
import { oncePer } from '../../sources/recording.ts';
import type { Sources } from '../../sources/sources.ts';
import { pciAddressIn, readPci } from '../devices/pci.ts';
import { factName } from '../format.ts';
import type { Group, GroupContext } from '../group.ts';
import { isUsb, type Nic, readNics } from './nics.ts';

const NET = '/sys/class/net';

export interface Link {
  readonly name: string;
  readonly driver: string | undefined;
  readonly pciAddress: string | undefined;
  readonly vendor: string | undefined;
  readonly device: string | undefined;
  /** Mbit/s; undefined without a link. */
  readonly speed: number | undefined;
  readonly duplex: string | undefined;
  readonly carrier: boolean | undefined;
  /** Virtual functions that the card can have, and has. */
  readonly sriovTotal: number | undefined;
  readonly sriovEnabled: number | undefined;
}

/** Cards only; in the order of `readNics`. Speed, duplex and carrier are there after the group's prefetch. */
export const readLinks = oncePer((sources): readonly Link[] => {
  const pci = new Map(readPci(sources).map((device) => [device.address, device]));
  return cards(sources).map((nic) => {
    const base = `${NET}/${nic.name}`;
    // a USB card has no PCI address: the last one in its path is its USB controller's
    const pciAddress = isUsb(nic) ? undefined : pciAddressIn(nic.path);
    const device = pciAddress === undefined ? undefined : pci.get(pciAddress);
    const carrier = sources.line(`${base}/carrier`);
    const speed = sources.int(`${base}/speed`);
    const sriovTotal = pciAddress === undefined ? undefined : sriov(sources, pciAddress, 'sriov_totalvfs');
    return {
      name: nic.name,
      driver: nic.driver,
      pciAddress,
      vendor: device?.vendor,
      device: device?.device,
      // 4294967295 and -1 both mean: unknown
      speed: speed !== undefined && speed > 0 && speed < 10_000_000 ? speed : undefined,
      duplex: sources.line(`${base}/duplex`)?.replace(/^unknown$/, '') || undefined,
      carrier: carrier === '1' ? true : carrier === '0' ? false : undefined,
      sriovTotal,
      sriovEnabled: sriovTotal === undefined ? undefined : sriov(sources, pciAddress as string, 'sriov_numvfs'),
    };
  });
});

function cards(sources: Sources): Nic[] {
  return readNics(sources).filter((nic) => nic.hasDevice);
}

function sriov(sources: Sources, address: string, file: string): number | undefined {
  const path = `/sys/bus/pci/devices/${address}/${file}`;
  return sources.exists(path) ? sources.int(path) : undefined;
}

/** What `ethtool -P` and `ethtool -i` print. Never throws. */
export function parseEthtool(
  permanent: string,
  info: string,
): { mac: string | undefined; firmware: string | undefined } {
  const mac = /^Permanent address: ([0-9a-fA-F:]{17,60})\s*$/m.exec(permanent)?.[1]?.toLowerCase();
  const firmware = /^firmware-version: (.{1,200})$/m.exec(info)?.[1]?.trim();
  return { mac: mac !== undefined && /[1-9a-f]/.test(mac) ? mac : undefined, firmware: firmware || undefined };
}

async function askEthtool(context: GroupContext, names: readonly string[]): Promise<void> {
  for (const name of names.slice(0, 256)) {
    const options = { timeoutMs: 3000, ...(context.signal ? { signal: context.signal } : {}) };
    const permanent = await context.sources.run(['ethtool', '-P', name], options);
    if (permanent.failure === 'not-found') return;
    const info = await context.sources.run(['ethtool', '-i', name], options);
    const { mac, firmware } = parseEthtool(permanent.stdout.toString('latin1'), info.stdout.toString('latin1'));
    context.add(`mk_nic_${factName(name)}_permanent_mac`, mac?.toUpperCase(), `ethtool -P ${name}`);
    context.add(`mk_nic_${factName(name)}_firmware`, firmware, `ethtool -i ${name}`);
  }
}

export const linkGroup: Group = {
  name: 'link',
  slow: (sources) =>
    cards(sources)
      .filter((nic) => nic.up)
      .flatMap(({ name }) => ['carrier', 'speed', 'duplex'].map((file) => `${NET}/${name}/${file}`)),
  async collect(context) {
    const { sources, add } = context;
    const links = readLinks(sources);
    for (const link of links) {
      const base = `${NET}/${link.name}`;
      const name = `mk_nic_${factName(link.name)}`;
      add(`${name}_driver`, link.driver, `${base}/device/driver`);
      add(`${name}_pci`, link.pciAddress, base);
      if (link.vendor !== undefined) add(`${name}_id`, `${link.vendor}:${link.device ?? ''}`, `${base}/device/uevent`);
      add(`${name}_speed`, link.speed, `${base}/speed`, { volatile: true });
      add(`${name}_carrier`, link.carrier, `${base}/carrier`, { volatile: true });
      if ((link.sriovTotal ?? 0) > 0) {
        add(`${name}_sriov_vfs`, `${link.sriovEnabled ?? 0}/${link.sriovTotal ?? 0}`, `${base}/device/sriov_totalvfs`);
      }
    }
    if (context.all)
      await askEthtool(
        context,
        links.map((link) => link.name),
      );
  },
};
