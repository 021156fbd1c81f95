/**
 * Commands that are executables in a directory (razor-el-mk's contract: no arguments, its own process group, cwd /tmp, umask
 * 022). The original joined the name to the directory and could be led out of it; here a name must match a strict pattern.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { CommandHandler } from './command-handler.ts';

const NAME = /^[a-z][a-z0-9_-]{0,63}$/;
const TIMEOUT_MS = 300_000;
const OUTPUT_LIMIT = 64 * 1024;
const PARAM_LIMIT = 64 * 1024;

/** The command of this name in the directory, or undefined: a bad name, no such file, not executable. */
export function findExternal(
  directory: string,
  name: string,
  environment: Readonly<Record<string, string>> = {},
): CommandHandler | undefined {
  if (directory === '' || !NAME.test(name)) return undefined;
  const path = join(directory, name);
  try {
    if (!statSync(path).isFile()) return undefined;
    accessSync(path, constants.X_OK);
  } catch {
    return undefined;
  }
  return {
    name,
    describe: `Run ${path}.`,
    destructive: false,
    plan: () => [`run ${path} in /tmp, with the parameter as JSON on its standard input`],
    async run({ system, log, signal }, { param, dialect }) {
      const input = JSON.stringify(param ?? {});
      if (input.length > PARAM_LIMIT)
        throw new RazorMkError('RAZOR_MK_COMMAND', `${name}: the parameter is longer than ${PARAM_LIMIT} bytes`);
      const before = process.umask(0o022); // the child is forked before run() first waits
      const running = system.run(`run ${path}`, [path], {
        cwd: '/tmp',
        input,
        timeoutMs: TIMEOUT_MS,
        outputLimit: OUTPUT_LIMIT,
        env: {
          ...environment,
          RAZOR_MK_COMMAND: name,
          RAZOR_MK_SERVER: dialect.serverUrl,
        },
        signal,
      });
      process.umask(before);
      const result = await running;
      const output = `${result.stdout.toString()}${result.stderr.toString()}`.trim();
      if (result.status !== 0) {
        const how =
          result.failure ?? (result.signal === undefined ? `status ${result.status}` : `killed by ${result.signal}`);
        throw new RazorMkError('RAZOR_MK_COMMAND', `${path} failed (${how}): ${output.slice(-500)}`);
      }
      if (output !== '') log.info(`${name}: ${output.slice(-500)}`);
      return { summary: system.live ? `${name} was run` : `would run ${name}` };
    },
  };
}
