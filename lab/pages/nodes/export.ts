/** Lists of nodes as files: CSV for spreadsheets, JSON for programs. */
import type { LabCore } from '../../lab-core.ts';
import type { NodeRecord } from '../../store/records.ts';
import { idText, nodeName, stateView } from '../node-state.ts';

/** Facts that people sort machines by; everything else is in `lab node get`. */
const FACTS = ['manufacturer', 'productname', 'serialnumber', 'processorcount', 'memorysize', 'ipaddress'] as const;

type ExportRow = Readonly<Record<string, string>>;

function rowOf(core: LabCore, node: NodeRecord): ExportRow {
  const facts = core.store.nodes.facts(node.id);
  const ids = core.store.nodes.hwIds(node.id);
  const active = core.store.activeModels.ofNode(node.id);
  const told = (name: string): string => {
    const value = Object.hasOwn(facts, name) ? facts[name] : undefined;
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  return {
    uuid: node.uuid,
    name: nodeName(facts, ids),
    state: stateView(core, node, active).word,
    policy: active?.policyLabel ?? '',
    ids: ids.map(idText).join(' '),
    tags: core
      .tags(node)
      .map(({ tag }) => tag)
      .join(' '),
    lastContact: new Date(node.contact).toISOString(),
    ...Object.fromEntries(FACTS.map((name) => [name, told(name)])),
  };
}

/** A cell (RFC 4180). A fact comes from a stranger: what a spreadsheet would take for a formula begins with an apostrophe. */
function cell(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const COLUMNS = ['uuid', 'name', 'state', 'policy', 'ids', 'tags', 'lastContact', ...FACTS];

/** CSV with a line of names. */
export function nodesCsv(core: LabCore, nodes: readonly NodeRecord[]): string {
  const lines = nodes.map((node) => {
    const row = rowOf(core, node);
    return COLUMNS.map((name) => cell(row[name] ?? '')).join(',');
  });
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

/** The same as a list in JSON. */
export function nodesJson(core: LabCore, nodes: readonly NodeRecord[]): string {
  return `${JSON.stringify(nodes.map((node) => rowOf(core, node)))}\n`;
}
