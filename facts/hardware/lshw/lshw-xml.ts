/**
 * The output of one `lshw -xml` as a tree of nodes. One run says the class of every node, so that the five class
 * texts which the original agent ran lshw for can be printed from it.
 *
 * Reads lshw's own XML and nothing more: elements, attributes, the five entities. Comments and unknown elements are
 * passed over. Never throws; nodes beyond the limits of depth and number are dropped.
 */
import { type HardwareClass, type HardwareNode, newNode } from '../lshw-node.ts';

const MOST_NODES = 20_000;
const DEEPEST = 64;
const TOKEN = /<(\/?)([A-Za-z]+)((?:\s+[A-Za-z:_-]+\s*=\s*"[^"]*")*)\s*(\/?)>|<!--[\s\S]*?-->|<\?[^>]*\?>|([^<]+)/g;
const ATTRIBUTE = /([A-Za-z:_-]+)\s*=\s*"([^"]*)"/g;
const CLASSES = new Set<string>([
  ...['address', 'bridge', 'bus', 'communication', 'disk', 'display', 'generic', 'input', 'memory', 'multimedia'],
  ...['network', 'power', 'printer', 'processor', 'storage', 'system', 'tape', 'volume'],
]);

/** The top nodes (one, the computer; none for a text that is no lshw XML). */
export function parseLshwXml(xml: string): HardwareNode[] {
  const tops: HardwareNode[] = [];
  const path: HardwareNode[] = [];
  let dropped = 0;
  let count = 0;
  let text = '';
  for (const [, closing, name, attributesText, selfClosing, characters] of xml.matchAll(TOKEN)) {
    if (characters !== undefined) {
      text += unescapeXml(characters);
      continue;
    }
    if (name === undefined) continue;
    const node = path.at(-1);
    if (name === 'node') {
      if (closing === '/') {
        if (dropped > 0) dropped -= 1;
        else path.pop();
      } else if (dropped > 0 || path.length >= DEEPEST || (count += 1) > MOST_NODES) {
        dropped += selfClosing === '/' ? 0 : 1;
      } else {
        const fresh = nodeOf(attributesOf(attributesText));
        (node?.children ?? tops).push(fresh);
        if (selfClosing !== '/') path.push(fresh);
      }
    } else if (node !== undefined && dropped === 0) {
      if (closing === '/') setText(node, name, text.trim());
      else setElement(node, name, attributesOf(attributesText));
    }
    text = '';
  }
  return tops;
}

function attributesOf(text: string | undefined): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name, value] of (text ?? '').matchAll(ATTRIBUTE)) {
    if (name !== undefined) attributes.set(name, unescapeXml(value ?? ''));
  }
  return attributes;
}

function nodeOf(attributes: ReadonlyMap<string, string>): HardwareNode {
  const name = attributes.get('class') ?? '';
  return newNode(attributes.get('id') ?? '', CLASSES.has(name) ? (name as HardwareClass) : 'generic', {
    claimed: attributes.get('claimed') === 'true',
    disabled: attributes.get('disabled') === 'true',
    handle: attributes.get('handle') ?? '',
  });
}

/** Elements whose attributes say all: settings, capabilities, resources. */
function setElement(node: HardwareNode, name: string, attributes: ReadonlyMap<string, string>): void {
  const id = attributes.get('id') ?? '';
  if (name === 'setting') node.configuration.set(id, attributes.get('value') ?? '');
  else if (name === 'capability') node.capabilities.push(id);
  else if (name === 'resource') node.resources.push(`${attributes.get('type') ?? ''}:${attributes.get('value') ?? ''}`);
}

function setText(node: HardwareNode, name: string, text: string): void {
  switch (name) {
    case 'description':
    case 'product':
    case 'vendor':
    case 'version':
    case 'date':
    case 'serial':
    case 'slot':
      node[name] = text;
      break;
    case 'physid':
      node.physicalId = text;
      break;
    case 'businfo':
      node.busInfo = text;
      break;
    case 'logicalname':
      node.logicalNames.push(text);
      break;
    case 'size':
    case 'capacity':
    case 'width':
    case 'clock':
      if (/^\d{1,20}$/.test(text)) node[name] = Number(text);
      break;
    default:
      break;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replaceAll(/&(#\d{1,6}|#x[0-9a-fA-F]{1,5}|[a-z]{2,4});/g, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name] ?? whole;
    const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
  });
}
