/**
 * `npm run test:peers`: the agent against real servers, and what differs from the contract. RAZOR_MK_PEER_RAZOR, _HANLON,
 * _RAZOR_SERVER and _FOREMAN name them; a server that is not named is the lab's with --faithful, and for Foreman the stand-in.
 * See CONTRIBUTING.md#real-peers.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startLab } from '../../lab/lab-server.ts';
import { startForeman } from '../helpers/foreman/server.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { labControls, programControls } from './controls.ts';
import { foremanLine, playForeman, recordedMachine } from './foreman-story.ts';
import { outcomeText, type Outcome } from './outcome.ts';
import { HANLON, playRazorFamily, RAZOR } from './razor-family.ts';
import { playRazorServer } from './razor-server.ts';
import type { Peer } from './stage.ts';

const { env } = process;
const LAB_PATIENCE_MS = 30_000;
const REAL_PATIENCE_MS = Number(env['RAZOR_MK_PEER_PATIENCE'] ?? '120') * 1000;

interface Played {
  readonly title: string;
  readonly outcomes: readonly Outcome[];
}

/** The server that the variable names, else a faithful lab. */
async function withPeer(
  variable: string,
  labUrl: (lab: Awaited<ReturnType<typeof startLab>>) => string,
  story: (peer: Peer) => Promise<readonly Outcome[]>,
): Promise<Played> {
  const url = env[variable];
  if (url !== undefined && url !== '') {
    const controls = programControls(env[`${variable}_PROGRAM`], `${variable}_PROGRAM`);
    return { title: `${variable}=${url}`, outcomes: await story({ url, controls, patienceMs: REAL_PATIENCE_MS }) };
  }
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 }, faithful: true });
  try {
    const outcomes = await story({ url: labUrl(lab), controls: labControls(lab), patienceMs: LAB_PATIENCE_MS });
    return { title: `${variable} is not set: the lab with --faithful`, outcomes };
  } finally {
    await lab.close();
  }
}

async function foreman(): Promise<Played> {
  const variable = 'RAZOR_MK_PEER_FOREMAN';
  const url = env[variable];
  const controls = programControls(undefined, variable);
  const cmdline = join(temporaryDirectory(), 'cmdline');
  const type = env[`${variable}_TYPE`] === 'proxy' ? 'proxy' : 'foreman';
  const play = (peer: Peer): Promise<readonly Outcome[]> =>
    playForeman(peer, recordedMachine(cmdline), (relay) => writeFileSync(cmdline, foremanLine(relay, type)));
  if (url !== undefined && url !== '') {
    return { title: `${variable}=${url}`, outcomes: await play({ url, controls, patienceMs: REAL_PATIENCE_MS }) };
  }
  const standIn = await startForeman();
  try {
    const outcomes = await play({ url: standIn.url, controls, patienceMs: LAB_PATIENCE_MS });
    return { title: `${variable} is not set: the stand-in of the tests`, outcomes };
  } finally {
    await standIn.close();
  }
}

async function main(): Promise<number> {
  const played = await Promise.all([
    withPeer(
      'RAZOR_MK_PEER_RAZOR',
      ({ nodesUrl }) => nodesUrl,
      (peer) => playRazorFamily(peer, RAZOR),
    ),
    withPeer(
      'RAZOR_MK_PEER_HANLON',
      ({ nodesUrl }) => nodesUrl,
      (peer) => playRazorFamily(peer, HANLON),
    ),
    withPeer('RAZOR_MK_PEER_RAZOR_SERVER', ({ razorServerUrl = '' }) => razorServerUrl, playRazorServer),
    foreman(),
  ]);
  for (const { title, outcomes } of played) process.stdout.write(`${outcomeText(title, outcomes)}\n`);
  const all = played.flatMap(({ outcomes }) => outcomes);
  const count = (verdict: Outcome['verdict']): number => all.filter((each) => each.verdict === verdict).length;
  const differ = count('differs');
  process.stdout.write(
    `peers: ${count('as the contract')} as the contract, ${differ} differ, ${count('not tried')} not tried\n`,
  );
  return differ === 0 ? 0 : 1;
}

process.exitCode = await main();
