/** The verbs `lab backup FILE` and `lab restore FILE`, on the machine of a running lab. */
import { resolve } from 'node:path';
import { defineVerb, type VerbModule } from '../../../platform/process/verb.ts';
import { clientOptions, openClient } from '../management-client.ts';
import { print } from '../print.ts';

function fileVerb(path: string, describe: string, example: string): VerbModule {
  return defineVerb({
    usage: '<file>',
    examples: [
      [`lab ${example}`, 'the lab of this machine'],
      [`lab ${example} --lab http://127.0.0.1:18025`, 'a lab on another port'],
    ],
    options: (yargs) => clientOptions(yargs).positional('file', { type: 'string', demandOption: true, describe }),
    run: async (args, host) => {
      const client = await openClient(args, host);
      print(await client.call('POST', path, { path: resolve(args.file) }), [], args, host);
      return 0;
    },
  });
}

/** Writes everything that the lab knows to a new file; image files are not in it. */
export const backup = fileVerb('/api/backup', 'The new file', 'backup /var/backups/lab.db');

/** Replaces everything that the lab knows. */
export const restore = fileVerb('/api/restore', 'A file that lab backup wrote', 'restore /var/backups/lab.db');
