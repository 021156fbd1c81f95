/** The servers that the agent can be given to. A new one is a folder with a descriptor, and a row here. */
import { FOREMAN } from './foreman/foreman-descriptor.ts';
import { HANLON } from './hanlon/hanlon-descriptor.ts';
import { IRONIC_2014 } from './ironic-2014/ironic-2014-descriptor.ts';
import { IRONIC } from './ironic/ironic-descriptor.ts';
import { RAZOR_SERVER } from './razor-server/razor-server-descriptor.ts';
import { RAZOR } from './razor/razor-descriptor.ts';
import type { ServerDescriptor } from './server.ts';

export const SERVERS: readonly ServerDescriptor[] = [RAZOR, HANLON, RAZOR_SERVER, FOREMAN, IRONIC, IRONIC_2014];

/** The servers' default ports, for people: `8026 for razor, hanlon; 8150 for razor-server` */
export function defaultPorts(): string {
  const ports = [...new Set(SERVERS.flatMap(({ discovery }) => discovery.defaultPort ?? []))];
  const namesOf = (port: number): string =>
    SERVERS.filter(({ discovery }) => discovery.defaultPort === port)
      .map(({ name }) => name)
      .join(', ');
  return ports.map((port) => `${port} for ${namesOf(port)}`).join('; ');
}
