/** A tree of devices as the text that `lshw -c CLASS` prints. */
import { type HardwareClass, type HardwareNode } from './lshw-node.ts';

const UNITS = ['', 'K', 'M', 'G', 'T', 'P', 'E'];

/** Binary size as lshw prints it: divided while over 10,240 or without remainder. `191GiB`, `1536MiB`. */
export function binarySize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (unit < UNITS.length - 1 && size > 0 && (size > 10_240 || size % 1024 === 0)) {
    size = Math.floor(size / 1024);
    unit += 1;
  }
  return `${size}${UNITS[unit] ?? ''}iB`;
}

/** Decimal size without its unit: `2400M`, `10G`. */
export function decimalSize(value: number): string {
  let size = value;
  let unit = 0;
  while (unit < UNITS.length - 1 && size > 0 && (size > 10_000 || size % 1000 === 0)) {
    size = Math.floor(size / 1000);
    unit += 1;
  }
  return `${size}${UNITS[unit] ?? ''}`;
}

/** The nodes of one class with what is below them in that class; everything else is left out, its children are not. */
export function renderClass(root: HardwareNode, wanted: HardwareClass): string {
  const lines: string[] = [];
  render(root, wanted, 0, lines);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function render(node: HardwareNode, wanted: HardwareClass, level: number, lines: string[]): void {
  const visible = node.hardwareClass === wanted;
  if (visible) {
    const indent = level === 0 ? '' : `${'   '.repeat(level - 1)}  `;
    const flags = `${node.disabled ? ' DISABLED' : ''}${node.claimed ? '' : ' UNCLAIMED'}`;
    lines.push(`${indent}${level === 0 ? '' : '*-'}${node.id}${flags}`);
    const inner = `${'   '.repeat(level)}    `;
    for (const [name, value] of attributes(node)) if (value !== '') lines.push(`${inner}${name}: ${value}`);
  }
  for (const child of node.children) render(child, wanted, visible ? level + 1 : 1, lines);
}

function attributes(node: HardwareNode): [string, string][] {
  return [
    ['description', node.description],
    ['product', node.product],
    ['vendor', node.vendor],
    ['physical id', node.physicalId],
    ['bus info', node.busInfo],
    ...node.logicalNames.map((name): [string, string] => ['logical name', name]),
    ['version', node.version],
    ['date', node.date],
    ['serial', node.serial],
    ['slot', node.slot],
    ['size', amount(node.hardwareClass, node.size)],
    ['capacity', amount(node.hardwareClass, node.capacity)],
    ['width', node.width > 0 ? `${node.width} bits` : ''],
    ['clock', clock(node)],
    ['capabilities', node.capabilities.join(' ')],
    ['configuration', configuration(node)],
    ['resources', node.resources.join(' ')],
  ];
}

function amount(hardwareClass: HardwareClass, value: number): string {
  if (value <= 0) return '';
  switch (hardwareClass) {
    case 'disk':
      return `${binarySize(value)} (${decimalSize(value)}B)`;
    case 'display':
    case 'memory':
    case 'address':
    case 'storage':
    case 'volume':
      return binarySize(value);
    case 'processor':
    case 'bus':
    case 'system':
      return `${decimalSize(value)}Hz`;
    case 'network':
      return `${decimalSize(value)}bit/s`;
    case 'power':
      return `${value}mWh`;
    default:
      return String(value);
  }
}

function clock(node: HardwareNode): string {
  if (node.clock <= 0) return '';
  const period = node.hardwareClass === 'memory' ? ` (${(1e9 / node.clock).toFixed(1)}ns)` : '';
  return `${decimalSize(node.clock)}Hz${period}`;
}

/** Settings sorted by name, as lshw keeps them. */
function configuration(node: HardwareNode): string {
  return [...node.configuration]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}
