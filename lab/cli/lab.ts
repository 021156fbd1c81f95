/** The verb `lab`: runs a lab until it is stopped. Its subverbs talk to a running one. */
import type { Argv } from 'yargs';
import { defineVerb } from '../../platform/process/verb.ts';
import { yargsOptions } from './serve/server-options.ts';

export const verb = defineVerb({
  examples: [
    ['lab --db lab.db', 'keeps everything in a file'],
    ['lab --database postgres://lab@db/site --image-dir /srv/images', 'one of several labs on one database'],
    ['lab --host 0.0.0.0 --protect-new-nodes', 'serves the machines of a network, and binds none before it is allowed'],
    [
      'lab --db lab.db --host 0.0.0.0 --people-host 0.0.0.0 --tls-cert lab.pem --tls-key lab.key',
      'with its page for others, who log in',
    ],
  ],
  options: (yargs) =>
    yargs.options(yargsOptions()).option('config', {
      type: 'string',
      global: false,
      describe: 'YAML file with these options; the command line and RAZOR_MK_LAB_… come first',
    }) as Argv<Record<string, unknown>>,
  verbs: [
    {
      name: 'vm',
      describe: 'virtual machines that boot from a lab of their own',
      load: async () => (await import('./vm.ts')).verb,
    },
    {
      name: 'node',
      describe: 'nodes: list, get, explain, allow, protect, force, unforce, remove',
      load: catalogVerb('node'),
    },
    {
      name: 'active-model',
      describe: 'policies at work: list, get (with log), retry, handover, remove',
      load: catalogVerb('activeModel'),
    },
    {
      name: 'policy',
      describe: 'policies: list, get, add, edit, enable, disable, move, remove',
      load: catalogVerb('policy'),
    },
    { name: 'model', describe: 'models: list, get, preview, add, remove', load: catalogVerb('model') },
    { name: 'template', describe: 'what models can be made of', load: catalogVerb('template') },
    { name: 'tag', describe: 'tag rules: list, get, add, remove', load: catalogVerb('tag') },
    { name: 'broker', describe: 'who takes finished nodes over: list, get, add, remove', load: catalogVerb('broker') },
    { name: 'image', describe: 'images: list, get, add, remove', load: catalogVerb('image') },
    {
      name: 'operator',
      describe: 'who may use the lab: list, get, add, edit, password, token, revoke, remove',
      load: async () => (await import('./people/operator.ts')).operator,
    },
    { name: 'audit', describe: 'who changed what', load: async () => (await import('./people/audit.ts')).audit },
    {
      name: 'inventory',
      describe: 'installed machines as an inventory of Ansible',
      load: async () => (await import('./inventory.ts')).inventory,
    },
    {
      name: 'status',
      describe: 'addresses, counts and settings of a running lab',
      load: async () => (await import('./status.ts')).status,
    },
    { name: 'log', describe: 'what happened in a running lab', load: async () => (await import('./status.ts')).log },
    {
      name: 'check',
      describe: 'say whether a lab would start with these options',
      load: async () => (await import('./serve/check.ts')).check,
    },
    {
      name: 'install-units',
      describe: 'write a systemd service for the lab',
      load: async () => (await import('./serve/units.ts')).installUnits,
    },
    {
      name: 'backup',
      describe: 'write everything that a running lab knows to a new file',
      load: async () => (await import('./storage/backup.ts')).backup,
    },
    {
      name: 'restore',
      describe: 'replace everything that a running lab knows by a backup',
      load: async () => (await import('./storage/backup.ts')).restore,
    },
    {
      name: 'database',
      describe: 'move a site from SQLite to PostgreSQL and back',
      load: async () => (await import('./storage/database.ts')).database,
    },
    {
      name: 'secrets',
      describe: 'another key for the secrets in the database',
      load: async () => (await import('./storage/secrets.ts')).secrets,
    },
    {
      name: 'key',
      describe: 'make the key of a site, by which nodes know what comes from their lab',
      load: async () => (await import('./site-key.ts')).key,
    },
    {
      name: 'sign',
      describe: 'sign lists and images that lie on a plain web server',
      load: async () => (await import('./site-key.ts')).signFiles,
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
  run: async (args, host) => await (await import('./serve/serve.ts')).serve(args, host),
});

function catalogVerb(name: 'node' | 'activeModel' | 'policy' | 'model' | 'template' | 'tag' | 'broker' | 'image') {
  return async () => (await import('./catalog/kinds.ts'))[name];
}
