/**
 * Which test files run together in one process. Starting a process for a file costs more than most files' tests, so a file has a
 * process of its own only where it needs one: it changes or reads the state of its process, or starts whole programs, which
 * are to run beside each other.
 */

/** What of a test file's text asks for a process of its own. */
const OWN_PROCESS: readonly RegExp[] = [
  // the process's own state: environment, mask, signals, status, what it prints
  /\bprocess\.(env|argv|on|once|kill|chdir|exit|umask|memoryUsage|execPath|stdout|stderr)\b/,
  // timers and clocks of the whole process, what all files share
  /\bmock\.|\bglobalThis\b/,
  // whole programs: an agent, a lab
  /\/helpers\/(agent|lab|ironic)-process\.ts'/,
  // "own process: why" in a comment
  /\bown process: \w/,
];

/** Whether a test file with this text needs a process of its own. */
export function needsOwnProcess(text: string): boolean {
  return OWN_PROCESS.some((pattern) => pattern.test(text));
}

export interface TestGroups {
  /** Files that share a process, one list a process. */
  readonly shared: readonly (readonly string[])[];
  /** Files with a process each. */
  readonly apart: readonly string[];
}

/** Sorts test files into processes: the agent's shared one, everybody else's, and those apart. `read` gives a file's text. */
export function testGroups(paths: readonly string[], read: (path: string) => string): TestGroups {
  const apart = paths.filter((path) => needsOwnProcess(read(path)));
  const together = paths.filter((path) => !apart.includes(path));
  const agents = together.filter((path) => path.startsWith('test/agent/'));
  const others = together.filter((path) => !path.startsWith('test/agent/'));
  return { shared: [agents, others].filter((group) => group.length > 0), apart };
}
