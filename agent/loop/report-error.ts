/** Errors and warnings as everybody sees them: in the log, as an event, and so in the status and on the console. */
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { redactText } from '../../platform/log/redact.ts';
import type { Runtime } from './runtime.ts';

interface ReportedError {
  readonly code: string;
  /** Without secrets. */
  readonly message: string;
}

/** Reports anything that was thrown, with its code and remedy. What has no code is a defect of ours and is logged with its stack. */
export function reportError({ log, emit }: Pick<Runtime, 'log' | 'emit'>, error: unknown): ReportedError {
  const known = error instanceof RazorMkError;
  const { code, remedy } = known
    ? error
    : { code: 'RAZOR_MK_INTERNAL', remedy: 'This is a defect of the agent: report it.' };
  if (known) log.error(error.message, { code, remedy });
  else log.error(`unexpected: ${messageOf(error)}`, { stack: error instanceof Error ? error.stack : undefined });
  const message = redactText(messageOf(error));
  emit({ event: 'error', code, message, remedy });
  return { code, message };
}

/** Reports what the agent goes on without, or with. */
export function reportWarning({ log, emit }: Pick<Runtime, 'log' | 'emit'>, message: string): void {
  log.warn(message);
  emit({ event: 'warning', message: redactText(message) });
}
