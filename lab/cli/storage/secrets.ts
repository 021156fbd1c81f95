/** The verbs `lab secrets rotate` and `lab secrets add-key`: another key for the secrets in the database. */
import { resolve } from 'node:path';
import { defineGroup, defineVerb } from '../../../platform/process/verb.ts';
import { openKeyFile } from '../../store/secrets/key-ring.ts';
import { clientOptions, openClient } from '../management-client.ts';
import { print } from '../print.ts';

const rotate = defineVerb({
  examples: [
    ['lab secrets rotate', 'the lab of this machine makes a key and seals everything with it'],
    ['lab secrets rotate --lab http://127.0.0.1:18025', 'a lab on another port'],
  ],
  options: (yargs) => clientOptions(yargs),
  run: async (args, host) => {
    const client = await openClient(args, host);
    print(await client.call('POST', '/api/secrets/rotate'), [], args, host);
    return 0;
  },
});

const addKey = defineVerb({
  usage: '<file>',
  examples: [
    ['lab secrets add-key /etc/razor-mk/secrets.key', 'give the file to all labs of a database, then rotate'],
    ['lab secrets add-key secrets.key', 'makes the file where there is none'],
  ],
  options: (yargs) =>
    yargs.positional('file', { type: 'string', demandOption: true, describe: 'Key file (--secrets-key)' }),
  run: async (args, host) => {
    const path = resolve(args.file);
    const { id } = openKeyFile(path).add();
    host.out(`key ${id} is the newest in ${path}\n`);
    return await Promise.resolve(0);
  },
});

/** What can be done about the secrets in a database. */
export const secrets = defineGroup([
  {
    name: 'rotate',
    describe: 'seal everything anew, with the newest key or a new one',
    load: () => Promise.resolve(rotate),
  },
  { name: 'add-key', describe: 'add a key to a key file, for the next rotation', load: () => Promise.resolve(addKey) },
]);
