/** The verb `capture`: this machine in a file, for a replay anywhere. */
import { replaceFile } from '../../platform/files.ts';
import { defineVerb } from '../../platform/process/verb.ts';
import { captureMachine } from '../capture/lazy.ts';
import { openTree } from '../facts.ts';
import { externalDirsOf, FACTS_DIR } from './options.ts';
import { reportErrors } from './print.ts';

export const verb = defineVerb({
  examples: [
    ['capture machine.tar.gz', 'this machine, for facts --from machine.tar.gz anywhere'],
    ['capture --redact machine.tar.gz', 'without what identifies it'],
  ],
  usage: '<file>',
  options: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'the .tar.gz to write' })
      .option('redact', {
        type: 'boolean',
        default: false,
        describe: 'replace MACs, serial numbers, UUIDs and host names, each always by the same other one',
      })
      .option('all', { type: 'boolean', default: false, describe: 'also what facts --all asks for' })
      .option('hardware', {
        choices: ['native', 'lshw'] as const,
        default: 'native' as const,
        describe: 'also record lshw',
      })
      .option('facts-dir', FACTS_DIR)
      .option('root', { type: 'string', default: '/', describe: 'record a tree instead of this machine' }),
  run: async (args, host) => {
    const { bytes, set, counts, changed } = await captureMachine({
      sources: openTree(args.root),
      all: args.all,
      hardware: args.hardware,
      ...externalDirsOf(args['facts-dir']),
      redact: args.redact,
      signal: host.signal,
    });
    replaceFile(args.file, bytes, 0o600);
    reportErrors(set, host);
    const kept = args.redact
      ? 'MACs, serials, UUIDs and host names replaced'
      : 'with its MACs and serials: --redact replaces them';
    host.out(
      `${args.file}: ${set.facts.size} facts from ${counts.files} files, ${counts.lists} directories and ${counts.commands} commands, ${bytes.length} bytes, ${kept}\n`,
    );
    if (changed.length > 0) host.out(`facts that read otherwise on replay: ${changed.join(', ')}\n`);
    return 0;
  },
});
