/** The verb `discover`: where the server is, and with --explain how that was found out. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { defineVerb } from '../../platform/process/verb.ts';
import type { Discovery } from '../discovery/candidate.ts';
import { agentOptions, TO_FIND, serverList } from './options.ts';
import { settingsByHand, setUp } from './setup.ts';

export const verb = defineVerb({
  options: (yargs) =>
    agentOptions(
      yargs,
      {
        explain: { type: 'boolean', default: false, describe: 'every step, also those that found nothing' },
        json: { type: 'boolean', default: false, describe: 'candidates and steps as JSON' },
      },
      TO_FIND,
    ),
  examples: [
    ['discover --explain', 'every source that was asked, and what it gave'],
    ['discover --cmdline ./cmdline --dialect foreman', 'where a node with this kernel line would find Foreman'],
  ],
  epilogue: serverList,
  run: async (args, host) => {
    const setup = await setUp(args, host);
    const values = settingsByHand(setup, host);
    const discovery = await setup.discover(values, host.signal);
    if (args.json) {
      const { candidates, steps } = discovery;
      host.out(
        `${JSON.stringify({ dialect: setup.descriptor.name, dialectWhy: setup.descriptorReason, candidates, steps })}\n`,
      );
      return 0;
    }
    if (args.explain)
      host.out(explainDiscovery(discovery, `${setup.descriptor.name}, because ${setup.descriptorReason}`));
    const [first] = discovery.candidates;
    if (first === undefined) throw new RazorMkError('RAZOR_MK_NO_SERVER', 'no provisioning server was found');
    for (const { url, source } of discovery.candidates)
      host.out(args.explain ? `server ${url} by ${source}\n` : `${url}\n`);
    return 0;
  },
});

/** The trace, a line for each step. */
function explainDiscovery({ steps }: Discovery, dialect: string): string {
  const width = Math.max(0, ...steps.map((step) => step.source.length));
  const lines = steps.map((step) => {
    const found = step.found.length === 0 ? '' : ` => ${step.found.join(', ')}`;
    return `${step.source.padEnd(width)}  ${step.note}${found}\n`;
  });
  return `dialect ${dialect}\n${lines.join('')}`;
}
