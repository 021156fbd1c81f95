/** The verb `lab`: runs a lab until it is stopped. Its subverbs talk to a running one. */
import type { Argv } from 'yargs';
import { defineVerb } from '../../platform/process/verb.ts';
import { yargsOptions } from './server-options.ts';

export const verb = defineVerb({
  options: (yargs) =>
    yargs.options(yargsOptions()).option('config', {
      type: 'string',
      global: false,
      describe: 'YAML file with these options by their names; what is given here, or in RAZOR_MK_LAB_NAME, counts more',
    }) as Argv<Record<string, unknown>>,
  verbs: [
    {
      name: 'vm',
      describe: 'virtual machines that boot from a lab of their own',
      load: async () => (await import('./vm.ts')).verb,
    },
    { name: 'node', describe: 'nodes: list, get, allow, protect, force, unforce, remove', load: thing('node') },
    { name: 'active-model', describe: 'policies at work: list, get (with log), remove', load: thing('activeModel') },
    { name: 'policy', describe: 'policies: list, get, add, enable, disable, move, remove', load: thing('policy') },
    { name: 'model', describe: 'models: list, get, add, remove', load: thing('model') },
    { name: 'template', describe: 'what models can be made of', load: thing('template') },
    { name: 'tag', describe: 'tag rules: list, get, add, remove', load: thing('tag') },
    { name: 'broker', describe: 'who takes finished nodes over: list, get, add, remove', load: thing('broker') },
    { name: 'image', describe: 'images: list, get, add, remove', load: thing('image') },
    {
      name: 'status',
      describe: 'addresses, counts and settings of a running lab',
      load: async () => (await import('./status.ts')).status,
    },
    { name: 'log', describe: 'what happened in a running lab', load: async () => (await import('./status.ts')).log },
    {
      name: 'backup',
      describe: 'write everything that a running lab knows to a new file',
      load: async () => (await import('./backup.ts')).backup,
    },
    {
      name: 'restore',
      describe: 'replace everything that a running lab knows by a backup',
      load: async () => (await import('./backup.ts')).restore,
    },
    {
      name: 'ipxe',
      describe: 'print the iPXE script that leads machines to the lab, or lay out a TFTP root',
      load: async () => (await import('./ipxe.ts')).verb,
    },
    {
      name: 'herd',
      describe: 'many simulated agents: how their check-ins spread after a cold start and an outage',
      load: async () => (await import('./herd.ts')).verb,
    },
  ],
  run: async (args, host) => await (await import('./serve.ts')).serve(args, host),
});

function thing(name: 'node' | 'activeModel' | 'policy' | 'model' | 'template' | 'tag' | 'broker' | 'image') {
  return async () => (await import('./catalog-verbs.ts'))[name];
}
