/**
 * Listens on all cards with a link, each until its neighbour has spoken: LLDP every 30 s, CDP every 60 s. It happens beside the
 * first turns, again where a cable was moved, and once an hour. What was heard lies in NEIGHBOUR_DIR, where the facts find it.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseNeighbourFrame } from '../../../facts/groups/network/neighbours/neighbour-frame.ts';
import { LLDPCTL_FILE, NEIGHBOUR_DIR, PCAP } from '../../../facts/groups/network/neighbours/neighbours.ts';
import { readPcap, writePcap } from '../../../facts/groups/network/neighbours/pcap.ts';
import { messageOf } from '../../../platform/errors/errors.ts';
import { replaceFile } from '../../../platform/files.ts';
import { run } from '../../../platform/process/run.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import { candidateNics } from '../assess.ts';
import type { NetworkState, NicState } from '../network-state.ts';
import { type Ear, type EarContext, EarFailure, openEar, removeEars } from './ear.ts';

interface NeighbourOptions extends Omit<EarContext, 'dir'> {
  readonly clock: Clock;
  readonly observe: () => NetworkState;
  /** Called when what is known of a card changed. */
  readonly onHeard: (card: string) => void;
  readonly signal: AbortSignal;
  /** NEIGHBOUR_DIR by default. */
  readonly dir?: string;
}

export interface NeighbourWatch {
  /** Resolves when every card that has a link was listened on, or there is nothing to listen with; at the latest after so long. */
  firstRound(timeoutMs: number): Promise<void>;
  /** Resolves after the signal was aborted, when nothing is left of it on the machine. Never rejects. */
  readonly done: Promise<void>;
}

/** How often cards are looked after, and how often ears are emptied while there are some. */
const LOOK_MS = 5000;
const HEAR_MS = 250;
/** A little more than LLDP's interval, and than CDP's. */
const LLDP_MS = 35_000;
const CDP_MS = 65_000;
const AGAIN_MS = 3_600_000;
const ASK_LLDPD_MS = 60_000;
/** Of one card: a bridge that passes all on may carry more. */
const MOST_NEIGHBOURS = 8;

interface Heard {
  readonly seconds: number;
  readonly bytes: Buffer;
}

interface Round {
  readonly ear: Ear;
  readonly since: number;
  /** The last frame of each sender and protocol. */
  readonly frames: Map<string, Heard>;
  hasLldp: boolean;
}

interface State {
  readonly options: NeighbourOptions & { readonly dir: string };
  readonly rounds: Map<string, Round>;
  /** When, and after how many changes of its link, a card was listened on last. */
  readonly last: Map<string, { readonly at: number; readonly changes: string }>;
  /** No macvtap in this kernel: lldpd is asked. */
  isDeaf: boolean;
  firstOver: boolean;
}

/** Begins to listen. Must be called for a live agent only. */
export function listenForNeighbours(options: NeighbourOptions): NeighbourWatch {
  const first = Promise.withResolvers<void>();
  const state: State = {
    options: { ...options, dir: options.dir ?? NEIGHBOUR_DIR },
    rounds: new Map(),
    last: new Map(),
    isDeaf: false,
    firstOver: false,
  };
  const done = work(state, () => first.resolve()).catch((error: unknown) => {
    if (!options.signal.aborted) options.log.warn(`${messageOf(error)}`);
  });
  void done.then(() => first.resolve());
  return {
    firstRound: (timeoutMs) => Promise.race([first.promise, options.clock.sleep(timeoutMs, options.signal)]),
    done,
  };
}

async function work(state: State, firstOver: () => void): Promise<void> {
  const { system, log, clock, signal, dir } = state.options;
  await removeEars({ system, log });
  await system.change(`keep what neighbours say in ${dir}`, () => mkdirSync(dir, { recursive: true, mode: 0o755 }));
  // built in, loaded already, or absent: what counts is whether a listener can be made
  await system.run('load the module macvtap', ['modprobe', 'macvtap'], { timeoutMs: 10_000 });
  try {
    for (let looked = -Infinity; !signal.aborted;) {
      if (clock.now() - looked >= LOOK_MS) {
        looked = clock.now();
        await lookAfter(state);
      }
      for (const [card, round] of [...state.rounds]) await hear(state, card, round);
      if (state.isDeaf || (state.last.size > 0 && state.rounds.size === 0)) firstOver();
      if (state.isDeaf) await askLldpd(state);
      const pause = state.isDeaf ? ASK_LLDPD_MS : state.rounds.size > 0 ? HEAR_MS : LOOK_MS;
      await clock.sleep(pause, signal);
    }
  } finally {
    for (const round of state.rounds.values()) await round.ear.close();
    await removeEars({ system, log });
  }
}

/** Opens ears where they are due, and forgets what was heard where there is no link any more. */
async function lookAfter(state: State): Promise<void> {
  if (state.isDeaf) return;
  const { clock, log, observe, dir } = state.options;
  const nics = candidateNics(observe()).filter((nic) => nic.carrier);
  const linked = new Set(nics.map(({ name }) => name));
  for (const file of filesIn(dir)) {
    const card = file.slice(0, -PCAP.length);
    if (!linked.has(card) && !state.rounds.has(card)) await keep(state, card, []);
  }
  for (const nic of nics) {
    const changes = carrierChanges(nic.name);
    const before = state.last.get(nic.name);
    const isDue = before === undefined || before.changes !== changes || clock.now() - before.at >= AGAIN_MS;
    if (!isDue || state.rounds.has(nic.name)) continue;
    state.last.set(nic.name, { at: clock.now(), changes });
    try {
      await begin(state, nic);
    } catch (error) {
      if (!(error instanceof EarFailure)) throw error;
      state.isDeaf = error.kind === 'no-macvtap';
      const instead = state.isDeaf ? '; they are known only where an lldpd runs' : '';
      log.warn(`${error.message}${instead}`);
      if (state.isDeaf) return;
    }
  }
}

async function begin(state: State, { name, index }: NicState): Promise<void> {
  const ear = await openEar(name, index, state.options);
  state.rounds.set(name, { ear, since: state.options.clock.now(), frames: new Map(), hasLldp: false });
}

async function hear(state: State, card: string, round: Round): Promise<void> {
  const { clock } = state.options;
  const frames = round.ear.hear();
  let isNew = false;
  for (const bytes of frames ?? []) {
    const found = parseNeighbourFrame(bytes);
    if (found === undefined) continue;
    const { source, neighbour } = found;
    const key = `${neighbour.protocol} ${source}`;
    if (round.frames.size >= MOST_NEIGHBOURS && !round.frames.has(key)) continue;
    round.frames.set(key, { seconds: clock.wall().getTime() / 1000, bytes });
    // one that says goodbye is none
    if (neighbour.protocol === 'lldp' && neighbour.ttl !== 0) round.hasLldp = true;
    isNew = true;
  }
  const waited = clock.now() - round.since;
  // a switch that speaks both sends one right behind the other
  const enough = round.hasLldp ? !isNew : round.frames.size > 0 && waited >= LLDP_MS;
  const over = frames === undefined || waited >= CDP_MS || enough;
  if (isNew || over) await keep(state, card, [...round.frames.values()]);
  if (!over) return;
  state.rounds.delete(card);
  await round.ear.close();
}

/** Leaves what was heard for the facts; nothing heard is no file. */
async function keep({ options }: State, card: string, frames: readonly Heard[]): Promise<void> {
  const { dir, log, onHeard, system } = options;
  const path = join(dir, `${card}${PCAP}`);
  try {
    const before = readPcap(contentOf(path) ?? Buffer.alloc(0));
    const isSame = before.length === frames.length && frames.every(({ bytes }, i) => before[i]?.equals(bytes) === true);
    if (isSame) return;
    if (frames.length > 0) await system.change(`write ${path}`, () => replaceFile(path, writePcap(frames)));
    else await system.change(`remove ${path}`, () => rmSync(path, { force: true }));
    onHeard(card);
  } catch (error) {
    log.warn(`${messageOf(error)}`);
  }
}

/** Without macvtap: what an lldpd has heard that runs on this machine. */
async function askLldpd({ options }: State): Promise<void> {
  const { onHeard, signal, system } = options;
  const answer = await run(['lldpctl', '-f', 'keyvalue'], { timeoutMs: 5000, signal });
  if (answer.status !== 0 || contentOf(LLDPCTL_FILE)?.equals(answer.stdout) === true) return;
  await system.change(`write ${LLDPCTL_FILE}`, () => replaceFile(LLDPCTL_FILE, answer.stdout));
  onHeard('lldpd');
}

/** How often the link came and went; a moved cable is seen in it. */
function carrierChanges(card: string): string {
  return contentOf(`/sys/class/net/${card}/carrier_changes`)?.toString('latin1').trim() ?? '';
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => name.endsWith(PCAP));
  } catch {
    return [];
  }
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
