/** Every network of the table, in its order. */
import { IPV6 } from './kinds/ipv6.ts';
import { LEASES } from './kinds/leases.ts';
import { PORTS } from './kinds/ports.ts';
import { SERVERS } from './kinds/servers.ts';
import type { Network } from './network.ts';

export const NETWORKS: readonly Network[] = [...PORTS, ...LEASES, ...SERVERS, ...IPV6];
