/** Replies of hostile servers: to a real agent process over sockets, and to the parsers of every server. */
import { SERVERS } from '../../agent/servers/registry.ts';
import { hostileRun } from '../helpers/hostile-run.ts';
import { generator } from '../helpers/seeded.ts';
import { MISBEHAVIOURS, ODD_BUT_ACCEPTED } from '../helpers/misbehaviours.ts';
import { randomReplies } from '../helpers/random-replies.ts';
import { counted, firstLine, type Row, type Scale } from './suite.ts';

/** Every misbehaviour for check-ins and registrations, and 10,000 random replies and configurations to each dialect. */
export async function attackReplies(scale: Scale): Promise<readonly Row[]> {
  return [await overSockets(scale), await throughParsers(scale)];
}

async function overSockets(scale: Scale): Promise<Row> {
  const what = 'misbehaving servers against a real agent, which obeys the next good reply';
  const random = generator(scale.seed);
  const some = <T>(list: readonly T[]): T[] => (scale.share >= 1 ? [...list] : list.filter(() => random() < 0.1));
  const [bad, odd] = [some(MISBEHAVIOURS), some(ODD_BUT_ACCEPTED)];
  try {
    const { served, stopMs } = await hostileRun(bad, odd, { registers: true });
    return { what, tried: served, failed: [], note: `stopped in ${Math.round(stopMs)} ms` };
  } catch (error) {
    return { what, tried: bad.length + odd.length, failed: [firstLine(error)] };
  }
}

async function throughParsers(scale: Scale): Promise<Row> {
  const dialects = SERVERS.filter(({ turns }) => turns?.asksServer === true).length;
  const runs = counted(scale, 10_000);
  const what = `random replies and configurations through the parsers of ${dialects} servers`;
  try {
    await randomReplies(runs, scale.seed);
    return { what, tried: runs * dialects, failed: [] };
  } catch (error) {
    return { what, tried: runs * dialects, failed: [firstLine(error)] };
  }
}
