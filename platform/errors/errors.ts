/**
 * Errors that a person may see. Each has a code from the table in `error-table.ts`, says what happened and where, and
 * ends in what to do.
 */
import { ERROR_TABLE, type ErrorCode } from './error-table.ts';
import { redactText } from '../log/redact.ts';

export type { ErrorCode } from './error-table.ts';

interface ErrorDetails {
  /** Replaces the table's remedy where the place of the failure knows better. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** An error with a stable code (`RAZOR_MK_*`), a message for people and a remedy. */
export class RazorMkError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'RazorMkError';
    this.code = code;
    this.remedy = details.remedy ?? ERROR_TABLE[code].remedy;
  }

  /** Process exit status that this error stands for (sysexits.h). */
  get exitCode(): number {
    return ERROR_TABLE[this.code].exit;
  }
}

/** The text of anything that was thrown, on one line and bounded to `most` characters. */
export function messageOf(error: unknown, most = 1000): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, most);
}

/** The text of an error for people, without secrets: what happened and, of a RazorMkError, its code and what to do. */
export function explain(error: unknown): string {
  if (!(error instanceof RazorMkError)) return `razor-mk: ${redactText(messageOf(error))}`;
  return `razor-mk: ${redactText(error.message)}\n  code:   ${error.code}\n  remedy: ${error.remedy}`;
}

/** The `code` of a Node system error (`ENOENT`, `ECONNREFUSED` …), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
