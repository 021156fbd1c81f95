/** The page of one node: who it is, what it is told and why, its tags with their reasons, its facts, what happened. */
import { policyLines } from '../../platform/rules/verdict-words.ts';
import type { LabCore } from '../lab-core.ts';
import type { ActiveModel, NodeRecord } from '../store/records.ts';
import { handOverText } from '../engine/brokers.ts';
import { retryObstacle, triesText } from '../engine/tries.ts';
import { explainNode } from '../engine/explain-node.ts';
import { eventList } from './log/log-page.ts';
import { html, type Html } from './html.ts';
import { ageOf, badge, clockTime } from './layout.ts';
import { idText, nodeHardware, nodeName, stateView } from './node-state.ts';

function factText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function identity(core: LabCore, node: NodeRecord, now: number): Html {
  const ids = core.store.nodes.hwIds(node.id).map((id) => html`<div class="mono">${idText(id)}</div>`);
  const rows: [string, Html | string][] = [
    ['Ids', html`${ids}`],
    ['UUID', html`<span class="mono">${node.uuid}</span>`],
    ['Number', html`<span class="mono">${node.id}</span> <span class="quiet">(razor-server’s id of it)</span>`],
    ['Dialect', node.dialect],
    ['Last contact', ageOf(node.contact, now)],
    ['Last state', node.lastState ?? 'none'],
    ['Registered', node.registered === undefined ? 'not yet' : ageOf(node.registered, now)],
    ['First seen', ageOf(node.created, now)],
  ];
  if (node.forcedAction !== undefined) {
    const param = node.forcedParam === undefined ? '' : ` ${JSON.stringify(node.forcedParam)}`;
    rows.push(['Forced command', `${node.forcedAction}${param}`]);
  }
  for (const [name, value] of Object.entries(node.metadata)) rows.push([`Metadata ${name}`, factText(value)]);
  return html`<dl class="plain">
    ${rows.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

function tagTable(core: LabCore, node: NodeRecord): Html {
  const tags = core.tags(node);
  if (tags.length === 0) return html`<div class="empty">No rule gives it a tag.</div>`;
  return html`<table class="stack">
    <tbody>
      ${tags.map(
        ({ tag, rule, because }) =>
          html`<tr>
            <td><span class="tag">${tag}</span></td>
            <td>${because}<span class="sub wrap">rule ${rule}</span></td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Each policy with what keeps the node from it; nothing for a node that is bound. */
function policyVerdicts(core: LabCore, node: NodeRecord): Html | undefined {
  if (core.store.activeModels.ofNode(node.id)) return undefined;
  const { summary, policies } = explainNode(core, node);
  const rows = policies.map((verdict) => {
    const fits = verdict.obstacle === undefined && verdict.lacks.length === 0;
    const [, ...why] = policyLines(verdict);
    const lines = fits ? policyLines(verdict) : why;
    return html`<tr>
      <td>
        ${badge(fits ? 'green' : 'grey', fits ? 'fits' : 'does not fit')} <span class="name">${verdict.policy}</span>
      </td>
      <td>${lines.map((line) => html`<span class="sub wrap">${line.trim()}</span>`)}</td>
    </tr>`;
  });
  return html`<section class="card">
    <header>
      <h2>Policies, and why not</h2>
      <span class="quiet">${summary}</span>
    </header>
    ${
      rows.length === 0
        ? html`<div class="empty">There are no policies.</div>`
        : html`<table class="stack" id="why-not">
            <tbody>
              ${rows}
            </tbody>
          </table>`
    }
  </section>`;
}

/** Which try it is and since when; for one that was stopped or failed, how it is started again. */
function tryNote(core: LabCore, active: ActiveModel): string {
  const tries = triesText(core, active);
  const began = active.tried === undefined ? '' : `, installer booted at ${clockTime(active.tried)}`;
  const shown = tries === '' ? '' : `; try ${tries}${began}${active.overdue ? ', takes too long' : ''}`;
  const again = retryObstacle(core, active) === undefined ? `; lab active-model retry ${active.uuid}` : '';
  const given = handOverText(core, active);
  return `${shown}${again}${given === '' ? '' : `; hand-over, ${given}`}`;
}

function installation(core: LabCore, node: NodeRecord): Html | undefined {
  const active = core.store.activeModels.ofNode(node.id);
  if (!active) return undefined;
  const log = core.store.activeModels.log(active.id, 30);
  const lines = [...log].reverse().map(
    (entry) =>
      html`<tr>
        <td class="time">${clockTime(entry.at)}</td>
        <td>${entry.action}</td>
        <td>${entry.oldState === entry.state ? entry.state : `${entry.oldState} → ${entry.state}`}</td>
        <td class="mono">${entry.result}</td>
      </tr>`,
  );
  return html`<section class="card">
    <header>
      <h2>${active.policyLabel}</h2>
      <span class="quiet">model ${active.model.label}, template ${active.model.template}${tryNote(core, active)}</span>
    </header>
    <table class="stack">
      <thead>
        <tr>
          <th>Time (UTC)</th>
          <th>What came</th>
          <th>State</th>
          <th>Answer</th>
        </tr>
      </thead>
      <tbody>
        ${lines}
      </tbody>
    </table>
  </section>`;
}

function factTable(core: LabCore, node: NodeRecord, search: string): Html {
  const all = Object.entries(core.store.nodes.facts(node.id)).map(([name, value]) => [name, factText(value)] as const);
  all.sort(([a], [b]) => (a < b ? -1 : 1));
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = all.filter(([name, value]) => words.every((word) => `${name} ${value}`.toLowerCase().includes(word)));
  const rows = shown.map(
    ([name, value]) =>
      html`<tr>
        <td class="mono fact">${name}</td>
        <td class="mono" data-value>${value}</td>
        <td class="act">
          <button class="copy needs-script" type="button" data-copy="row" aria-label="Copy the value of ${name}">
            copy
          </button>
        </td>
      </tr>`,
  );
  const path = `/nodes/${encodeURIComponent(node.uuid)}`;
  return html`<section class="card">
    <header>
      <h2>
        Facts
        <span class="quiet number" data-count
          >${shown.length === all.length ? all.length : `${shown.length} of ${all.length}`}</span
        >
      </h2>
      <form class="search" action="${path}" method="get" role="search">
        <input
          type="search"
          name="q"
          value="${search}"
          data-filters="facts"
          placeholder="Name or value"
          aria-label="Search facts"
        /><button>Search</button><button class="needs-script" type="button" data-copy="#facts">Copy all</button>
      </form>
    </header>
    ${
      all.length === 0
        ? html`<div class="empty">It has not sent facts yet.</div>`
        : html`<table class="stack facts" id="facts">
            <thead>
              <tr>
                <th>Name</th>
                <th>Value</th>
                <th><span class="unseen">Copy</span></th>
              </tr>
            </thead>
            <tbody>
              ${rows}
            </tbody>
          </table>`
    }
  </section>`;
}

/** One node. */
export function nodePage(core: LabCore, node: NodeRecord, search: string): Html {
  const now = core.wall();
  const facts = core.store.nodes.facts(node.id);
  const state = stateView(core, node, core.store.activeModels.ofNode(node.id));
  const events = core.events.since(0, node.uuid);
  return html`<h1>${nodeName(facts, core.store.nodes.hwIds(node.id))} ${badge(state.tone, state.word)}</h1>
    <p class="lead">
      ${nodeHardware(facts) || 'Hardware unknown'}. ${state.meaning.charAt(0).toUpperCase()}${state.meaning.slice(1)}.
    </p>
    <div class="two">
      <section class="card">
        <header><h2>Who it is</h2></header>
        <div class="inside">${identity(core, node, now)}</div>
      </section>
      <section class="card">
        <header><h2>Tags, and why</h2></header>
        ${tagTable(core, node)}
      </section>
    </div>
    ${policyVerdicts(core, node)} ${installation(core, node)} ${eventList(core, events, { node: node.uuid })}
    ${factTable(core, node, search)}`;
}
