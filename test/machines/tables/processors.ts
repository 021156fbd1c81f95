/** Processors: dies, threads, sockets without a processor, processors that do not run, nodes without one. */
import assert from 'node:assert/strict';
import { type LookedAtMachine, q35, type Seen } from '../machine.ts';

/** How many there are, in how many sockets, cores of a socket and threads of a core. */
function topology(count: number, sockets: number, cores: number, threads: number): (seen: Seen) => void {
  return ({ structured, inventory }) => {
    const said = structured['processors'] as Readonly<Record<string, unknown>>;
    assert.deepEqual(
      { count: said['count'], sockets: said['physicalcount'], cores: said['cores'], threads: said['threads'] },
      { count, sockets, cores, threads },
    );
    assert.equal(inventory.cpu.cores, sockets * cores);
  };
}

const counts = (logical: number, sockets: number): Record<string, string> => ({
  processorcount: String(logical),
  physicalprocessorcount: String(sockets),
  mk_hw_cpu_count: String(sockets),
});

export const PROCESSOR_MACHINES: readonly LookedAtMachine[] = [
  {
    name: 'dies',
    why: 'an EPYC of two dies, two cores on each, two threads in each core',
    qemu: q35('-cpu', 'EPYC', '-smp', '8,sockets=1,dies=2,cores=2,threads=2'),
    facts: counts(8, 1),
    look: topology(8, 1, 4, 2),
  },
  {
    name: 'one-of-eight',
    why: 'maxcpus=1, as Razor boots its microkernel: one of eight runs, all are counted, cores and threads too',
    qemu: q35('-cpu', 'EPYC-Rome', '-smp', '8,sockets=1,cores=4,threads=2'),
    append: 'maxcpus=1',
    facts: counts(8, 1),
    look: topology(8, 1, 4, 2),
  },
  {
    name: 'switched-off',
    why: 'one processor of two sockets is switched off while the machine runs',
    qemu: q35('-smp', '4,sockets=2,cores=2'),
    setup: 'echo 0 > /sys/devices/system/cpu/cpu3/online',
    facts: counts(4, 2),
    look: topology(4, 2, 2, 1),
  },
  {
    name: 'nodes',
    why: 'a node without processors, and one without memory',
    qemu: q35(
      ...['-smp', '2,sockets=2', '-m', '1024'],
      ...['-object', 'memory-backend-ram,id=m0,size=640M', '-object', 'memory-backend-ram,id=m1,size=384M'],
      ...[
        '-numa',
        'node,nodeid=0,cpus=0,memdev=m0',
        '-numa',
        'node,nodeid=1,memdev=m1',
        '-numa',
        'node,nodeid=2,cpus=1',
      ],
      ...['-numa', 'dist,src=0,dst=1,val=17', '-numa', 'dist,src=0,dst=2,val=21', '-numa', 'dist,src=1,dst=2,val=31'],
    ),
    facts: {
      ...counts(2, 2),
      mk_numa_node_count: '3',
      mk_numa_node0_cpus: '0',
      // the kernel numbers nodes with processors first
      mk_numa_node1_cpus: '1',
      mk_numa_node1_memory_mb: '0',
      mk_numa_node2_cpus: undefined,
    },
    look: ({ inventory }) => assert.deepEqual(inventory.numa[2]?.distances, [17, 31, 10]),
  },
  {
    name: 'odd-cores',
    why: 'two sockets of three cores with two threads each: the numbers of cores and of their APICs have gaps',
    qemu: q35('-cpu', 'Cascadelake-Server', '-smp', '12,sockets=2,cores=3,threads=2'),
    facts: counts(12, 2),
    look: topology(12, 2, 3, 2),
  },
  {
    name: 'sockets-to-come',
    why: 'four sockets, of which one has its two cores, and three have none yet: what is there is counted',
    qemu: q35('-smp', '2,maxcpus=8,sockets=4,cores=2'),
    // the firmware's table says of all four that they are populated, and lshw would believe it
    facts: { processorcount: '2', physicalprocessorcount: '1', mk_hw_cpu_count: '4' },
    look: topology(2, 1, 2, 1),
  },
  {
    name: 'no-second-threads',
    why: 'nosmt: of each core one of two threads runs; all are counted',
    qemu: q35('-cpu', 'EPYC', '-smp', '8,sockets=2,cores=2,threads=2'),
    append: 'nosmt',
    facts: counts(8, 2),
    look: topology(8, 2, 2, 2),
  },
  {
    name: 'dies-are-nodes',
    why: 'two EPYCs of two dies, and each die is a node with memory of its own',
    qemu: q35(
      ...['-cpu', 'EPYC', '-smp', '8,sockets=2,dies=2,cores=2', '-m', '1024'],
      ...[0, 1, 2, 3].flatMap((node) => ['-object', `memory-backend-ram,id=m${node},size=256M`]),
      ...[0, 1, 2, 3].flatMap((node) => [
        '-numa',
        `node,nodeid=${node},cpus=${2 * node}-${2 * node + 1},memdev=m${node}`,
      ]),
    ),
    facts: { ...counts(8, 2), mk_numa_node_count: '4', mk_numa_node3_cpus: '6-7' },
    look: topology(8, 2, 4, 1),
  },
];
