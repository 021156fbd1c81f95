/** Memory of processes, as the kernel counts it (proc_pid_status(5)). */
import { readFileSync } from 'node:fs';

/** MiB that a process has in memory; 0 for one that is gone. */
export function residentMib(pid: number): number {
  return field(pid, 'VmRSS');
}

function field(pid: number, name: string): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}
