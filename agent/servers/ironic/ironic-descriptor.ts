/** Ironic as a descriptor. What was measured is in the contract (docs/contracts/ironic.md). */
import type { JobServer } from '../server.ts';

export const IRONIC: JobServer = {
  name: 'ironic',
  title: 'Ironic',
  description: 'Ironic: inspection, heartbeats, cleaning and deployment by its conductor',
  page: 'docs/ironic.md',
  offer: { kernelKeys: ['ipa-inspection-callback-url', 'ipa-api-url'] },
  discovery: {
    kernelKeys: ['ipa-api-url', 'ipa-inspection-callback-url'],
    defaultPort: undefined,
    find: async (kernel) => (await import('./discover-ironic.ts')).discoverIronic(kernel),
  },
  address: { key: 'ipa-api-url', form: 'http://HOST:6385', withPort: 'http://HOST:PORT' },
  insecureKey: 'ipa-insecure',
  contract: {
    machine: 'its MACs',
    checkin: '`GET /v1/lookup`, once; then heartbeats',
    register: '`POST` of the inventory to `ipa-inspection-callback-url`',
    success: 'a 2xx',
    commands: 'steps of cleaning and deployment: it calls the node',
    bound: 'it calls the node',
    pushed: 'none',
    facts: 'an inventory, and flat texts in it',
  },
  job: {
    load: async () => (await import('./ironic.ts')).runIronic,
    ends: false,
    noRegister: 'the kernel line asks for no inspection',
  },
  openDialect: async (options) => (await import('./by-hand.ts')).openIronicByHand(options),
};
