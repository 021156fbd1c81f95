/** The shell of troubleshoot=1, on the console of the machine. */
import { readFileSync } from 'node:fs';
import { startDaemon } from '../../../platform/process/daemon.ts';

/** Runs an interactive shell on the active console until it ends. */
export async function openShell(): Promise<void> {
  // /dev/console can be nobody's controlling terminal; the terminal behind it can: then Ctrl-C works
  const script = 'setsid -c sh -i <"$1" >"$1" 2>&1; exit $?'; // a child, so that setsid need not fork and is waited for
  const shell = await startDaemon(['sh', '-c', script, 'sh', activeConsole()]);
  await shell.exited;
}

/** The last of the active consoles is the one that /dev/console means (Documentation/ABI/testing/sysfs-tty). */
function activeConsole(path = '/sys/class/tty/console/active'): string {
  try {
    const name = readFileSync(path, 'latin1').trim().split(/\s+/).at(-1) ?? '';
    return /^\w+$/.test(name) ? `/dev/${name}` : '/dev/console';
  } catch {
    return '/dev/console';
  }
}
