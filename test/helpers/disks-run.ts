/**
 * In namespaces of its own: a server on loopback, and the agent with --live beside it, until SIGTERM. Arguments: state directory,
 * the command of the second check-in and later (acknowledge; `-` for a machine without a card), further arguments of the agent.
 */
import { startDaemon } from '../../platform/process/daemon.ts';
import { run } from '../../platform/process/run.ts';
import { MAIN } from './razor-mk.ts';
import { command, scriptedServer } from './scripted-server.ts';

const [stateDir = '', second = 'acknowledge', ...more] = process.argv.slice(2);
// a NIC with a link and an address, which the boot sequence waits for
for (const argv of [
  ['ip', 'link', 'add', 'eth0', 'address', '02:00:00:00:00:07', 'type', 'veth', 'peer', 'name', 'eth0peer'],
  ['ip', 'addr', 'add', '10.99.0.2/24', 'dev', 'eth0'],
  ['ip', 'link', 'set', 'eth0peer', 'up'],
  ['ip', 'link', 'set', 'eth0', 'up'],
] as [string, ...string[]][]) {
  if (second !== '-') await run(argv);
}
const server = await scriptedServer();
server.checkins(command('register'), command(second));
const at = ['--server', server.url, '--checkin-skew', '0', '--checkin-interval', '0.3', '--watchdog', 'off'];
const live = ['run', '--live', '--events', '--control-port', '0', '--state-dir', stateDir, ...more];
const agent = await startDaemon([process.execPath, MAIN, ...live, ...at], {
  onLine: (line, stream) => process[stream].write(`${line}\n`),
});
process.on('SIGTERM', () => void agent.stop(6000));
const { status } = await agent.exited;
await server.close();
process.exit(status ?? 1);
