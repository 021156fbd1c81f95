/** In namespaces of its own: a server on loopback, and the agent with --live beside it, until SIGTERM. Argument: state directory. */
import { startDaemon } from '../../platform/daemon.ts';
import { run } from '../../platform/run.ts';
import { MAIN } from './agent-process.ts';
import { command, scriptedServer } from './scripted-server.ts';

// a NIC with a link and an address, which the boot sequence waits for
for (const argv of [
  ['ip', 'link', 'add', 'eth0', 'address', '02:00:00:00:00:07', 'type', 'veth', 'peer', 'name', 'eth0peer'],
  ['ip', 'addr', 'add', '10.99.0.2/24', 'dev', 'eth0'],
  ['ip', 'link', 'set', 'eth0peer', 'up'],
  ['ip', 'link', 'set', 'eth0', 'up'],
] as [string, ...string[]][]) {
  await run(argv);
}
const server = await scriptedServer();
server.checkins(command('register'), command('acknowledge'));
const at = ['--server', server.url, '--checkin-skew', '0', '--checkin-interval', '0.3', '--watchdog', 'off'];
const live = ['run', '--live', '--events', '--control-port', '0', '--state-dir', process.argv[2] ?? ''];
const agent = await startDaemon([process.execPath, MAIN, ...live, ...at], {
  onLine: (line, stream) => process[stream].write(`${line}\n`),
});
process.on('SIGTERM', () => void agent.stop(6000));
const { status } = await agent.exited;
await server.close();
process.exit(status ?? 1);
