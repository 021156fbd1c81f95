/** What people told the lab: policies, models, tag rules, brokers; and images. */
import { DEFAULT_LIMITS } from '../engine/tries.ts';
import type { LabCore } from '../lab-core.ts';
import type { TagMatcher } from '../../platform/rules/tag-rule.ts';
import { html, type Html, type HtmlValue } from './html.ts';
import { ageOf, badge } from './layout.ts';

function card(title: string, columns: readonly string[], rows: readonly (readonly HtmlValue[])[], none: string): Html {
  const body = rows.map(
    (cells) =>
      html`<tr>
        ${cells.map((cell, index) => html`<td data-label="${columns[index]}">${cell}</td>`)}
      </tr>`,
  );
  const table = html`<table class="stack">
    <thead>
      <tr>
        ${columns.map((name) => html`<th>${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${body}
    </tbody>
  </table>`;
  return html`<section class="card">
    <header>
      <h2>${title}</h2>
      <span class="quiet number">${rows.length}</span>
    </header>
    ${rows.length === 0 ? html`<div class="empty">${none}</div>` : table}
  </section>`;
}

const name = (text: string): Html => html`<span class="name">${text}</span>`;
const mono = (text: string | undefined): Html => html`<span class="mono">${text ?? ''}</span>`;

function matcherText({ key, compare, value, inverse }: TagMatcher): string {
  return `${key} ${inverse ? 'not ' : ''}${compare === 'equal' ? 'equals' : 'is like'} “${value}”`;
}

/** Policies in their order, models, tag rules and brokers. */
export function policiesPage(core: LabCore): Html {
  const { policies, models, tagRules, brokers, activeModels } = core.store;
  const modelName = (uuid: string): string => models.get(uuid)?.label ?? uuid;
  const rows = policies
    .list()
    .map((policy) => [
      String(policy.line),
      name(policy.label),
      policy.enabled ? badge('green', 'enabled') : badge('grey', 'disabled'),
      policy.tags.length === 0
        ? html`<span class="quiet">every node</span>`
        : policy.tags.map((tag) => html`<span class="tag">${tag}</span>`),
      modelName(policy.model),
      `${activeModels.countOf(policy.uuid)}${policy.maximum > 0 ? ` of ${policy.maximum}` : ''}`,
      String((policy.tries ?? DEFAULT_LIMITS.tries) || 'any number'),
    ]);
  return html`<h1>Policies</h1>
    <p class="lead">The first enabled policy below its maximum whose tags a node has binds it.</p>
    ${card('Policies, in order', ['Line', 'Policy', 'State', 'Tags', 'Model', 'Nodes bound', 'Tries'], rows, 'No policies: nodes are discovered and left alone. Add one with razor-mk lab policy add.')}
    ${card(
      'Models',
      ['Model', 'Template', 'Image'],
      models.list().map((model) => [name(model.label), model.template, mono(model.image)]),
      'No models yet: razor-mk lab model add.',
    )}
    ${card(
      'Tag rules',
      ['Rule', 'Tag', 'When'],
      tagRules
        .list()
        .map((rule) => [
          name(rule.name),
          html`<span class="tag">${rule.tag}</span>`,
          rule.rule === undefined ? rule.matchers.map(matcherText).join(' and ') : JSON.stringify(rule.rule),
        ]),
      'No rules of your own; the five built-in ones are always on.',
    )}
    ${card(
      'Brokers',
      ['Broker', 'Address', 'Signed'],
      brokers.list().map((broker) => [name(broker.name), mono(broker.url), broker.secret === undefined ? 'no' : 'yes']),
      'No brokers: a finished node is handed over to nobody.',
    )}`;
}

/** Microkernels and installers. */
export function imagesPage(core: LabCore): Html {
  const now = core.wall();
  const rows = core.store.images
    .list()
    .map((image) => [
      name(image.name),
      image.type,
      image.version,
      mono(image.kernel),
      mono(image.initrd),
      image.added === 0 ? '' : ageOf(image.added, now),
      mono(image.uuid),
    ]);
  return html`<h1>Images</h1>
    <p class="lead">Microkernels and installers. Unknown nodes boot the microkernel of the highest version.</p>
    ${card('Images', ['Image', 'Type', 'Version', 'Kernel', 'Initrd', 'Added', 'UUID'], rows, 'No images yet: razor-mk lab image add FILE.')}`;
}
