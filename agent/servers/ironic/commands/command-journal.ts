/**
 * The commands of this boot, written down before each begins. The conductor takes an empty list for a freshly booted ramdisk
 * and goes on with the next step (ironic, agent_base.py: _freshly_booted), so that an agent that was killed while it wrote a
 * disk must list what it was doing as FAILED.
 */
import { join } from 'node:path';
import * as z from 'zod/mini';
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import { readCapped, replaceFile } from '../../../../platform/files.ts';

const errorSchema = z.object({ type: z.string(), code: z.number(), message: z.string(), details: z.string() });

const resultSchema = z.object({
  id: z.string(),
  /** Without its extension. */
  command_name: z.string(),
  command_status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED']),
  command_error: z.nullable(errorSchema),
  command_result: z.unknown(),
});

/** A command as it goes over the wire. */
export type CommandResult = Readonly<z.infer<typeof resultSchema>>;
type CommandError = Readonly<z.infer<typeof errorSchema>>;

const entrySchema = z.object({
  result: resultSchema,
  /** The step that it runs, for people: `write_image`. */
  step: z.optional(z.string()),
});

const fileSchema = z.object({ boot: z.string(), commands: z.array(entrySchema) });

/** One command of the journal: its result as far as it goes, and the step that it runs. */
export type JournalEntry = Readonly<z.infer<typeof entrySchema>>;

export interface CommandJournal {
  /** The commands of an earlier process of this boot, in order. What ran when it ended is FAILED. */
  readonly before: readonly JournalEntry[];
  /** Replaces the file. Throws RAZOR_MK_FILE_UNWRITABLE. */
  write(entries: readonly JournalEntry[]): void;
}

export const JOURNAL_FILE = 'ironic-commands.json';

/** A step comes back with its arguments, a config drive among them; a longer result is not kept. */
const LONGEST_RESULT = 4 * 1024 * 1024;
const LONGEST_FILE = 8 * 1024 * 1024;
const KEPT = 20;

interface JournalOptions {
  readonly stateDir: string;
  /** /proc/sys/kernel/random/boot_id: the commands of another boot are those of another ramdisk. */
  readonly boot: string;
  readonly warn: (message: string) => void;
}

/** Reads what an earlier process of this boot left. Never throws: a file that cannot be read is one command that FAILED. */
export async function openJournal({ stateDir, boot, warn }: JournalOptions): Promise<CommandJournal> {
  const path = join(stateDir, JOURNAL_FILE);
  return {
    before: await readBefore(path, boot, warn),
    write(entries) {
      const commands = entries.slice(-KEPT).map(stored);
      replaceFile(path, `${JSON.stringify({ boot, commands })}\n`, 0o600);
    },
  };
}

async function readBefore(path: string, boot: string, warn: JournalOptions['warn']): Promise<JournalEntry[]> {
  try {
    const bytes = await readCapped(path, LONGEST_FILE);
    if (bytes === undefined) return [];
    const file = fileSchema.parse(JSON.parse(bytes.toString('utf8')));
    return file.boot === boot ? file.commands.map((entry) => restored(entry, warn)) : [];
  } catch (error) {
    warn(`cannot read ${path}: ${messageOf(error)}`);
    const lost = { id: 'unknown', command_name: 'unknown', command_status: 'RUNNING', ...NOTHING } as const;
    return [restored({ result: lost }, warn)];
  }
}

const NOTHING = { command_error: null, command_result: null } as const;

function stored({ result, step }: JournalEntry): JournalEntry {
  if (result.command_result === null) return { result, step };
  // the conductor looks again at steps only
  if (!result.command_name.startsWith('execute_')) return { result: { ...result, command_result: null }, step };
  // a step whose result is not kept would be waited for until the time is up: FAILED is the safe half
  const tooLong = JSON.stringify(result.command_result).length > LONGEST_RESULT;
  return { result: tooLong ? { ...result, ...NOTHING, command_status: 'RUNNING' } : result, step };
}

function restored({ result, step }: JournalEntry, warn: JournalOptions['warn']): JournalEntry {
  if (result.command_status !== 'RUNNING') return { result, step };
  const error = interrupted(step === undefined ? result.command_name : `${result.command_name} (${step})`);
  warn(error.message);
  return { result: { ...result, command_status: 'FAILED', command_error: commandError(error) }, step };
}

function interrupted(what: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_COMMAND', `the agent was restarted while ${what} ran: it was not finished`, {
    remedy: 'Look for the reason in the log of the node (memory, watchdog), and begin the operation again.',
  });
}

/**
 * The conductor shows `details` whole, behind words of its own, and keeps them in a column TEXT: 65,535 bytes with MySQL, no limit
 * with others (ironic, models.py). A character has three bytes at most but for rare ones; a step on many disks has much to say.
 */
const LONGEST_DETAILS = 16_000;

/** What the conductor is shown of an error. A RazorMkError brings its code and its remedy. */
export function commandError(error: unknown): CommandError {
  const whole = messageOf(error, LONGEST_DETAILS);
  const message = messageOf(error);
  if (!(error instanceof RazorMkError)) return { type: 'CommandExecutionError', code: 500, message, details: whole };
  return { type: error.code, code: 500, message, details: `${whole.replace(/\.$/, '')}. ${error.remedy}` };
}
