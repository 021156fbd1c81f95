/** Every verb of the program: its line in the help, and how its module is loaded when it is asked for. */
import { RazorMkError } from '../platform/errors/errors.ts';
import { EXECUTABLE, WITH_LAB } from '../platform/process/executable.ts';
import { defineVerb, type VerbEntry, type VerbModule } from '../platform/process/verb.ts';

/** Stands in the executable where a clone has the lab or the image builder. */
function cloneOnly(name: string): VerbModule {
  return defineVerb({
    options: (yargs) => yargs.strict(false),
    run: () => {
      throw new RazorMkError('RAZOR_MK_CLONE_ONLY', `${name} is not part of the executable`);
    },
  });
}

/** Verbs of the agent and of facts: part of the executable. */
const NODE_VERBS: readonly VerbEntry[] = [
  {
    name: 'facts',
    describe: 'print what this machine is',
    load: async () => (await import('./cli/facts.ts')).verb,
  },
  {
    name: 'capture',
    describe: 'record what this machine is, for a replay anywhere',
    load: async () => (await import('../facts/cli/capture-verb.ts')).verb,
  },
  {
    name: 'run',
    describe: 'the agent: find the server, check in, obey; dry unless --live',
    load: async () => (await import('./cli/run.ts')).verb,
  },
  {
    name: 'discover',
    describe: 'where the server is, and how that was found out',
    load: async () => (await import('./cli/discover.ts')).verb,
  },
  {
    name: 'checkin',
    describe: 'one check-in by hand; the command in the reply is shown, not obeyed',
    load: async () => (await import('./cli/checkin.ts')).verb,
  },
  {
    name: 'register',
    describe: 'send this machine’s facts, once',
    load: async () => (await import('./cli/register.ts')).verb,
  },
  {
    name: 'status',
    describe: 'what the running agent is doing; --watch for a full-screen page',
    load: async () => (await import('./cli/status.ts')).verb,
  },
  {
    name: 'doctor',
    describe: 'what is broken between this machine and its server, and what to do about it',
    load: async () => (await import('./cli/doctor.ts')).verb,
  },
  {
    name: 'explain-reply',
    describe: 'what the agent would do with a reply in a file',
    load: async () => (await import('./cli/explain-reply.ts')).verb,
  },
  {
    name: 'deploy',
    describe: 'Ironic’s deploy ramdisk: export a disk, report it, wait for done; dry unless --live',
    load: async () => (await import('./cli/deploy.ts')).verb,
  },
];

/** Verbs about the program itself. */
const OWN_VERBS: readonly VerbEntry[] = [
  {
    name: 'completion',
    describe: 'print the completion script of a shell: bash, zsh or fish',
    load: async () => (await import('./command-line/completion-verb.ts')).verb,
  },
];

/**
 * Verbs of a clone: lab, image builder, packaging. The packager defines EXECUTABLE and WITH_LAB, and with them the imports below are
 * left out of the bundle (an early return would not do it: each import stands in its own branch).
 */
const CLONE_VERBS: readonly VerbEntry[] = [
  {
    name: 'demo',
    describe: 'the whole story on this machine: a lab, an agent, and what they say to each other',
    load: async () => {
      if (EXECUTABLE) return cloneOnly('demo');
      else return (await import('../lab/cli/demo.ts')).verb;
    },
  },
  {
    name: 'lab',
    describe: 'an embedded provisioning server, and verbs that talk to a running one',
    load: async () => {
      if (WITH_LAB) return (await import('../lab/cli/lab.ts')).verb;
      else return cloneOnly('lab');
    },
  },
  {
    name: 'package',
    describe: 'build the executable of this clone, its inventory and its Tiny Core extension',
    load: async () => {
      if (EXECUTABLE) return cloneOnly('package');
      else return (await import('../packaging/cli/package.ts')).verb;
    },
  },
  {
    name: 'image',
    describe: 'make a microkernel image, look into one, make a base, lay out a TFTP root',
    load: async () => {
      if (EXECUTABLE) return cloneOnly('image');
      else return (await import('../tinycore/image/cli/image-verb.ts')).verb;
    },
  },
];

const cloneVerbs = EXECUTABLE
  ? CLONE_VERBS.map((entry) =>
      WITH_LAB && entry.name === 'lab' ? entry : { ...entry, describe: `${entry.describe} (in a clone only)` },
    )
  : CLONE_VERBS;

export const VERBS: readonly VerbEntry[] = [...NODE_VERBS, ...cloneVerbs, ...OWN_VERBS];
