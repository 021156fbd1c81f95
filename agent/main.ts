#!/usr/bin/env node
/**
 * The process entry: the list of verbs, signals, exit codes. The only reader of argv and environment. A verb's module is
 * loaded when it is asked for; verbs of the lab and the image builder are not part of the executable.
 */
import { fileURLToPath } from 'node:url';
import { facterArguments, isFacter } from '../facts/cli/facter-alias.ts';
import { explain, RazorMkError } from '../platform/errors/errors.ts';
import { EXECUTABLE } from '../platform/process/executable.ts';
import type { Host, Terminal } from '../platform/process/verb.ts';
import { registerAssets } from './assets.ts';
import { runCommandLine } from './command-line/run-command-line.ts';

function processHost(): Host {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(128 + 15);
      controller.abort(new Error(`stopped by ${name}`));
    });
  }
  const interactive = process.stdout.isTTY === true;
  return {
    env: process.env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive,
    colour: interactive && (process.env['NO_COLOR'] ?? '') === '',
    columns: process.stdout.columns || 80,
    ...(interactive ? { terminal: processTerminal() } : {}),
    // in the extension the process image is the dynamic loader: the wrapper says what it was started as
    self: EXECUTABLE
      ? [process.env['RAZOR_MK_SELF'] ?? process.execPath]
      : [process.execPath, fileURLToPath(import.meta.url)],
    signal: controller.signal,
  };
}

function processTerminal(): Terminal {
  const { stdout } = process;
  return {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    onResize(callback) {
      stdout.on('resize', callback);
      return () => void stdout.off('resize', callback);
    },
    onKey(callback) {
      const { stdin } = process;
      if (!stdin.isTTY) return () => undefined;
      const listen = (bytes: Buffer): void => [...bytes.toString('utf8')].forEach(callback);
      stdin.setRawMode(true);
      stdin.on('data', listen);
      return () => {
        stdin.off('data', listen);
        stdin.setRawMode(false);
        stdin.pause();
      };
    },
  };
}

if (EXECUTABLE) registerAssets();

// `razor-mk facts | head` closes our stdout: that is not our error
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 74));

// the image has this program under the old name too
const startedAs = [process.env['RAZOR_MK_SELF'], process.argv0, process.argv[1]];
const words = process.argv.slice(2);

runCommandLine(startedAs.some(isFacter) ? facterArguments(words) : words, processHost()).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = error instanceof RazorMkError ? error.exitCode : 70;
  },
);
