/** By which names a browser may know the lab: a page of somebody else whose name was made to resolve to it (DNS rebinding) has another. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i;

/** The name of a Host header, without the port, in lower case. */
function nameOf(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}

/** Whether it names this machine by loopback. */
export function isLoopbackName(host: string): boolean {
  return LOOPBACK.test(nameOf(host));
}

/**
 * Whether a Host header names the lab: by loopback, by an address (a name is what rebinding needs), by a given name, or by a name of
 * its certificate.
 */
export function isOwnName(host: string, names: readonly string[], certificate: string | undefined): boolean {
  const name = nameOf(host);
  if (name === '' || LOOPBACK.test(name) || isIP(name.replaceAll(/[[\]]/g, '')) !== 0) return true;
  if (names.some((each) => each.toLowerCase() === name)) return true;
  return certificate !== undefined && new X509Certificate(certificate).checkHost(name) !== undefined;
}
