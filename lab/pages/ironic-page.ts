/** The nodes of the lab's Ironic conductor: state, last error, progress and log, each as it changes. */
import type { LabCore } from '../lab-core.ts';
import type { IronicBoard, IronicNode, IronicState } from '../ironic/board.ts';
import { html, type Html } from './html.ts';
import { IRONIC_TONES } from './ironic-live.ts';
import { ageOf, badge } from './layout.ts';
import { eventList } from './log/log-page.ts';

const MEANINGS: Readonly<Record<IronicState, string>> = {
  'deploy wait': 'Its deploy ramdisk has not exported a disk yet',
  deploying: 'The image is being written to its disk',
  active: 'The image is on its disk, and the ramdisk was told so',
  'deploy failed': 'The deployment ended with an error',
};

function progressOf({ progress }: IronicNode): Html {
  const percent = progress === undefined ? '' : `${Math.floor(progress * 100)} %`;
  const bar =
    progress === undefined
      ? html`<progress max="1" value="0" aria-label="Written" hidden></progress>`
      : html`<progress max="1" value="${progress.toFixed(3)}" aria-label="Written"></progress>`;
  return html`${bar} <span class="number" data-part="percent">${percent}</span>`;
}

function row(node: IronicNode, now: number): Html {
  return html`<tr data-ironic="${node.uuid}">
    <td>
      <a class="name mono" href="/ironic/${encodeURIComponent(node.uuid)}">${node.uuid}</a
      ><span class="sub-line quiet">${node.address ?? 'has not called yet'}</span>
    </td>
    <td class="short" data-part="state" title="${MEANINGS[node.state]}">
      ${badge(IRONIC_TONES[node.state], node.state)}
    </td>
    <td data-label="Written">${progressOf(node)}</td>
    <td data-label="Last error"><span data-part="error">${node.lastError ?? ''}</span></td>
    <td class="time" data-label="Since" data-part="since">${ageOf(node.since, now)}</td>
  </tr>`;
}

/** All of them, and what happened. */
export function ironicPage(core: LabCore, board: IronicBoard): Html {
  const now = core.wall();
  const nodes = board.list();
  const table = html`<table class="stack">
    <thead>
      <tr>
        <th>Node</th>
        <th>State</th>
        <th>Written</th>
        <th>Last error</th>
        <th>Since</th>
      </tr>
    </thead>
    <tbody data-ironic-list>
      ${nodes.map((node) => row(node, now))}
    </tbody>
  </table>`;
  return html`<h1>Ironic</h1>
    <p class="lead">Machines that export their disk to the lab’s conductor and get an image written to it.</p>
    <section class="card">
      <header><h2>Nodes of the conductor</h2></header>
      ${nodes.length === 0 ? html`<div class="empty" data-ironic-list>No deploy ramdisk has called yet.</div>` : table}
    </section>
    ${eventList(core, board.log().slice(-100), { ironic: '*' })}`;
}

/** One of them. */
export function ironicNodePage(core: LabCore, board: IronicBoard, node: IronicNode): Html {
  const now = core.wall();
  const rows: readonly (readonly [string, Html | string])[] = [
    ['State', html`<span data-part="state">${badge(IRONIC_TONES[node.state], node.state)}</span>`],
    ['Since', html`<span data-part="since">${ageOf(node.since, now)}</span>`],
    ['Last error', html`<span data-part="error">${node.lastError ?? ''}</span>`],
    ['Written', progressOf(node)],
    ['Image', html`<span class="mono">${node.image ?? 'none'}</span>`],
    ['Boots', node.bootOption === 'local' ? 'its disk, by a boot loader of its own' : 'from the network'],
    ['Ramdisk', node.address ?? 'has not called yet'],
    ['Known', node.adopted ? 'since it called; nobody named it' : 'by --ironic-node'],
  ];
  return html`<h1 class="mono">${node.uuid}</h1>
    <p class="lead">${MEANINGS[node.state]}.</p>
    <section class="card">
      <header><h2>Deployment</h2></header>
      <div class="inside">
        <dl class="plain" data-ironic="${node.uuid}">
          ${rows.map(
            ([name, value]) =>
              html`<dt>${name}</dt>
                <dd>${value}</dd>`,
          )}
        </dl>
      </div>
    </section>
    ${eventList(core, board.log(node.uuid).slice(-200), { ironic: node.uuid })}`;
}
