/** docs/journey.svg: the way of a machine from power-on to its own disk, drawn from the table below. `npm run docs` writes it. */

/** Who does a step. */
type Lane = 'machine' | 'server';

interface Step {
  readonly lane: Lane;
  /** Column, 0 to 7, in the order of time. */
  readonly column: number;
  readonly title: string;
  /** At most two lines of some 18 characters. */
  readonly lines: readonly string[];
  /** Done by the agent of this project. */
  readonly agent?: true;
}

/** An arrow between the lanes in one column, and what it carries. */
interface Exchange {
  readonly column: number;
  readonly to: Lane;
  readonly label: string;
}

const STEPS: readonly Step[] = [
  { lane: 'machine', column: 0, title: 'Power on', lines: ['BIOS or UEFI,', 'DHCP, iPXE'] },
  { lane: 'machine', column: 1, title: 'Microkernel', lines: ['kernel and initrd,', 'all in RAM'] },
  { lane: 'machine', column: 2, title: 'Discovery', lines: ['kernel line, DNS,', 'DHCP'], agent: true },
  { lane: 'machine', column: 3, title: 'Register', lines: ['facts from /sys,', '/proc, SMBIOS'], agent: true },
  { lane: 'machine', column: 4, title: 'Check-in', lines: ['once a minute,', 'never gives up'], agent: true },
  { lane: 'machine', column: 5, title: 'Command', lines: ['reboot, poweroff,', 'kexec, identify'], agent: true },
  { lane: 'machine', column: 6, title: 'Installer', lines: ['of the policy’s', 'model'] },
  { lane: 'machine', column: 7, title: 'Own disk', lines: ['the installed', 'system'] },
  { lane: 'server', column: 1, title: 'Boot API', lines: ['unknown: boots', 'the microkernel'] },
  { lane: 'server', column: 3, title: 'Tags', lines: ['cpus_8, nics_2,', 'memsize_64GiB'] },
  { lane: 'server', column: 4, title: 'Policy', lines: ['first one whose', 'tags all match'] },
  { lane: 'server', column: 6, title: 'Boot API', lines: ['bound: boots', 'the installer'] },
  { lane: 'server', column: 7, title: 'Boot API', lines: ['complete: boots', 'the disk'] },
];

const EXCHANGES: readonly Exchange[] = [
  { column: 1, to: 'machine', label: 'boot script' },
  { column: 3, to: 'server', label: 'facts' },
  { column: 4, to: 'machine', label: 'reboot' },
  { column: 6, to: 'machine', label: 'script, answers' },
  { column: 7, to: 'machine', label: 'boot script' },
];

/** Columns of the server's lane between which an arrow runs. */
const SERVER_FLOW: readonly (readonly [number, number])[] = [[3, 4]];

const WIDTH = 1160;
const HEIGHT = 344;
const BOX = { width: 124, height: 74 };
const LEFT = 24;
const PITCH = 141;
const TOP: Readonly<Record<Lane, number>> = { machine: 56, server: 210 };
/** Height of a lane's name, above the machine's boxes and below the server's: no arrow crosses it. */
const NAME_HEIGHT = 38;
const MARGIN = 12;

const STYLE = `
  .page { fill: #ffffff; }
  .lane { fill: #f3f5f8; }
  .agent { fill: #dff3ee; }
  .box { fill: #ffffff; stroke: #7d8896; }
  .box.agents { stroke: #0f766e; stroke-width: 2; }
  .name { font: 600 14px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #4b5563; }
  .title { font: 600 15px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #111827; text-anchor: middle; }
  .line, .label { font: 12px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #374151; text-anchor: middle; }
  .label { text-anchor: start; fill: #1d4ed8; }
  .flow { stroke: #4b5563; stroke-width: 1.6; fill: none; }
  .talk { stroke: #1d4ed8; stroke-width: 1.6; fill: none; }
  .head { fill: #4b5563; }
  .talkhead { fill: #1d4ed8; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; }
    .lane { fill: #161b22; }
    .agent { fill: #0f2e2b; }
    .box { fill: #0d1117; stroke: #6e7681; }
    .box.agents { stroke: #2dd4bf; }
    .name { fill: #9ca3af; }
    .title { fill: #f3f4f6; }
    .line { fill: #c9d1d9; }
    .label { fill: #79b8ff; }
    .flow { stroke: #9ca3af; }
    .talk { stroke: #79b8ff; }
    .head { fill: #9ca3af; }
    .talkhead { fill: #79b8ff; }
  }`;

/** The picture as SVG text; it follows the reader's light or dark scheme and needs nothing else. */
export function journeySvg(): string {
  const machine = STEPS.filter(({ lane }) => lane === 'machine').map(({ column }) => column);
  const flows = [
    ...machine.slice(1).map((column) => arrow('flow', right(column - 1), left(column), middle('machine'))),
    ...SERVER_FLOW.map(([from, to]) => arrow('flow', right(from), left(to), middle('server'))),
  ];
  const parts = [
    `<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="8"/>`,
    lane('machine', 'The machine'),
    agentArea(),
    lane('server', 'The server: Razor, Hanlon, razor-server, or the lab that comes with razor-mk'),
    ...flows,
    ...EXCHANGES.map(exchange),
    ...STEPS.map(box),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title desc">`,
    '<title id="title">From power-on to an installed system</title>',
    `<desc id="desc">${description()}</desc>`,
    `<style>${STYLE}\n</style>`,
    `<defs>${marker('head')}${marker('talkhead')}</defs>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function description(): string {
  const titles = (lane: Lane): string =>
    STEPS.filter((step) => step.lane === lane)
      .map(({ title, lines }) => `${title} (${lines.join(' ')})`)
      .join(', ');
  return `The machine: ${titles('machine')}. The server: ${titles('server')}.`;
}

function left(column: number): number {
  return LEFT + column * PITCH;
}

function right(column: number): number {
  return left(column) + BOX.width;
}

function middle(lane: Lane): number {
  return TOP[lane] + BOX.height / 2;
}

function lane(name: Lane, text: string): string {
  const y = TOP[name] - (name === 'machine' ? NAME_HEIGHT : MARGIN);
  const baseline = name === 'machine' ? y + 25 : TOP.server + BOX.height + 26;
  return `<rect class="lane" x="10" y="${y}" width="${WIDTH - 20}" height="${BOX.height + NAME_HEIGHT + MARGIN}" rx="8"/><text class="name" x="${LEFT}" y="${baseline}">${text}</text>`;
}

function agentArea(): string {
  const columns = STEPS.filter(({ agent }) => agent).map(({ column }) => column);
  const x = left(Math.min(...columns)) - 8;
  const width = right(Math.max(...columns)) + 8 - x;
  const y = TOP.machine - NAME_HEIGHT;
  return `<rect class="agent" x="${x}" y="${y}" width="${width}" height="${BOX.height + NAME_HEIGHT + MARGIN}"/><text class="name" x="${x + 10}" y="${y + 25}">razor-mk, the agent</text>`;
}

function box({ lane: row, column, title, lines, agent }: Step): string {
  const x = left(column);
  const y = TOP[row];
  const centre = x + BOX.width / 2;
  const texts = lines.map(
    (line, index) => `<text class="line" x="${centre}" y="${y + 43 + index * 17}">${line}</text>`,
  );
  return [
    `<rect class="box${agent ? ' agents' : ''}" x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6"/>`,
    `<text class="title" x="${centre}" y="${y + 22}">${title}</text>`,
    ...texts,
  ].join('');
}

function exchange({ column, to, label }: Exchange): string {
  const x = left(column) + BOX.width / 2;
  const above = TOP.machine + BOX.height;
  const [from, end] = to === 'server' ? [above, TOP.server - 1] : [TOP.server, above + 1];
  return `<line class="talk" x1="${x}" y1="${from}" x2="${x}" y2="${end}" marker-end="url(#talkhead)"/><text class="label" x="${x + 8}" y="${(above + TOP.server) / 2 + 4}">${label}</text>`;
}

function arrow(kind: string, from: number, to: number, y: number): string {
  return `<line class="${kind}" x1="${from}" y1="${y}" x2="${to - 1}" y2="${y}" marker-end="url(#head)"/>`;
}

function marker(id: string): string {
  return `<marker id="${id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="${id}" d="M0 0 8 4 0 8z"/></marker>`;
}
