#!/usr/bin/env node
/**
 * The process entry: the list of verbs, signals, exit codes. The only reader of argv and environment. A verb's module is
 * loaded when it is asked for; verbs of the lab and the image builder are not part of the executable.
 */
import { constants, fstatSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { facterArguments, isFacter } from '../facts/cli/facter-alias.ts';
import { explain, RazorMkError } from '../platform/errors/errors.ts';
import { EXECUTABLE } from '../platform/process/executable.ts';
import { writerOf } from '../platform/process/standard-output.ts';
import type { Host, Terminal } from '../platform/process/verb.ts';
import { registerAssets } from './assets.ts';
import { runCommandLine } from './command-line/run-command-line.ts';

/** The kernel's number of its memory devices: /dev/null is one. */
const MEMORY_DEVICES = 1;

/** Whether standard output is a terminal. Node's stream is asked, and with that loaded, only where it may be one. */
function isTerminal(): boolean {
  const { rdev, mode } = fstatSync(1);
  const device = (mode & constants.S_IFMT) === constants.S_IFCHR && rdev >> 8 !== MEMORY_DEVICES;
  return device && process.stdout.isTTY === true;
}

const interactive = isTerminal();

/** `razor-mk facts | head` closes our standard output: that is not our error. */
function outputFailed(code: string | undefined): void {
  process.exit(code === 'EPIPE' ? 0 : 74);
}

let output: NodeJS.WriteStream | undefined;
function standardOutput(): NodeJS.WriteStream {
  output ??= process.stdout.on('error', (error: NodeJS.ErrnoException) => outputFailed(error.code));
  return output;
}

function processHost(): Host {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(128 + 15);
      controller.abort(new Error(`stopped by ${name}`));
    });
  }
  return {
    env: process.env,
    out: interactive ? (text) => void standardOutput().write(text) : writerOf(1, standardOutput, outputFailed),
    err: writerOf(
      2,
      () => process.stderr,
      () => undefined,
    ),
    interactive,
    colour: interactive && (process.env['NO_COLOR'] ?? '') === '',
    columns: interactive ? process.stdout.columns || 80 : 80,
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
