/** The machine's console: what people in front of it wait to read, whatever the agent's own output goes to. */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { redactText } from '../../platform/log/redact.ts';
import type { AgentEvent } from '../loop/events.ts';

const FLAGS = constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK;

/**
 * Tells the console of a live node what the log has told already and must be seen there, whatever the agent's own output goes to:
 * the server that was found, that the machine goes down, and warnings, the loop breaker's among them. voice.ts has what is said besides.
 */
export function createConsoleTeller(write: (line: string) => void): (event: AgentEvent) => void {
  let told: string | undefined;
  return (event) => {
    const line = lineOf(event);
    // a server that is found again, turn after turn, is told once
    if (line === undefined || (event.event === 'discovered' && line === told)) return;
    if (event.event === 'discovered') told = line;
    // what a server sent moves no cursor
    write(`razor-mk: ${redactText(line).replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '?')}`);
  };
}

function lineOf(event: AgentEvent): string | undefined {
  switch (event.event) {
    case 'leaving':
      return `${event.what}, because ${event.server} said so. This is the last line.`;
    case 'discovered':
      return `server ${event.server}, found by ${event.source}`;
    case 'warning':
      return event.message;
    case 'config-rollback':
      return `pushed configuration rolled back: ${event.reason}`;
    default:
      return undefined;
  }
}

/** Writes one line to /dev/console; a console that is not there or does not take it is no error. */
export function writeConsole(line: string, path = '/dev/console'): void {
  let fd: number | undefined;
  try {
    fd = openSync(path, FLAGS);
    writeSync(fd, `${line}\r\n`);
  } catch {
    // a machine without a console, or one that is blocked by flow control
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
