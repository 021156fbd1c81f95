/** razor-server 1.x as a descriptor. What was measured is in the contract (docs/contracts/razor-server.md). */
import type { TurnServer } from '../server.ts';

/** Where razor-server listens since 1.1.0; the 8080 of the original agent's default was stale. */
const RAZOR_SERVER_PORT = 8150;

/**
 * The original's interval: a run 15 s after the end of the one before. Its first one came 30 s after power-on, by when the
 * network was usually there; ours comes as soon as the network is. The server cannot change either.
 */
const PAUSE_S = 15;

export const RAZOR_SERVER: TurnServer = {
  name: 'razor-server',
  title: 'razor-server',
  description: 'razor-server 1.x: every check-in carries all facts; extension archives',
  page: 'docs/dialects.md',
  offer: { kernelKeys: ['razor.register'] },
  discovery: {
    kernelKeys: ['razor.register', 'razor.ip', 'razor.server'],
    defaultPort: RAZOR_SERVER_PORT,
    dnsName: 'razor',
    nextServer: true,
    srvName: '_razor._tcp',
  },
  address: {
    key: 'razor.register',
    form: `http://HOST:${RAZOR_SERVER_PORT}/svc/checkin`,
    withPort: 'http://HOST:PORT/svc/checkin',
  },
  loadRules: async () => (await import('./razor-server-rules.ts')).razorServerRules(),
  factRules: [
    {
      rule: 'rules of its documentation: ["fact", "processorcount"] and the like',
      facts: /^(processorcount|macaddress|is_virtual|memorysize_mb|blockdevice_\w+_size)$/,
    },
  ],
  wantedFacts: {
    from: 'Facter',
    remedy:
      'A tag rule that reads one of them without a default makes razor-server answer none to this node for ever: give it a default, or put the fact into /etc/razor-mk/facts.d.',
    missing: async ({ facts, structured }) => (await import('./facter-names.ts')).missingFacterFacts(facts, structured),
  },
  contract: {
    machine: 'a number that the server gave it',
    checkin: '`POST /svc/checkin/NUMBER` with all facts',
    register: 'none: the first check-in registers',
    success: 'a 2xx with an `action` in it',
    commands: 'none, reboot',
    bound: 'reboot at once',
    pushed: 'none',
    facts: 'as Facter 2: lower-case MACs, numbers, booleans, structured facts beside the flat ones',
  },
  turns: {
    asksServer: true,
    checkinSendsFacts: true,
    structuredFacts: true,
    registers: false,
    acknowledgeMeansKnown: true,
    forgetsAfterS: undefined, // nodes stay until somebody deletes them
    interval: { seconds: PAUSE_S },
    registerReason: 'the server asked for it',
    storedBy: 'checkin',
    loadReplyReader: async () => (await import('./razor-server.ts')).parseAction,
  },
  openDialect: async (options) => (await import('./razor-server.ts')).createRazorServer(options),
  startService: async (options) => (await import('./extension/extension-cache.ts')).startExtensions(options),
};
