/** The verbs `lab database import` and `lab database export`: a whole site from SQLite to PostgreSQL, and back. */
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { defineGroup, defineVerb, type Host } from '../../../platform/process/verb.ts';
import type { RowCounts } from '../../store/postgres/transfer.ts';
import { inspectDatabase } from '../../store/sqlite/inspect.ts';
import { isPostgresUrl } from '../../store/open-lab-store.ts';

interface TransferArgs {
  readonly file: string;
  readonly database: string | undefined;
}

function transferOptions(yargs: Argv, describe: string): Argv<TransferArgs> {
  return yargs.positional('file', { type: 'string', demandOption: true, describe }).option('database', {
    type: 'string',
    describe: 'postgres://USER@HOST/DATABASE; RAZOR_MK_LAB_DATABASE by default',
  });
}

/** From the option or the environment. Throws RAZOR_MK_USAGE. */
function urlOf(given: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const url = given ?? env['RAZOR_MK_LAB_DATABASE'];
  if (url !== undefined && isPostgresUrl(url)) return url;
  throw new RazorMkError(
    'RAZOR_MK_USAGE',
    url === undefined ? '--database is missing' : '--database is not a URL of PostgreSQL',
    {
      remedy: 'Write postgres://USER@HOST:PORT/DATABASE.',
    },
  );
}

/** Secrets move as they are sealed, so their key must move too. */
function printCounts(counts: RowCounts, path: string, host: Host): void {
  for (const [table, rows] of counts) host.out(`${table.padEnd(13)} ${rows}\n`);
  host.out('every row was read again and is the same\n');
  host.out(
    `secrets stay sealed with key ${inspectDatabase(path).secretKey?.id ?? ''}: the lab needs its file (--secrets-key)\n`,
  );
}

const importVerb = defineVerb({
  usage: '<file>',
  examples: [
    [
      'lab database import lab.db --database postgres://lab@db/site',
      'the database of a lab that was stopped, or a backup',
    ],
    ['lab database import lab.db --replace', 'in the place of what RAZOR_MK_LAB_DATABASE holds'],
  ],
  options: (yargs) =>
    transferOptions(yargs, 'File of a lab that was stopped, or one that lab backup wrote').option('replace', {
      type: 'boolean',
      default: false,
      describe: 'Take the place of what the database holds',
    }),
  run: async ({ file, database, replace }, host) => {
    const { importSite } = await import('../../store/postgres/site-transfer.ts');
    const counts = await importSite(urlOf(database, host.env), resolve(file), replace);
    printCounts(counts, resolve(file), host);
    return 0;
  },
});

const exportVerb = defineVerb({
  usage: '<file>',
  examples: [
    ['lab database export lab.db --database postgres://lab@db/site', 'while labs run; then: lab --db lab.db'],
    ['lab database export /var/backups/site.db', 'of RAZOR_MK_LAB_DATABASE'],
  ],
  options: (yargs) => transferOptions(yargs, 'The new file'),
  run: async ({ file, database }, host) => {
    const { exportSite } = await import('../../store/postgres/site-transfer.ts');
    const counts = await exportSite(urlOf(database, host.env), resolve(file));
    printCounts(counts, resolve(file), host);
    return 0;
  },
});

/** What can be done with a site’s database without a lab. */
export const database = defineGroup([
  { name: 'import', describe: 'fill it from a file of SQLite', load: () => Promise.resolve(importVerb) },
  { name: 'export', describe: 'write it to a file of SQLite', load: () => Promise.resolve(exportVerb) },
]);
