/** Foreman's discovery as a descriptor. What was measured is in the contract (docs/contracts/foreman.md). */
import type { IntervalRule, TurnServer } from '../server.ts';
import { DROPPED } from './dropped-facts.ts';

/** The discovery image's own interval; a wrong number on a boot menu must not make a node silent for weeks, or a nuisance. */
export const UPLOAD_INTERVAL = {
  seconds: 900,
  kernelKey: 'fdi.uploadsleep',
  bounds: [10, 86_400],
} as const satisfies IntervalRule;

export const FOREMAN: TurnServer = {
  name: 'foreman',
  title: 'Foreman',
  description: 'Foreman and Satellite: discovered hosts; the node listens for orders',
  page: 'docs/foreman.md',
  offer: { kernelKeys: ['proxy.url', 'foreman.url'] },
  discovery: {
    kernelKeys: ['proxy.url', 'foreman.url'],
    defaultPort: undefined,
    // Foreman speaks https unless somebody took that away
    scheme: 'https',
    keepsName: true,
    // no default name; next-server names the TFTP server, which may be a smart proxy or not
    srvName: '_x-foreman._tcp',
    httpsPorts: [443, 8443, 9090], // docs/contracts/foreman.md#finding-the-server
  },
  address: { key: 'proxy.url', form: 'https://HOST[:PORT]', withPort: 'https://HOST:PORT' },
  loadRules: async () => (await import('./rules/discovery-rules.ts')).FOREMAN_RULES,
  factRules: [
    {
      rule: 'column of discovered hosts',
      facts: /^(physicalprocessorcount|memorysize_mb|blockdevice_\w+_size|productname|boardproductname)$/,
    },
    { rule: 'not kept: it drops names like this one, so it is not sent there', facts: DROPPED },
    { rule: 'interfaces of the host', facts: /^(interfaces|macaddress_\w+|ipaddress6?_\w+|netmask_\w+)$/ },
  ],
  contract: {
    machine: '`mac` and the MAC of the card it booted from',
    checkin: 'none: facts go up when they are due',
    register: '`POST /api/v2/discovered_hosts/facts` or `/discovery/create`',
    success: '200 or 201',
    commands: 'reboot, kexec: it calls the node',
    bound: 'it calls the node',
    pushed: 'none',
    facts: 'flat texts, under its own names too, and structured facts beside them',
  },
  turns: {
    asksServer: false,
    checkinSendsFacts: false,
    registers: true,
    structuredFacts: true,
    asksBmc: true, // its management processor becomes an interface of the host
    acknowledgeMeansKnown: true,
    forgetsAfterS: undefined,
    interval: UPLOAD_INTERVAL,
    registerReason: 'they are due',
    storedBy: 'register',
  },
  openDialect: async (options) => (await import('./foreman-setup.ts')).openForeman(options),
  startService: async (options) => (await import('./foreman-setup.ts')).serveForeman(options),
};
