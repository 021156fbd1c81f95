/** The journey of each machine, from power-on to local boot, put together from its console, dnsmasq's log and the lab's events. */

export type Phase =
  | 'power'
  | 'firmware'
  | 'DHCP'
  | 'TFTP'
  | 'iPXE'
  | 'boot API'
  | 'kernel'
  | 'init'
  | 'lease'
  | 'agent'
  | 'discovery'
  | 'check-in'
  | 'register'
  | 'tags'
  | 'policy'
  | 'command'
  | 'reboot'
  | 'installer'
  | 'callback'
  | 'local boot';

export interface Moment {
  /** Milliseconds since the machine's first power-on. */
  readonly at: number;
  readonly machine: string;
  readonly phase: Phase;
  readonly text: string;
}

export interface Timeline {
  readonly moments: readonly Moment[];
  add(machine: string, phase: Phase, text: string): void;
  /** The first moment of a phase of a machine, at or after `from` in the list. */
  first(machine: string, phase: Phase, from?: number): Moment | undefined;
}

/** `now` gives monotonic milliseconds; `onMoment` sees each moment as it happens. */
export function createTimeline(now: () => number, onMoment: (moment: Moment) => void = () => undefined): Timeline {
  const moments: Moment[] = [];
  const poweredOn = new Map<string, number>();
  return {
    moments,
    add(machine, phase, text) {
      if (!poweredOn.has(machine)) poweredOn.set(machine, now());
      const moment = { at: now() - (poweredOn.get(machine) ?? 0), machine, phase, text };
      moments.push(moment);
      onMoment(moment);
    },
    first: (machine, phase, from = 0) => moments.slice(from).find((m) => m.machine === machine && m.phase === phase),
  };
}

/** One moment as a line for people: `  12.3 s  node1  check-in    register (first check-in)`. */
export function momentLine(moment: Moment): string {
  return `${(moment.at / 1000).toFixed(1).padStart(7)} s  ${moment.machine.padEnd(8)} ${moment.phase.padEnd(10)} ${moment.text}`;
}

interface Marker {
  readonly pattern: RegExp;
  readonly phase: Phase;
  readonly text: (match: RegExpExecArray) => string;
}

/** What the serial console shows on the way. Each fires for every occurrence. */
const MARKERS: readonly Marker[] = [
  { pattern: /SeaBIOS \(version ([^)]*)\)/g, phase: 'firmware', text: (m) => `BIOS starts (SeaBIOS ${m[1] ?? ''})` },
  { pattern: />>Start PXE over IPv4/g, phase: 'firmware', text: () => 'UEFI starts its own PXE client' },
  { pattern: /iPXE initialising devices/g, phase: 'iPXE', text: () => 'iPXE starts' },
  { pattern: /razor\.ipxe : \d+ bytes/g, phase: 'iPXE', text: () => 'razor.ipxe is loaded' },
  { pattern: /Linux version (\S+)/g, phase: 'kernel', text: (m) => `Linux ${m[1] ?? ''} starts` },
  { pattern: /Run \/init as init process|razor-mk: init/g, phase: 'init', text: () => 'init runs' },
  { pattern: /razor-mk: the agent is started/g, phase: 'agent', text: () => 'the agent is started' },
  { pattern: /MK Loaded: (\S+)/g, phase: 'agent', text: (m) => `MK Loaded: ${m[1] ?? ''}` },
  { pattern: /reboot: Restarting system/g, phase: 'reboot', text: () => 'the machine restarts' },
  { pattern: /reboot: Power down/g, phase: 'reboot', text: () => 'the machine turns itself off' },
  {
    pattern: /Booting from Hard Disk|Booting from SAN device/g,
    phase: 'local boot',
    text: () => 'the local disk is booted',
  },
];

/** Reads a growing console and adds a moment for each marker that is new. Call it with the whole text so far. */
export function createConsoleReader(timeline: Timeline, machine: string): (text: string) => void {
  const seen = new Map<Marker, number>();
  return (text) => {
    for (const marker of MARKERS) {
      const matches = [...text.matchAll(marker.pattern)];
      for (const match of matches.slice(seen.get(marker) ?? 0)) timeline.add(machine, marker.phase, marker.text(match));
      seen.set(marker, matches.length);
    }
  };
}

/** Turns dnsmasq's log lines into moments. `machineOf` names the machine of a MAC; leases are remembered for TFTP lines. */
export function createDnsmasqReader(
  timeline: Timeline,
  machineOf: (mac: string) => string | undefined,
): (line: string) => void {
  const byAddress = new Map<string, string>();
  return (line) => {
    const ack = /DHCPACK\(\S+\) (\S+) (\S+)/.exec(line);
    if (ack) {
      const machine = machineOf(ack[2] ?? '');
      if (machine === undefined) return;
      byAddress.set(ack[1] ?? '', machine);
      timeline.add(machine, 'DHCP', `lease ${ack[1] ?? ''} for ${ack[2] ?? ''}`);
      return;
    }
    const sent = /sent \S*\/(\S+) to (\S+)/.exec(line);
    const machine = sent && byAddress.get(sent[2] ?? '');
    if (sent && machine !== undefined && machine !== null) timeline.add(machine, 'TFTP', `${sent[1] ?? ''} sent`);
  };
}
