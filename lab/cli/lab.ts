/** The verb `lab`: runs a lab until it is stopped. Its subverbs talk to a running one. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemClock } from '../../platform/clock.ts';
import { messageOf, RazorMkError } from '../../platform/errors.ts';
import { defineVerb } from '../../platform/verb.ts';
import type { Conductor } from '../ironic/conductor.ts';
import type { Lab } from '../server.ts';
import { DEFAULT_PORTS, type LabOptions } from '../settings.ts';
import { readToken } from './client.ts';
import { printable } from './print.ts';

/** Options of the server alone carry this: `lab node` and its like do not take them. */
const OWN = { global: false } as const;

export const verb = defineVerb({
  options: (yargs) =>
    yargs
      .option('host', {
        ...OWN,
        type: 'string',
        default: '127.0.0.1',
        describe: 'address that nodes reach; 0.0.0.0 for all',
      })
      .option('port', {
        ...OWN,
        type: 'number',
        default: DEFAULT_PORTS.nodes,
        describe: 'Razor 0.x and Hanlon; 0 takes a free one',
      })
      .option('image-port', { ...OWN, type: 'number', default: DEFAULT_PORTS.images, describe: 'kernels and initrds' })
      .option('people-port', {
        ...OWN,
        type: 'number',
        default: DEFAULT_PORTS.people,
        describe: 'page and management API',
      })
      .option('razor-server-port', {
        ...OWN,
        type: 'number',
        default: DEFAULT_PORTS.razorServer,
        describe: 'razor-server 1.x',
      })
      .option('people-host', {
        ...OWN,
        type: 'string',
        default: '127.0.0.1',
        describe: 'address of page and management API',
      })
      .option('token-file', {
        ...OWN,
        type: 'string',
        describe: 'file with the token that page and management API ask for',
      })
      .option('tls-cert', { ...OWN, type: 'string', describe: 'certificate (PEM): page and management API over https' })
      .option('tls-key', { ...OWN, type: 'string', describe: 'its key (PEM)' })
      .option('advertise', {
        ...OWN,
        type: 'string',
        describe: 'name or address for scripts and mk_uri; the one that a node used by default',
      })
      .option('db', { ...OWN, type: 'string', describe: 'keep everything in this file; in memory by default' })
      .option('image-dir', {
        ...OWN,
        type: 'string',
        describe: 'where ISOs are unpacked; FILE.images beside the database by default',
      })
      .option('faithful', {
        ...OWN,
        type: 'boolean',
        default: false,
        describe: 'be as wrong as the original where it is',
      })
      .option('protect-new-nodes', {
        ...OWN,
        type: 'boolean',
        default: false,
        describe: 'bind no machine before it was allowed',
      })
      .option('register-timeout', {
        ...OWN,
        type: 'number',
        default: 120,
        describe: 'seconds of silence after which a node registers again',
      })
      .option('node-expire', {
        ...OWN,
        type: 'number',
        default: 300,
        describe: 'seconds after which a silent unbound node is forgotten; 0 never',
      })
      .option('mk', {
        ...OWN,
        type: 'string',
        array: true,
        describe: 'KEY=VALUE of the configuration pushed to nodes, as mk_checkin_interval=10',
      })
      .option('extension-zip', {
        ...OWN,
        type: 'string',
        describe: 'razor-server: the microkernel’s extension archive',
      })
      .option('match-nodes-on', {
        ...OWN,
        array: true,
        choices: ['mac', 'serial', 'asset', 'uuid'] as const,
        default: ['mac'] as const,
        describe: 'razor-server: what makes two machines the same node',
      })
      .option('mk-kernel-args', { ...OWN, type: 'string', describe: 'added to the microkernel’s kernel line' })
      .option('mk-debug-level', { ...OWN, choices: ['quiet', 'debug'] as const, describe: 'the word on that line' })
      .option('ironic-node', {
        ...OWN,
        type: 'string',
        array: true,
        describe: 'a conductor too: UUID=KEY,IMAGE[,local], a node that waits for its deploy ramdisk',
      })
      .option('ironic-port', { ...OWN, type: 'number', default: 6385, describe: 'port of that conductor' })
      .option('events', { ...OWN, type: 'boolean', default: false, describe: 'print every event as one JSON line' }),
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
  run: async (args, host) => {
    const { startLab } = await import('../server.ts');
    const tls = await readTls(args.tlsCert, args.tlsKey);
    const token = args.tokenFile === undefined ? undefined : await readToken(args.tokenFile);
    const options: LabOptions = {
      host: args.host,
      peopleHost: args.peopleHost,
      ports: { nodes: args.port, images: args.imagePort, people: args.peoplePort, razorServer: args.razorServerPort },
      faithful: args.faithful,
      razorServer: {
        matchNodesOn: args.matchNodesOn,
        ...(args.extensionZip === undefined ? {} : { extensionZip: args.extensionZip }),
      },
      protectNewNodes: args.protectNewNodes,
      registerTimeoutMs: args.registerTimeout * 1000,
      nodeExpireMs: args.nodeExpire * 1000,
      mk: parseMk(args.mk ?? []),
      ...(args.advertise !== undefined && { advertise: args.advertise }),
      ...(args.db !== undefined && { db: args.db }),
      ...(args.imageDir !== undefined && { imageDir: args.imageDir }),
      ...(args.mkKernelArgs !== undefined && { mkBootKernelArgs: args.mkKernelArgs }),
      ...(args.mkDebugLevel !== undefined && { mkBootDebugLevel: args.mkDebugLevel }),
      ...(token !== undefined && { token }),
      ...(tls && { tls }),
      onEvent: (event) => {
        const time = new Date(event.at).toISOString();
        const about = event.node === undefined ? '' : ` ${event.node}`;
        host.out(
          args.events
            ? `${JSON.stringify(event)}\n`
            : printable(`${time} ${event.type}${about} ${event.message}`) + '\n',
        );
      },
    };
    const lab = await startLab(options);
    const conductor = await startIronic(args.ironicNode ?? [], args, lab);
    const { nodesUrl, imagesUrl, razorServerUrl, peopleUrl } = lab;
    if (args.events) host.out(`${JSON.stringify({ type: 'ready', nodesUrl, imagesUrl, razorServerUrl, peopleUrl })}\n`);
    else {
      host.out(`nodes         ${nodesUrl}\nimages        ${imagesUrl}\nrazor-server  ${razorServerUrl}\n`);
      host.out(`page          ${peopleUrl}${token === undefined ? '' : '  (asks for the token)'}\n`);
    }
    if (!host.signal.aborted) {
      await new Promise<void>((stop) => host.signal.addEventListener('abort', () => stop(), { once: true }));
    }
    await conductor?.close();
    await lab.close();
    return 0;
  },
});

/** The conductor of `--ironic-node`, on the nodes' side; undefined without any. Throws RAZOR_MK_USAGE. */
async function startIronic(
  words: readonly string[],
  args: { readonly host: string; readonly ironicPort: number },
  lab: Lab,
): Promise<Conductor | undefined> {
  if (words.length === 0) return undefined;
  const nodes = words.map((word) => {
    const [, uuid, key, image, local] = /^([\w-]{1,64})=([^,]+),([^,]+?)(,local)?$/.exec(word) ?? [];
    if (uuid === undefined || key === undefined || image === undefined) {
      throw new RazorMkError('RAZOR_MK_USAGE', `--ironic-node ${uuid ?? ''} is not UUID=KEY,IMAGE[,local]`);
    }
    return { uuid, key, image: resolve(image), bootOption: local === undefined ? 'netboot' : 'local' } as const;
  });
  const { startConductor } = await import('../ironic/conductor.ts');
  const { host, ironicPort: port } = args;
  return await startConductor({ host, port, nodes, events: lab.events, clock: systemClock });
}

function thing(name: 'node' | 'activeModel' | 'policy' | 'model' | 'template' | 'tag' | 'broker' | 'image') {
  return async () => (await import('./things.ts'))[name];
}

/** `KEY=VALUE` of the pushed configuration: numbers and booleans as such, everything else as text. */
function parseMk(words: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    words.map((word) => {
      const [, key, value = ''] = /^(mk_\w+)=(.*)$/s.exec(word) ?? [];
      if (key === undefined) throw new RazorMkError('RAZOR_MK_USAGE', `--mk ${word} is not mk_NAME=VALUE`);
      if (/^-?\d+(\.\d+)?$/.test(value)) return [key, Number(value)];
      return [key, value === 'true' ? true : value === 'false' ? false : value];
    }),
  );
}

async function readTls(cert: string | undefined, key: string | undefined): Promise<LabOptions['tls']> {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new RazorMkError('RAZOR_MK_USAGE', '--tls-cert and --tls-key go together');
  }
  try {
    return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read the certificate: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
