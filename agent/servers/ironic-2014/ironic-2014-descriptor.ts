/** Ironic's deploy ramdisk of 2014 as a descriptor. What was measured is in the contract (docs/contracts/ironic-2014.md). */
import type { JobServer } from '../server.ts';

export const IRONIC_2014: JobServer = {
  name: 'ironic-2014',
  title: 'Ironic 2014',
  description: 'Ironic of 2014 to 2016, the deploy ramdisk: a disk is exported for the conductor to write',
  page: 'docs/deploy.md',
  // conductors of 2015 and 2016 write ipa-api-url= besides, and know no lookup that we could do
  offer: { kernelKeys: ['deployment_id', 'ironic_api_url'], needsAll: true, isOrder: true },
  discovery: {
    kernelKeys: ['ironic_api_url'],
    defaultPort: undefined,
    find: async (kernel) => (await import('./discover-ironic-2014.ts')).discoverIronic2014(kernel),
  },
  address: { key: 'ironic_api_url', form: 'http://HOST:6385', withPort: 'http://HOST:PORT' },
  contract: {
    machine: 'the `deployment_id` of the kernel line',
    checkin: 'none',
    register: '`POST /v1/nodes/ID/vendor_passthru/pass_deploy_info`',
    success: 'a 2xx',
    commands: 'done, on port 10000',
    bound: 'the disk is written',
    pushed: 'none',
    facts: 'none',
  },
  job: {
    load: async () => (await import('./deploy-node.ts')).runDeployment,
    ends: true,
    noRegister: 'the conductor is told the disk by razor-mk deploy',
  },
};
