/** The shell of troubleshoot=1, on the console that the agent has. */
import { startDaemon } from '../../platform/daemon.ts';

/** Runs an interactive shell on /dev/console until it ends. */
export async function openShell(): Promise<void> {
  const shell = await startDaemon(['setsid', '-c', 'sh', '-c', 'exec sh -i </dev/console >/dev/console 2>&1']);
  await shell.exited;
}
