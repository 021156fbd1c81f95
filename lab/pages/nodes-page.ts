/** The page of all nodes. */
import type { LabCore } from '../lab-core.ts';
import type { NodeRecord } from '../store/records.ts';
import { html, type Html } from './html.ts';
import { ageOf, badge } from './layout.ts';
import { idText, nodeHardware, nodeName, stateView } from './node-state.ts';

/** Rows of one page: more would take a browser, and the lab, too long. */
const PAGE_SIZE = 100;
/** With more nodes than this, search looks at ids only: their facts are too many to read for one request. */
const SEARCH_FACTS_UP_TO = 2000;

interface NodesQuery {
  readonly search: string;
  /** From 1. */
  readonly page: number;
}

function matches(core: LabCore, search: string, total: number): NodeRecord[] {
  const { nodes } = core.store;
  const word = search.toLowerCase();
  if (total > SEARCH_FACTS_UP_TO) {
    const bare = search.toUpperCase().replaceAll(/[:.-]/g, '');
    const byUuid = nodes.get(search);
    return byUuid ? [byUuid] : [...nodes.find([bare, search, search.toUpperCase()])];
  }
  return nodes.list().filter((node) => {
    const ids = nodes.hwIds(node.id);
    const texts = [node.uuid, ...ids, ...ids.map(idText), ...core.tags(node).map(({ tag }) => tag)];
    return (
      texts.some((text) => text.toLowerCase().includes(word)) ||
      JSON.stringify(nodes.facts(node.id)).toLowerCase().includes(word)
    );
  });
}

/** Says what was not looked at, too. */
function nothingFound(search: string, total: number): string {
  if (total <= SEARCH_FACTS_UP_TO) return `No node matches “${search}”.`;
  return `No node has the id “${search}”. With more than ${SEARCH_FACTS_UP_TO.toLocaleString('en')} nodes only whole MACs and UUIDs are searched, not tags, names or facts.`;
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

/** Nodes, newest first, a page at a time. */
export function nodesPage(core: LabCore, { search, page }: NodesQuery, nodesUrl: string): Html {
  const now = core.wall();
  const total = core.store.nodes.count();
  const found = search === '' ? undefined : matches(core, search, total).reverse();
  const shown =
    found?.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE) ??
    core.store.nodes.newest(PAGE_SIZE, (page - 1) * PAGE_SIZE);
  const pages = Math.max(1, Math.ceil((found?.length ?? total) / PAGE_SIZE));
  const link = (to: number, word: string): Html =>
    html`<a href="/?page=${to}${search === '' ? '' : `&q=${encodeURIComponent(search)}`}">${word}</a>`;
  const turning =
    pages > 1
      ? html`<p class="lead">
          Page ${page} of ${pages}. ${page > 1 ? link(page - 1, 'Newer') : undefined}
          ${page < pages ? link(page + 1, 'Older') : undefined}
        </p>`
      : undefined;
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
  const nobody =
    search === ''
      ? html`<div class="empty">No node has been here yet. Point one at <span class="mono">${nodesUrl}</span>.</div>`
      : html`<div class="empty">${nothingFound(search, total)}</div>`;
  return html`<h1>Nodes</h1>
    <p class="lead">Machines that booted the microkernel and told what they are.</p>
    ${figures(core, total)}
    <section class="card">
      <header>
        <h2>${search === '' ? 'All nodes' : `Nodes matching “${search}”`}</h2>
        <form class="search" action="/" method="get" role="search">
          <input
            type="search"
            name="q"
            value="${search}"
            placeholder="${total > SEARCH_FACTS_UP_TO ? 'whole MAC or UUID' : 'MAC, tag or fact'}"
            aria-label="Search nodes"
          /><button>Search</button>
        </form>
      </header>
      ${shown.length === 0 ? nobody : table}
    </section>
    ${turning}`;
}
