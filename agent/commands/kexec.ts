/** Boots another kernel without a firmware pass (kexec-tools; kernel Documentation/admin-guide/kdump/kdump.rst). */
import { join } from 'node:path';
import * as z from 'zod/mini';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { RunResult } from '../../platform/process/run.ts';
import { download } from './download.ts';
import { prepareToLeave } from './leave.ts';
import type { FileClient } from '../http/file-client.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { CommandHandler, CommandOutcome, CommandRequest } from './command-handler.ts';

const HttpUrl = z.string().check(
  z.maxLength(2000),
  z.refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'not an http(s) URL'),
);
const Sha256 = z.string().check(z.regex(/^[0-9a-fA-F]{64}$/));
/** Options of kexec that change how the kernel is loaded and nothing else (kexec(8)). */
const KEXEC_OPTION =
  /^--(reset-vga|console-vga|console-serial|serial=0x[0-9a-f]{1,4}|serial-baud=\d{2,7}|reuse-cmdline|args-linux|real-mode|entry-32bit|no-checks|pass-memmap-cmdline|kexec-file-syscall|kexec-syscall|kexec-syscall-auto)$/;
/** The kernel's own bound is 2,048 bytes with the zero at the end (COMMAND_LINE_SIZE). */
const LONGEST_LINE = 2047;
const Param = z.object({
  kernel: HttpUrl,
  initrd: z.optional(HttpUrl),
  // one argv entry, printable only
  cmdline: z.optional(z.string().check(z.maxLength(LONGEST_LINE), z.regex(/^[\x20-\x7e]*$/))),
  kernel_sha256: z.optional(Sha256),
  initrd_sha256: z.optional(Sha256),
  options: z.optional(z.array(z.string().check(z.regex(KEXEC_OPTION))).check(z.maxLength(20))),
});
type KexecParam = z.infer<typeof Param>;

const KERNEL_LIMIT = 128 * 1024 * 1024;
const INITRD_LIMIT = 2 * 1024 * 1024 * 1024;
/** kexec -l hashes all that it loads, which is minutes for a large initrd on a slow machine. */
const LOAD_LIMIT_MS = 300_000;

function read(param: unknown): KexecParam {
  const parsed = Param.safeParse(param);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new RazorMkError(
    'RAZOR_MK_COMMAND',
    `kexec: ${issue?.path.join('.') || 'the parameter'}: ${issue?.message ?? 'bad'}`,
    {
      remedy: 'Send {"kernel": URL, "initrd": URL, "cmdline": text, "kernel_sha256": hex, "initrd_sha256": hex}.',
    },
  );
}

export interface KexecOptions {
  /** The client for the files, with the trust of the settings and without what belongs to the server alone. */
  readonly openFiles: () => Promise<FileClient>;
  /** Whether files without a checksum are refused: where replies are signed, what they name must be known as well. */
  readonly checksumsRequired?: () => boolean;
}

/** The command `kexec`. */
export function createKexec(options: KexecOptions): CommandHandler {
  return {
    name: 'kexec',
    describe: 'Fetch a kernel and an initrd, check them, and boot them without a firmware pass.',
    destructive: true,
    plan,
    run: (runtime, request) => bootKernel(runtime, request, options),
  };
}

function plan(param: unknown): readonly string[] {
  const { kernel, initrd, cmdline, kernel_sha256: sum, initrd_sha256: initrdSum } = read(param);
  const check = (hex: string | undefined): string =>
    hex === undefined ? ' (no checksum given)' : ' and check its SHA-256';
  return [
    `fetch the kernel ${kernel}${check(sum)}`,
    ...(initrd === undefined ? [] : [`fetch the initrd ${initrd}${check(initrdSum)}`]),
    `load them with the command line "${cmdline ?? ''}"`,
    'save the facts',
    'flush file systems',
    'boot the loaded kernel',
  ];
}

async function bootKernel(runtime: Runtime, request: CommandRequest, options: KexecOptions): Promise<CommandOutcome> {
  const { system } = runtime;
  const param = read(request.param);
  const paths = await fetchFiles(param, runtime, request.store.dir, options);
  await loadKernel(runtime, [
    ...(param.options ?? []),
    ...paths,
    `--command-line=${kernelLine(param.cmdline, request.kernelParameter)}`,
  ]);
  await prepareToLeave(runtime, request, `the machine boots ${param.kernel}`);
  const boot = await system.run('boot the loaded kernel', ['kexec', '-e'], { timeoutMs: 60_000 });
  if (boot.status !== 0)
    throw new RazorMkError('RAZOR_MK_COMMAND', `kexec -e failed: ${boot.stderr.toString().trim().slice(0, 300)}`);
  return { summary: system.live ? 'the loaded kernel starts' : 'would boot the loaded kernel', leaving: true };
}

/**
 * Loads the kernel with kexec_load(2). Under lockdown (Secure Boot) that call is not permitted, and kexec_file_load(2) takes kernels
 * with a signature that the running one knows (kernel_lockdown(7)): `kexec -s`.
 */
async function loadKernel({ system }: Runtime, words: readonly string[]): Promise<void> {
  const load = (...flags: readonly string[]): Promise<RunResult> =>
    system.run('load the kernel', ['kexec', '-l', ...flags, ...words], { timeoutMs: LOAD_LIMIT_MS });
  let loaded = await load();
  const forbidden = loaded.status !== 0 && /not permitted/i.test(loaded.stderr.toString());
  if (forbidden) loaded = await load('-s');
  if (loaded.status === 0) return;
  const why =
    loaded.failure === 'not-found'
      ? 'kexec is not installed'
      : loaded.failure === 'timeout'
        ? `it took longer than ${LOAD_LIMIT_MS / 1000} s`
        : loaded.stderr.toString().trim().slice(0, 300);
  throw new RazorMkError('RAZOR_MK_COMMAND', `the kernel could not be loaded: ${why}`, {
    remedy: forbidden
      ? 'The kernel is in lockdown, as under Secure Boot, and takes signed kernels alone: send one that the distribution signed, or reboot instead.'
      : 'Put kexec-tools into the image, and check that the kernel allows kexec.',
  });
}

/** Fetches kernel and initrd into `dir`; their arguments for kexec. */
async function fetchFiles(
  param: KexecParam,
  { system, signal }: Runtime,
  dir: string,
  options: KexecOptions,
): Promise<readonly string[]> {
  const wanted = [
    { url: param.kernel, sha256: param.kernel_sha256, path: join(dir, 'kexec-kernel'), limit: KERNEL_LIMIT },
    { url: param.initrd, sha256: param.initrd_sha256, path: join(dir, 'kexec-initrd'), limit: INITRD_LIMIT },
  ];
  const unknown = wanted.find(({ url, sha256 }) => url !== undefined && sha256 === undefined);
  if (unknown !== undefined && options.checksumsRequired?.() === true) {
    throw new RazorMkError(
      'RAZOR_MK_COMMAND',
      `kexec: no checksum for ${unknown.url}, and replies must be signed here`,
      {
        remedy: 'Send kernel_sha256 and initrd_sha256 with the command.',
      },
    );
  }
  for (const { url, path, ...more } of wanted) {
    if (url === undefined) continue;
    await system.change(`fetch ${url}`, async () =>
      download(await options.openFiles(), url, path, { ...more, signal }),
    );
  }
  const [kernel, initrd] = wanted.map(({ path }) => path);
  return param.initrd === undefined ? [kernel as string] : [kernel as string, `--initrd=${initrd}`];
}

/** The loop breaker's parameter comes first: installers copy what stands at the end into the system that they install. */
function kernelLine(cmdline = '', parameter?: string): string {
  const line = [parameter ?? '', cmdline].join(' ').trim();
  return line.length > LONGEST_LINE ? cmdline : line;
}
