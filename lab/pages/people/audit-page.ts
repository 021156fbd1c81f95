/** The audit log as a page: who changed what, and how it ended. */
import type { LabCore } from '../../lab-core.ts';
import type { AuditEntry } from '../../store/people.ts';
import { html, type Html } from '../html.ts';
import { ageOf, badge } from '../layout.ts';

const LINES = 200;

function row(entry: AuditEntry, now: number): Html {
  return html`<tr>
    <td class="time">${ageOf(entry.at, now)}</td>
    <td><a class="name" href="/audit?who=${encodeURIComponent(entry.who)}">${entry.who}</a></td>
    <td data-label="Did">
      <span class="mono">${entry.action}</span>
      ${entry.details === '' ? undefined : html`<span class="sub-line quiet mono">${entry.details}</span>`}
    </td>
    <td class="short" data-label="Answer">${badge(entry.status < 400 ? 'green' : 'red', String(entry.status))}</td>
    <td class="short" data-label="From">${entry.address}</td>
  </tr>`;
}

/** The newest lines, of one name where it is given; older ones by the number of a line. */
export function auditPage(core: LabCore, who: string | undefined, before: number | undefined): Html {
  const entries = core.store.people.audit.list(LINES, before, who);
  const now = core.wall();
  const older = new URLSearchParams({
    ...(who !== undefined && { who }),
    before: String(entries.at(-1)?.id ?? 0),
  });
  const table = html`<table class="stack">
    <thead>
      <tr>
        <th>When</th>
        <th>Who</th>
        <th>What</th>
        <th>Answer</th>
        <th>From</th>
      </tr>
    </thead>
    <tbody>
      ${entries.map((entry) => row(entry, now))}
    </tbody>
  </table>`;
  return html`<h1>Audit log</h1>
    <p class="lead">
      Who changed what${who === undefined ? '' : `: ${who}`}. Lines are added and never changed.
      ${who === undefined ? undefined : html`<a href="/audit">Everybody</a>`}
    </p>
    <section class="card">
      <header><h2>Changes, newest first</h2></header>
      ${entries.length === 0 ? html`<div class="empty">Nobody has changed anything.</div>` : table}
    </section>
    ${entries.length === LINES ? html`<p class="lead"><a href="/audit?${older.toString()}">Older</a></p>` : undefined}`;
}
