/** `razor-mk image edit FILE`: another kernel line, or another server, in a finished ISO. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { defineVerb } from '../../../platform/process/verb.ts';
import { editIso } from '../iso/edit-iso.ts';

export const verb = defineVerb({
  examples: [
    ['image edit mk.iso --server 192.0.2.10 --out site.iso', 'the same image for another server'],
    ['image edit mk.iso --kernel-arg console=ttyS1,115200 --out ttys1.iso', 'another console'],
  ],
  usage: '<file>',
  options: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'an ISO that image build made' })
      .option('out', { type: 'string', demandOption: true, describe: 'the ISO that is written' })
      .option('server', { type: 'string', describe: 'address or name of the Razor server: razor.ip= or razor.server=' })
      .option('kernel-arg', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'word that takes the place of those with the same name, or comes at the end',
      })
      .option('remove', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'name of a word that goes',
      }),
  run: async (args, host) => {
    const set = [...serverWords(args.server), ...args['kernel-arg']];
    if (set.length + args.remove.length === 0) {
      throw new RazorMkError('RAZOR_MK_USAGE', 'nothing to change', {
        remedy: 'Give --server, --kernel-arg or --remove.',
      });
    }
    const out = resolve(args.out);
    // a name and an address of two servers would both be on the line
    const other = args.server === undefined ? [] : OTHER_SERVER;
    const { before, after } = await editIso(resolve(args.file), { set, remove: args.remove, drop: other }, out);
    host.out(`${out}\nbefore: ${before.join(' ')}\nnow:    ${after.join(' ')}\n`);
    return 0;
  },
});

const OTHER_SERVER = ['razor.ip', 'razor.server'];

function serverWords(server: string | undefined): string[] {
  if (server === undefined) return [];
  if (isIP(server) !== 0) return [`razor.ip=${server}`];
  if (/^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(server)) return [`razor.server=${server}`];
  throw new RazorMkError('RAZOR_MK_USAGE', `invalid host: ${JSON.stringify(server)}`, {
    remedy: 'Give an address or a name: --server 192.0.2.10.',
  });
}
