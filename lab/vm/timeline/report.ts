/** The timeline as one self-contained HTML page: an SVG chart, the moments, the consoles and the lab's request log. */
import { escapeHtml } from '../../pages/html.ts';
import type { Moment, Phase } from './timeline.ts';

interface ReportInput {
  readonly title: string;
  readonly moments: readonly Moment[];
  /** Console text by machine. */
  readonly consoles: Readonly<Record<string, string>>;
  /** What each machine's screen shows, as PNG, by machine. */
  readonly screens?: Readonly<Record<string, Uint8Array>>;
  /** Long texts behind a heading each: what the lab was asked, what it decided, what dnsmasq said. */
  readonly logs: Readonly<Record<string, string>>;
}

const COLOURS: Readonly<Record<Phase, string>> = {
  power: '#6b7280',
  firmware: '#6b7280',
  DHCP: '#0e7490',
  TFTP: '#0e7490',
  iPXE: '#7c3aed',
  'boot API': '#7c3aed',
  kernel: '#b45309',
  init: '#b45309',
  lease: '#0e7490',
  agent: '#15803d',
  discovery: '#15803d',
  'check-in': '#15803d',
  register: '#15803d',
  tags: '#1d4ed8',
  policy: '#1d4ed8',
  command: '#be123c',
  reboot: '#be123c',
  installer: '#7c3aed',
  callback: '#1d4ed8',
  'local boot': '#be123c',
};

const ROW = 18;
const LEFT = 96;
const WIDTH = 900;

/** One lane a machine: a dot a moment, its text beside it, time downwards in even rows and a bar for the time that passed. */
function chart(machine: string, moments: readonly Moment[]): string {
  const total = Math.max(1, moments.at(-1)?.at ?? 1);
  const height = moments.length * ROW + 12;
  const rows = moments.map((moment, index) => {
    const previous = moments[index - 1]?.at ?? 0;
    const y = index * ROW + 14;
    const bar = Math.max(1, ((moment.at - previous) / total) * 260);
    const colour = COLOURS[moment.phase];
    return [
      `<text x="${LEFT - 10}" y="${y}" text-anchor="end" class="time">${(moment.at / 1000).toFixed(1)} s</text>`,
      `<rect x="${LEFT}" y="${y - 9}" width="${bar.toFixed(1)}" height="10" rx="2" fill="${colour}"/>`,
      `<text x="${LEFT + 270}" y="${y}" fill="${colour}" class="phase">${escapeHtml(moment.phase)}</text>`,
      `<text x="${LEFT + 350}" y="${y}">${escapeHtml(moment.text.slice(0, 90))}</text>`,
    ].join('');
  });
  return `<h2>${escapeHtml(machine)}</h2><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="timeline of ${escapeHtml(machine)}">${rows.join('\n')}</svg>`;
}

/** The last MiB of a text, under a heading that opens it; nothing where there is none. */
function folded(title: string, text: string): string {
  if (text === '') return '';
  const shown = escapeHtml(text.slice(-1_048_576));
  return `<details><summary>${escapeHtml(title)}</summary><pre>${shown}</pre></details>`;
}

/** The whole page; needs no other file and no script. */
export function reportPage(input: ReportInput): string {
  const machines = [...new Set(input.moments.map((moment) => moment.machine))];
  const lanes = machines.map((machine) =>
    chart(
      machine,
      input.moments.filter((moment) => moment.machine === machine),
    ),
  );
  const consoles = Object.entries(input.consoles).map(([name, text]) => folded(`Console of ${name}`, text));
  const screens = Object.entries(input.screens ?? {}).map(([name, png]) => {
    const data = Buffer.from(png).toString('base64');
    const title = `Screen of ${escapeHtml(name)}`;
    return `<details><summary>${title}</summary><img alt="${title}" src="data:image/png;base64,${data}"></details>`;
  });
  const logs = Object.entries(input.logs).map(([title, text]) => folded(title, text));
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(input.title)}</title>
<style>
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2rem auto;padding:0 1rem}
svg{width:100%;height:auto;font:12px ui-monospace,monospace}
svg text{fill:currentColor}svg .phase{font-weight:600}svg .time{opacity:.7}
pre{overflow-x:auto;font-size:12px;line-height:1.35;border:1px solid #8884;border-radius:6px;padding:.75rem}
img{max-width:100%;height:auto}
summary{cursor:pointer;padding:.4rem 0;font-weight:600}
</style>
<h1>${escapeHtml(input.title)}</h1>
<p>Seconds since the machine was powered on. A bar is the time that passed since the line above it.</p>
${lanes.join('\n')}
${consoles.join('\n')}
${[...screens, ...logs].join('\n')}
</html>
`;
}
