/** The tables of docs/dialects.md that are printed from the servers' descriptors. */
import { SERVERS } from '../agent/servers/registry.ts';
import type { ContractWords, ServerDescriptor } from '../agent/servers/server.ts';

const code = (text: string): string => `\`${text}\``;
const list = (texts: readonly string[]): string => texts.join(', ') || 'none';

function foundBy({ offer, discovery }: ServerDescriptor): string {
  return list([
    ...(discovery.dnsName === undefined ? [] : [`DNS ${code(discovery.dnsName)}`]),
    ...(offer.leaseFile === undefined ? [] : [`DHCP (${code(offer.leaseFile)})`]),
    ...(discovery.nextServer ? ['next-server'] : []),
    ...(discovery.srvName === undefined ? [] : [`SRV ${code(discovery.srvName)}`]),
  ]);
}

function portOf({ discovery }: ServerDescriptor): string {
  if (discovery.find !== undefined) return 'in the URL';
  return discovery.defaultPort === undefined ? 'of http or https' : String(discovery.defaultPort);
}

function intervalOf({ turns }: ServerDescriptor): string {
  if (turns === undefined) return 'no turns: a job';
  const { seconds, kernelKey } = turns.interval;
  if (seconds === undefined) return 'pushed, else 60 s';
  return `${seconds} s${kernelKey === undefined ? '' : `, or ${code(`${kernelKey}=`)}`}`;
}

function forgetsAfter({ turns }: ServerDescriptor): string {
  return turns?.forgetsAfterS === undefined ? 'never' : `${turns.forgetsAfterS} s`;
}

const page = ({ page: path }: ServerDescriptor): string => {
  const name = path.replace('docs/', '');
  return name === 'dialects.md' ? 'this one' : `[${name}](${name})`;
};

const SERVER_COLUMNS: Readonly<Record<string, (server: ServerDescriptor) => string>> = {
  name: ({ name }) => code(name),
  servers: ({ description }) => description,
  'chosen by': ({ offer }) => offer.kernelKeys.map((key) => code(`${key}=`)).join(offer.needsAll ? ' and ' : ', '),
  'looked for by': ({ discovery }) => list(discovery.kernelKeys.map((key) => code(`${key}=`))),
  'else by': foundBy,
  port: portOf,
  interval: intervalOf,
  'forgets a node after': forgetsAfter,
  page,
};

const CONTRACT_COLUMNS: Readonly<Record<string, keyof ContractWords>> = {
  'a machine is': 'machine',
  'check-in': 'checkin',
  register: 'register',
  'success means': 'success',
  commands: 'commands',
  'after a policy matched': 'bound',
  'pushed configuration': 'pushed',
  facts: 'facts',
};

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), `|${'---|'.repeat(columns.length)}`, ...rows.map(line)].join('\n');
}

/** Both tables, in Markdown: where each server is found, and how it is spoken to. */
export function serverTables(servers: readonly ServerDescriptor[] = SERVERS): string {
  const cells = Object.values(SERVER_COLUMNS);
  const found = table(
    Object.keys(SERVER_COLUMNS),
    servers.map((server) => cells.map((cell) => cell(server))),
  );
  const contract = table(
    ['name', ...Object.keys(CONTRACT_COLUMNS)],
    servers.map(({ name, contract: words }) => [
      code(name),
      ...Object.values(CONTRACT_COLUMNS).map((key) => words?.[key] ?? ''),
    ]),
  );
  return `${found}\n\n${contract}`;
}
