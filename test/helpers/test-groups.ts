/**
 * Which test files run together in one process. Starting a process for a file costs more than most files' tests, so a file has a
 * process of its own only where it changes the state of its process. Files that start whole programs, which mostly wait, are
 * kept apart from those that reckon, so that the ones run while the others wait.
 */

/** What of a test file's text asks for a process of its own. */
const OWN_PROCESS: readonly RegExp[] = [
  // the process's own state: environment, mask, signals, status, memory, what it prints
  /\bprocess\.(on|once|chdir|exit|exitCode|umask|memoryUsage)\b/,
  /\b(delete process\.env|process\.env(\.\w+|\[[^\]]+\]) \??\??=)(?!=)/,
  /\bprocess\.(argv|stdout|stderr)\b(?!\.write\()/,
  // timers and clocks of the whole process, what all files share
  /\bmock\.timers\b|\bglobalThis\b/,
  // "own process: why" in a comment
  /\bown process: \w/,
];

/** What starts whole programs: an agent, a lab. */
const PROGRAMS =
  /\b(agentProcess|startLabProcess|checkKills|restartedAgent|razorMk)\(|\bRAZOR_MK\b|\bprocess\.execPath\b/;

/** Whether a test file with this text changes the state of its process, or starts whole programs. */
export function needsOwnProcess(text: string): boolean {
  return changesProcess(text) || PROGRAMS.test(text);
}

function changesProcess(text: string): boolean {
  return OWN_PROCESS.some((pattern) => pattern.test(text));
}

export interface TestGroups {
  /** Files that share a process, one list a process. */
  readonly shared: readonly (readonly string[])[];
  /** Files with a process each. */
  readonly apart: readonly string[];
}

/** Sorts test files into processes: the agent's shared ones, everybody else's, and those apart. `read` gives a file's text. */
export function testGroups(paths: readonly string[], read: (path: string) => string): TestGroups {
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    const text = read(path);
    const room = path.startsWith('test/agent/') ? 'agent' : 'others';
    const name = changesProcess(text) ? 'apart' : `${room}${PROGRAMS.test(text) ? ' with programs' : ''}`;
    groups.set(name, [...(groups.get(name) ?? []), path]);
  }
  const apart = groups.get('apart') ?? [];
  groups.delete('apart');
  return { shared: [...groups.values()], apart };
}
