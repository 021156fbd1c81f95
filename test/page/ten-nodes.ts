/** A lab with ten machines in every state, told over the wire as nodes tell it. */
import type { Lab } from '../../lab/lab-server.ts';

interface Machine {
  readonly vendor: string;
  readonly product: string;
  readonly name: string;
  readonly cores: number;
  readonly memory: string;
  readonly nics: number;
  readonly disks: readonly string[];
  readonly virtual?: string;
}

const MACHINES: readonly Machine[] = [
  {
    vendor: 'Dell Inc.',
    product: 'PowerEdge R640',
    name: 'db-01',
    cores: 40,
    memory: '376.53 GiB',
    nics: 4,
    disks: ['sda', 'sdb'],
  },
  {
    vendor: 'Dell Inc.',
    product: 'PowerEdge R640',
    name: 'db-02',
    cores: 40,
    memory: '376.53 GiB',
    nics: 4,
    disks: ['sda', 'sdb'],
  },
  {
    vendor: 'HPE',
    product: 'ProLiant DL360 Gen10',
    name: 'web-01',
    cores: 24,
    memory: '187.46 GiB',
    nics: 2,
    disks: ['sda'],
  },
  {
    vendor: 'HPE',
    product: 'ProLiant DL360 Gen10',
    name: 'web-02',
    cores: 24,
    memory: '187.46 GiB',
    nics: 2,
    disks: ['sda'],
  },
  {
    vendor: 'HPE',
    product: 'ProLiant DL360 Gen10',
    name: 'web-03',
    cores: 24,
    memory: '187.46 GiB',
    nics: 2,
    disks: ['sda'],
  },
  {
    vendor: 'Supermicro',
    product: 'SYS-6019P-MTR',
    name: 'store-01',
    cores: 16,
    memory: '94.13 GiB',
    nics: 2,
    disks: ['sda', 'sdb', 'sdc', 'sdd'],
  },
  {
    vendor: 'Supermicro',
    product: 'SYS-6019P-MTR',
    name: 'store-02',
    cores: 16,
    memory: '94.13 GiB',
    nics: 2,
    disks: ['sda', 'sdb', 'sdc', 'sdd'],
  },
  {
    vendor: 'Lenovo',
    product: 'ThinkSystem SR630',
    name: 'ctl-01',
    cores: 20,
    memory: '125.55 GiB',
    nics: 2,
    disks: ['nvme0n1'],
  },
  {
    vendor: 'QEMU',
    product: 'Standard PC (Q35 + ICH9, 2009)',
    name: '',
    cores: 2,
    memory: '1.94 GiB',
    nics: 1,
    disks: ['vda'],
    virtual: 'kvm',
  },
  {
    vendor: 'Intel Corporation',
    product: 'NUC11TNKi5',
    name: '',
    cores: 8,
    memory: '31.13 GiB',
    nics: 1,
    disks: ['nvme0n1'],
  },
];

function macsOf(index: number, count: number): string[] {
  return Array.from({ length: count }, (_, nic) => `525400${(0xa10000 + index * 16 + nic).toString(16).toUpperCase()}`);
}

const colons = (mac: string): string => (mac.match(/../g) ?? []).join(':').toLowerCase();

/** Facts of one of the ten, with the names that a microkernel sends. */
export function factsOf(index: number): Record<string, string> {
  const machine = MACHINES[index % MACHINES.length] as Machine;
  const macs = macsOf(index, machine.nics);
  const facts: Record<string, string> = {
    hostname: machine.name === '' ? `mk${macs[0]?.toLowerCase()}` : machine.name,
    architecture: 'x86_64',
    hardwaremodel: 'x86_64',
    interfaces: macs.map((_, nic) => `eth${nic}`).join(','),
    ipaddress: `10.20.0.${index + 11}`,
    is_virtual: String(machine.virtual !== undefined),
    virtual: machine.virtual ?? 'physical',
    macaddress: colons(macs[0] ?? ''),
    manufacturer: machine.vendor,
    productname: machine.product,
    serialnumber: `CZ${(34_907_311 + index * 7919).toString(36).toUpperCase()}`,
    memorysize: machine.memory,
    mk_hw_bus_vendor: machine.vendor,
    mk_hw_cpu_count: '2',
    mk_hw_mem_size: machine.memory.replace(/\.\d+ /, ''),
    mk_hw_nic_count: String(machine.nics),
    mk_hw_disk_count: String(machine.disks.length),
    physicalprocessorcount: '2',
    processorcount: String(machine.cores),
    processor0: 'Intel(R) Xeon(R) Silver 4214 CPU @ 2.20GHz',
    blockdevices: machine.disks.join(','),
    kernelversion: '6.12.11',
    uuid: `4c4c4544-0034-5a10-8048-b7c04f4d36${(32 + index).toString(16)}`,
  };
  macs.forEach((mac, nic) => (facts[`macaddress_eth${nic}`] = colons(mac)));
  for (const disk of machine.disks) facts[`blockdevice_${disk}_size`] = '960197124096';
  return facts;
}

/** Registers node `index` as Razor 0.x does. */
export async function registerNode(lab: Lab, index: number, facts: Record<string, string>): Promise<string> {
  const nics = (MACHINES[index % MACHINES.length] as Machine).nics;
  const hash = { '@hw_id': macsOf(index, nics).join('_'), '@attributes_hash': facts, '@last_state': 'idle' };
  const reply = await fetch(`${lab.nodesUrl}/razor/api/node/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `json_hash=${encodeURIComponent(JSON.stringify(hash))}`,
  });
  const { response } = (await reply.json()) as { response: { '@uuid': string } };
  return response['@uuid'];
}

export async function checkinNode(lab: Lab, index: number): Promise<void> {
  const nics = (MACHINES[index % MACHINES.length] as Machine).nics;
  const query = `hw_id=${macsOf(index, nics).join('_')}&last_state=idle`;
  await (await fetch(`${lab.nodesUrl}/razor/api/node/checkin?${query}`)).text();
}

/** Two policies, an image, ten nodes; states from just discovered to installed and failed. Gives their UUIDs. */
export async function tenNodes(lab: Lab): Promise<readonly string[]> {
  const { store } = lab;
  const at = lab.core.wall();
  await store.write(() => {
    store.images.add({
      type: 'mk',
      name: 'razor-mk',
      version: '0.1.0',
      path: '/nowhere',
      kernel: 'boot/vmlinuz',
      initrd: 'boot/core.gz',
      kernelHash: undefined,
      initrdHash: undefined,
      hash: 'sha256',
      buildTime: undefined,
      added: at,
    });
    const image = store.images.add({
      type: 'os',
      name: 'debian-12',
      version: '12.11',
      path: '/nowhere',
      kernel: 'install.amd/vmlinuz',
      initrd: 'install.amd/initrd.gz',
      kernelHash: undefined,
      initrdHash: undefined,
      hash: undefined,
      buildTime: undefined,
      added: at,
    });
    const model = store.models.add({ label: 'debian-server', template: 'debian', image: image.uuid, metadata: {} });
    const policy = { enabled: true, maximum: 0, model: model.uuid, broker: undefined };
    store.policies.add({ ...policy, label: 'databases', line: 0, tags: ['DellInc'] });
    store.policies.add({ ...policy, label: 'web', line: 1, tags: ['HPE', 'nics_2'], maximum: 8 });
    store.policies.add({ ...policy, label: 'everything-else', line: 2, tags: ['memsize_94GiB'], enabled: false });
    store.tagRules.add({
      name: 'big memory',
      tag: 'big',
      matchers: [{ key: 'memorysize', compare: 'like', value: '^[2-9]\\d\\d\\.', inverse: false }],
    });
  });
  const uuids: string[] = [];
  for (let index = 0; index < MACHINES.length; index++) {
    uuids.push(await registerNode(lab, index, factsOf(index)));
    await checkinNode(lab, index);
  }
  const states = ['complete_no_broker', 'postinstall', 'preinstall', 'init', 'timeout_error'];
  await store.write(() => {
    for (const [index, state] of states.entries()) {
      const node = store.nodes.get(uuids[index] ?? '');
      const active = node && store.activeModels.ofNode(node.id);
      if (!active) continue;
      const entry = { at, oldState: active.state, state, action: 'callback', method: 'callback', result: 'ok' };
      store.activeModels.record(active, entry);
    }
  });
  for (const index of [0, 2, 3, 5, 8, 9]) await checkinNode(lab, index);
  return uuids;
}
