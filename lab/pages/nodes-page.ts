/** The page of all nodes. */
import type { LabCore } from '../lab-core.ts';
import type { NodeRecord } from '../store/records.ts';
import { html, type Html } from './html.ts';
import { ageOf, badge } from './layout.ts';
import { idText, nodeHardware, nodeName, STATE_WORDS, stateView } from './node-state.ts';
import { filterQuery, findNodes, isNarrow, type NodeFilter } from './nodes/node-search.ts';

/** Rows of one page: more would take a browser, and the lab, too long. */
const PAGE_SIZE = 100;
interface NodesQuery extends NodeFilter {
  /** From 1. */
  readonly page: number;
}

function row(core: LabCore, node: NodeRecord, now: number): Html {
  const facts = core.store.nodes.facts(node.id);
  const hwIds = core.store.nodes.hwIds(node.id);
  const active = core.store.activeModels.ofNode(node.id);
  const state = stateView(core, node, active);
  const tags = core.tags(node).map(({ tag }) => html`<span class="tag">${tag}</span>`);
  const more = hwIds.length > 2 ? html`<span class="sub">and ${hwIds.length - 2} more</span>` : undefined;
  return html`<tr>
    <td>
      <a class="name" href="/nodes/${encodeURIComponent(node.uuid)}">${nodeName(facts, hwIds)}</a
      ><span class="sub-line quiet">${nodeHardware(facts)}</span>
    </td>
    <td class="short" title="${state.meaning}">${badge(state.tone, state.word)}</td>
    <td>${hwIds.slice(0, 2).map((id) => html`<span class="sub">${idText(id)}</span>`)}${more}</td>
    <td>${tags}</td>
    <td class="short" data-label="Policy">${active?.policyLabel ?? html`<span class="quiet">none</span>`}</td>
    <td class="time" data-label="Last contact">${ageOf(node.contact, now)}</td>
  </tr>`;
}

function figures(core: LabCore, total: number): Html {
  const states = core.store.activeModels.states();
  const count = (...names: string[]): number => names.reduce((sum, name) => sum + (states.get(name) ?? 0), 0);
  const bound = [...states.values()].reduce((sum, each) => sum + each, 0);
  const cards: [number, string][] = [
    [total, total === 1 ? 'node known' : 'nodes known'],
    [total - bound, 'not bound'],
    [count('init', 'preinstall', 'postinstall', 'broker_wait'), 'at work'],
    [count('os_complete', 'complete_no_broker', 'broker_success'), 'installed'],
    [count('broker_fail', 'timeout_error', 'error_catch'), 'failed'],
  ];
  return html`<div class="cards">
    ${cards.map(([number, name]) => html`<div class="figure"><b>${number}</b><span>${name}</span></div>`)}
  </div>`;
}

/** What the list shows, in words. */
function heading({ search, state }: NodeFilter): string {
  if (search === '' && state === '') return 'All nodes';
  return `Nodes${state === '' ? '' : ` that are ${state}`}${search === '' ? '' : ` matching “${search}”`}`;
}

/** Links to the list of each state; the address can be sent to others. */
function stateLinks(filter: NodeFilter): Html {
  const link = (state: string, word: string): Html =>
    state === filter.state
      ? html`<a href="/${filterQuery({ ...filter, state })}" aria-current="true">${word}</a>`
      : html`<a href="/${filterQuery({ ...filter, state })}">${word}</a>`;
  return html`<nav class="states" aria-label="States">
    ${link('', 'all')}${STATE_WORDS.map((word) => link(word, word))}
  </nav>`;
}

function turning(filter: NodeFilter, page: number, pages: number): Html | undefined {
  if (pages <= 1) return undefined;
  const link = (to: number, word: string): Html =>
    html`<a href="/${filterQuery(filter, { page: String(to) })}">${word}</a>`;
  return html`<p class="lead">
    Page ${page} of ${pages}. ${page > 1 ? link(page - 1, 'Newer') : undefined}
    ${page < pages ? link(page + 1, 'Older') : undefined}
  </p>`;
}

/** Nodes, newest first, a page at a time. Of a filter all nodes are looked at. */
export async function nodesPage(core: LabCore, query: NodesQuery, nodesUrl: string): Promise<Html> {
  const { page, search } = query;
  const filter: NodeFilter = { search, state: query.state };
  const now = core.wall();
  const total = core.store.nodes.count();
  const found = isNarrow(filter) ? (await findNodes(core, filter)).toReversed() : undefined;
  const shown =
    found?.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE) ??
    core.store.nodes.newest(PAGE_SIZE, (page - 1) * PAGE_SIZE);
  const pages = Math.max(1, Math.ceil((found?.length ?? total) / PAGE_SIZE));
  const table = html`<table class="stack">
    <thead>
      <tr>
        <th>Node</th>
        <th>State</th>
        <th>Ids</th>
        <th>Tags</th>
        <th>Policy</th>
        <th>Last contact</th>
      </tr>
    </thead>
    <tbody>
      ${shown.map((node) => row(core, node, now))}
    </tbody>
  </table>`;
  const nobody = isNarrow(filter)
    ? html`<div class="empty">No node of ${total} is one of them.</div>`
    : html`<div class="empty">No node has been here yet. Point one at <span class="mono">${nodesUrl}</span>.</div>`;
  const state = filter.state === '' ? undefined : html`<input type="hidden" name="state" value="${filter.state}" />`;
  return html`<h1>Nodes</h1>
    <p class="lead">Machines that booted the microkernel and told what they are.</p>
    ${figures(core, total)} ${stateLinks(filter)}
    <section class="card">
      <header>
        <h2>${heading(filter)}</h2>
        <span class="quiet number">${found?.length ?? total}</span>
        <form class="search" action="/" method="get" role="search">
          ${state}
          <input
            type="search"
            name="q"
            value="${search}"
            placeholder="part of a MAC, name, tag or fact"
            aria-label="Search nodes"
          /><button>Search</button>
        </form>
      </header>
      ${shown.length === 0 ? nobody : table}
    </section>
    ${turning(filter, page, pages)}
    <p class="lead">
      This list as <a href="/nodes.csv${filterQuery(filter)}">CSV</a> or
      <a href="/nodes.json${filterQuery(filter)}">JSON</a>.
    </p>`;
}
