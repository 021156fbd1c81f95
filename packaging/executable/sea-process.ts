/**
 * Runs pkg's SEA step in a process of its own, since pkg changes the working directory and reads HOME and TMPDIR.
 * Reads one JSON object from standard input; started by sea.ts only. The internal module is used because pkg's command
 * line drops `seaConfig`, and with it the V8 flags.
 */
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import * as z from 'zod/mini';

const JOB = z.object({
  entry: z.string(),
  target: z.object({ nodeRange: z.string(), platform: z.string(), arch: z.string(), output: z.string() }),
  seaConfig: z.record(z.string(), z.unknown()),
});

type Sea = (entry: string, options: { signature: boolean; targets: unknown[]; seaConfig: unknown }) => Promise<void>;

const job = JOB.parse(JSON.parse(await text(process.stdin)));
const { default: sea } = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea.js') as { default: Sea };
await sea(job.entry, { signature: false, targets: [job.target], seaConfig: job.seaConfig });
