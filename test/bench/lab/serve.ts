/** The lab under load, in a process of its own: fills its store, then answers lines on stdin with lines on stdout. */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { createInterface } from 'node:readline';
import { startLab } from '../../../lab/lab-server.ts';
import { FACTS, idOf } from './nodes.ts';

const [, , db = ':memory:', count = '0', silence = '60000', secretsKey] = process.argv;
const nodes = Number(count);
const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 }, db, secretsKey });
const { store } = lab;
for (let done = 0; done < nodes;) {
  const until = Math.min(nodes, done + 500);
  await store.write(() => {
    for (; done < until; done++) {
      // last contacts are spread over an interval, as they would be
      const at = Date.now() - Math.floor((Number(silence) * done) / nodes);
      const node = store.nodes.create({ dialect: 'razor', hwIds: [idOf(done)], at, allowed: true });
      store.nodes.setFacts(node.id, { ...FACTS, hostname: `mk${done}` }, 'idle', at);
    }
  });
}
process.stdout.write(`ready ${new URL(lab.nodesUrl).port} ${new URL(lab.peopleUrl).port}\n`);
let session: Session | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const [word = '', path = ''] = line.split(' ');
  if (word === 'usage') {
    const { user, system } = process.cpuUsage();
    process.stdout.write(`usage ${process.memoryUsage().rss} ${user + system}\n`);
  } else if (word === 'profile') {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    process.stdout.write('profile\n');
  } else if (word === 'profiled' && session) {
    const { profile } = await session.post('Profiler.stop');
    writeFileSync(path, JSON.stringify(profile));
    session.disconnect();
    process.stdout.write('profiled\n');
  } else break;
}
await lab.close();
