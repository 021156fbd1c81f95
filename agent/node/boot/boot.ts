/**
 * The boot sequence of a live node: a low oom score, firmware variables, BMC, the network, the host name, the clock. Each step
 * is visible in `status`, in the events and on the console. None of them can end the agent.
 */
import { writeFileSync } from 'node:fs';
import { parseIpArguments } from '../../kernel-line/ip-argument.ts';
import type { Runtime } from '../../loop/runtime.ts';
import { candidateNics } from '../../network/assess.ts';
import { hostnameOf, setHostname } from '../../network/hostname.ts';
import { observeMachine, type NetworkState } from '../../network/network-state.ts';
import { openBmc } from '../bmc.ts';
import { setClock, type ClockOptions } from './boot-clock.ts';
import { bringUpNetwork, type NetworkOptions } from './boot-network.ts';
import { runStep } from './boot-step.ts';
import { mountEfiVariables } from './efi-variables.ts';

interface BootOptions extends ClockOptions, NetworkOptions {
  /** The machine's own network by default. */
  readonly observe?: () => NetworkState;
}

/** From -1000 (never ended) to 1000 (ended first): proc(5). */
const OOM_SCORE = '-900';

/** Runs the sequence. Rejects only when it is stopped. */
export async function bootNode(runtime: Runtime, options: BootOptions): Promise<void> {
  const { system } = runtime;
  const observe = options.observe ?? observeMachine;
  await runStep(runtime, 'memory', () => protectFromOom(runtime));
  await runStep(runtime, 'firmware variables', () => mountEfiVariables(system, options.root));
  await runStep(runtime, 'BMC', () => openBmc(system, options.root));
  await runStep(runtime, 'network', async () => {
    const usable = await bringUpNetwork(runtime, options, observe);
    return usable.map(({ nic, address }) => `${nic} ${address}`).join(', ');
  });
  await runStep(runtime, 'host name', () => nameHost(runtime, options, observe()));
  await setClock(runtime, options);
}

async function protectFromOom({ system }: Runtime): Promise<string> {
  await system.change(`set our oom score to ${OOM_SCORE}`, () => writeFileSync('/proc/self/oom_score_adj', OOM_SCORE));
  return 'the kernel ends other programs first';
}

/** The name of `ip=`, else that of the first NIC with a MAC. */
async function nameHost({ system, log }: Runtime, options: BootOptions, state: NetworkState): Promise<string> {
  const asked = parseIpArguments(options.cmdline).hostname;
  const name =
    asked ??
    candidateNics(state)
      .map(({ mac }) => hostnameOf(mac))
      .find((found) => found !== undefined);
  if (name === undefined) return 'left as it is: no NIC has a MAC';
  await setHostname(name, { system, log, root: options.root });
  return name;
}
