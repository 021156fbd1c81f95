/** `image inspect` of one file as a process of its own: prints `taken` or the code of the error, and its most memory in MiB. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { inspectImage } from '../../tinycore/image/inspect.ts';

const outcome = await inspectImage(process.argv[2] ?? '').then(
  () => 'taken',
  (error: unknown) => (error instanceof RazorMkError ? error.code : String(error)),
);
process.stdout.write(`${outcome} ${Math.round(process.resourceUsage().maxRSS / 1024)}\n`);
