/**
 * A second opinion: the same questions to the programs that are installed and to systeminformation, and where they disagree.
 * Never on the way to a fact.
 */
import type { Host } from '../../platform/process/verb.ts';
import type { Sources } from '../sources/sources.ts';
import { askDmidecode, askFacter, askLscpu, askLshw } from './programs.ts';
import type { ProgramReport } from './second-opinion-types.ts';
import { askSysteminformation } from './systeminformation.ts';

/** Where another program differs from us. */
interface Disagreement {
  readonly program: string;
  readonly fact: string;
  readonly ours: string | undefined;
  readonly theirs: string;
}

/** Asks all of them, one after the other. Never throws. */
async function askPrograms(sources: Sources): Promise<ProgramReport[]> {
  return [
    await askFacter(sources),
    await askLscpu(sources),
    await askDmidecode(sources),
    await askLshw(sources),
    await askSysteminformation(sources),
  ];
}

/** Where they differ from our values. Letter case, spaces and Facter 4's unit spelling (`GiB`) make no difference. */
export function disagreements(
  ours: Readonly<Record<string, string>>,
  reports: readonly ProgramReport[],
): Disagreement[] {
  return reports.flatMap((report) =>
    report.values
      .filter(({ fact, theirs }) => normal(theirs) !== normal(ours[fact]))
      .map(({ fact, theirs }) => ({ program: report.name, fact, ours: ours[fact], theirs })),
  );
}

function normal(text: string | undefined): string {
  const plain = (text ?? '').toLowerCase().replaceAll(/\s+/g, ' ').trim();
  return plain.replace(/^([\d.]+) ([kmgt])i?b$/, '$1 $2b');
}

/** The report for people: who was asked, and the differences side by side. */
export async function secondOpinion(
  values: Readonly<Record<string, string>>,
  sources: Sources,
  host: Pick<Host, 'colour'>,
): Promise<string> {
  const reports = await askPrograms(sources);
  const found = disagreements(values, reports);
  let text = '';
  for (const { name, values: theirs, missing } of reports) {
    const differ = found.filter((one) => one.program === name).length;
    text += missing === undefined ? `${name}: ${theirs.length} compared, ${differ} differ\n` : `${name}: ${missing}\n`;
  }
  if (found.length === 0) return `${text}\nno disagreement\n`;
  const width = Math.max(...found.map(({ fact }) => fact.length));
  const ours = Math.min(40, Math.max(4, ...found.map((one) => (one.ours ?? '(absent)').length)));
  const bold = (line: string): string => (host.colour ? `\u001b[1m${line}\u001b[0m` : line);
  text += `\n${bold(`${'fact'.padEnd(width)}  ${'ours'.padEnd(ours)}  theirs`)}\n`;
  for (const one of found) {
    const mine = (one.ours ?? '(absent)').replaceAll('\n', ' ').slice(0, 40).padEnd(ours);
    text += `${one.fact.padEnd(width)}  ${mine}  ${one.theirs.replaceAll('\n', ' ').slice(0, 60)}  (${one.program})\n`;
  }
  return text;
}
