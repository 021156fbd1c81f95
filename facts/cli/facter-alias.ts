/** The microkernel's people knew `facter`: called under that name, this program speaks its command line. */

const FORMATS: Readonly<Record<string, string>> = { '-y': 'yaml', '--yaml': 'yaml', '-j': 'json', '--json': 'json' };
/** Asked Facter for Puppet's facts, for traces and colours; nothing of it exists here. */
const DROPPED = new Set(['-p', '--puppet', '-d', '--debug', '--trace', '--color', '--no-color', '-l', '--list']);

/** Whether a path or name that this program was started as is `facter`. */
export function isFacter(startedAs: string | undefined): boolean {
  return startedAs !== undefined && /(^|\/)facter$/.test(startedAs);
}

/** Facter 1.7's arguments as those of `razor-mk`. */
export function facterArguments(args: readonly string[]): string[] {
  let format = 'facter';
  const rest: string[] = [];
  for (const arg of args) {
    const asked = FORMATS[arg];
    if (asked !== undefined) format = asked;
    else if (arg === '-t') rest.push('--timing');
    else if (arg === '-v') return ['--version'];
    else if (!DROPPED.has(arg)) rest.push(arg);
  }
  return ['facts', '--format', format, '--lenient', ...rest];
}
