/** The pieces that `ip=`, `nameserver=`, `vlan=` and their like are made of. Pure; what comes out may stand in an argv. */
import { isIPv4, isIPv6 } from 'node:net';
import { macOfBootif } from '../../platform/kernel-line.ts';

/** Kernel interface names: IFNAMSIZ is 16, and no slash, blank or colon (net/core/dev.c, dev_valid_name). */
const NIC_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,14}$/;
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

/** Whether a text may be used as an interface name in an argv. */
export function isNicName(text: string): boolean {
  return NIC_NAME.test(text);
}

/** Whether a text is a host name (RFC 1123). */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text) && text.length <= 253;
}

/**
 * An interface as the kernel line names it: a name, or a MAC (`52-54-00-12-34-56`, as NetworkManager takes it), which becomes
 * lower case with colons. Undefined for what is neither.
 */
export function nicOf(text: string): string | undefined {
  if (/^[0-9a-f]{2}([-:][0-9a-f]{2}){5}$/i.test(text)) return macOfBootif(text);
  return isNicName(text) ? text : undefined;
}

/** Splits at colons outside of brackets: IPv6 addresses are written `[fd00::1]`. */
export function splitFields(value: string): string[] {
  const fields = [''];
  let inside = false;
  for (const char of value) {
    if (char === '[') inside = true;
    if (char === ']') inside = false;
    if (char === ':' && !inside) fields.push('');
    else fields[fields.length - 1] += char;
  }
  return fields;
}

/** An address as the kernel writes it: IPv6 without brackets, short and in lower case. */
export function addressOf(text: string): string | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (isIPv4(bare)) return bare;
  return isIPv6(bare) && !bare.includes('%') ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : undefined;
}

/** `10.0.0.7/24`, `[2001:db8::7/64]` and `[2001:db8::7]/64` without and with what is behind the slash. */
export function splitPrefix(text: string): { readonly bare: string; readonly length: string | undefined } {
  const [, bare = text, length] = /^(\[?[^/]*)\/(\d{1,3})\]?$/.exec(text) ?? [];
  const unclosed = length !== undefined && bare.startsWith('[') && !bare.endsWith(']');
  return { bare: unclosed ? bare.slice(1) : bare, length };
}

/** `255.255.255.0`, `24` or `/24`. Undefined where bits are missing in the middle. */
export function prefixLengthOf(mask: string, four: boolean): number | undefined {
  const [, length] = /^\/?(\d{1,3})$/.exec(mask) ?? [];
  if (length !== undefined) return Number(length) <= (four ? 32 : 128) ? Number(length) : undefined;
  if (!four || !isIPv4(mask)) return undefined;
  const bits = mask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}

/** Without a netmask: IPv4 by the address's class (net/ipv4/ipconfig.c), IPv6 a subnet of 64 bits (RFC 4291, 2.5.4). */
export function defaultPrefix(address: string): number {
  if (!isIPv4(address)) return 64;
  const first = Number(address.split('.')[0]);
  return first < 128 ? 8 : first < 192 ? 16 : 24;
}
