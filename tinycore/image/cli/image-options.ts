/** The options that `image build` and `image bundle` share, and how they become a build. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Argv, InferredOptionTypes } from 'yargs';
import { FLAVOURS } from '../../../packaging/extension/overlay.ts';
import { PROJECT } from '../../../packaging/project-paths.ts';
import { sourceVersion } from '../../../packaging/inventory/source-version.ts';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import type { Host } from '../../../platform/process/verb.ts';
import { FORM_CHOICES } from '../extensions/agent-form.ts';
import { fetchBase } from '../base/base-url.ts';
import { IMAGE_FORMATS, type BuildOptions } from '../build-options.ts';
import { readConfigFile } from '../config-file.ts';
import { sourceEpoch } from '../../../packaging/inventory/source-epoch.ts';
import { parseList } from '../extensions/extensions.ts';
import { FORMATS_FOR, BOOT_FILE_SERVERS } from '../netboot/boot-files.ts';
import { USUAL_SERIAL } from '../iso/iso.ts';
import { imageVersion } from '../iso/image-version.ts';
import { defaultCache } from './base-verb.ts';

const list = (describe: string) => ({
  type: 'string' as const,
  array: true as const,
  default: [] as string[],
  describe,
});
const text = (describe: string) => ({ type: 'string' as const, describe });

export const BUILD_OPTIONS = {
  base: text('Tiny Core ISO (file or address), or a directory with vmlinuz and core.gz'),
  'base-sha256': text('checksum of a base that is fetched [default: what its publisher’s .md5.txt says]'),
  kernel: text('kernel file, instead of the base’s'),
  initrd: list('core.gz, instead of the base’s; several are unpacked one after the other'),
  'modules-from': text(
    'modules of the kernel for a base that has none of it: modules64.gz, or a directory lib/modules/VERSION',
  ),
  format: {
    choices: IMAGE_FORMATS,
    array: true as const,
    describe: 'what is written [default: kernel iso; for --server razor-server kernel tar, ironic and foreman kernel]',
  },
  server: {
    choices: BOOT_FILE_SERVERS,
    default: 'razor' as const,
    describe: 'whose boot files are written besides, in a directory of its name (docs/servers.md)',
  },
  'server-url': text('address of that server, for its boot files'),
  'allow-deploy': {
    type: 'boolean' as const,
    default: false,
    describe: 'the server (Ironic, the lab) may write images over disks of machines that boot this image',
  },
  'site-key': text('public half of a site key (razor-mk lab key): only what it signed is believed'),
  erase: {
    type: 'boolean' as const,
    default: false,
    describe: 'programs to erase disks with go in: nvme-cli, hdparm, blkdiscard, blkzone, efibootmgr (docs/ironic.md)',
  },
  flavour: {
    choices: FLAVOURS,
    default: 'prod' as const,
    describe: 'prod: no login; dev: logins that you give; debug: open consoles',
  },
  version: text('three numbers [default: git describe, else package.json]'),
  form: {
    choices: FORM_CHOICES,
    default: 'auto' as const,
    describe: 'how the agent lies in the initrd; auto: tcz-zstd where the base’s kernel reads it, else tcz-gzip',
  },
  agent: {
    ...text('the agent’s extension'),
    defaultDescription: 'what npm run package made for the base’s processor',
  },
  extension: list('extension that is loaded at boot: a name, a .tcz or a .deb'),
  debian: list('Debian package that becomes an extension, with the libraries that it needs'),
  'mirror-extension': list('extension that goes into the node’s local mirror'),
  'builtin-list': list('file with names for --extension, one a line'),
  'mirror-list': list('file with names for --mirror-extension, one a line'),
  'extension-dir': list('directory where extensions are looked for'),
  mirror: text('address of a mirror’s tcz directory, for extensions that are in no directory'),
  module: list('kernel module: a name or a .ko file'),
  'module-dir': list('lib/modules/VERSION where modules are looked for by name'),
  firmware: list('firmware file (or SRC:NAME) or directory for /lib/firmware'),
  'firmware-from': list('directory of firmware out of which goes in what the drivers of the image name'),
  'build-step': list('program of yours, or directory of programs, that is run against the root tree'),
  file: list('SRC:DST, a file or directory of yours'),
  'kernel-arg': list('word for the kernel line of the ISO'),
  'facts-d': list('directory of external facts'),
  command: list('program that a server may name as a command'),
  'ssh-key': list('file of public keys for the user tc (not in prod)'),
  'password-hash': text('crypt(3) hash of tc’s password (not in prod)'),
  'boot-login': {
    type: 'boolean' as const,
    default: false,
    describe: 'the kernel line may let root in: razor.sshkey=, razor.rootpwd= (docs/image.md)',
  },
  serial: {
    ...text('serial console of the ISO, or none'),
    default: USUAL_SERIAL,
    defaultDescription: 'ttyS0,115200, for arm64 ttyAMA0,115200',
  },
  timeout: { type: 'number' as const, default: 1, describe: 'seconds that the ISO’s boot menu waits' },
  'volume-id': { ...text('volume id of the ISO'), default: 'RAZOR_MK' },
  uefi: { type: 'boolean' as const, default: true, describe: 'the ISO also boots under UEFI' },
  'secure-boot': {
    type: 'boolean' as const,
    default: false,
    describe: 'the ISO boots by Debian’s signed shim and GRUB; an unsigned kernel or module is refused',
  },
} as const;

/** Headings of the help; the others stand in the first group. */
const GROUPS: Readonly<Record<string, readonly (keyof typeof BUILD_OPTIONS)[]>> = {
  'What the image is:': [
    'format',
    'server',
    'server-url',
    'flavour',
    'version',
    'form',
    'agent',
    'secure-boot',
    'site-key',
  ],
  'What goes in:': [
    'extension',
    'debian',
    'erase',
    'builtin-list',
    'mirror-extension',
    'mirror-list',
    'extension-dir',
    'mirror',
    'module',
    'module-dir',
    'firmware',
    'firmware-from',
    'file',
    'facts-d',
    'command',
    'build-step',
  ],
  'What may be done with the machine:': ['allow-deploy', 'ssh-key', 'password-hash'],
  'The ISO:': ['kernel-arg', 'serial', 'timeout', 'volume-id', 'uefi'],
};

type BuildArgs = InferredOptionTypes<typeof BUILD_OPTIONS>;

/** Adds the options, and --config, whose file stands below the command line. */
export function addBuildOptions<T>(yargs: Argv<T>): Argv<T & BuildArgs> {
  let built: Argv<T> = yargs.version(false); // --version is that of the image here
  for (const [head, names] of Object.entries(GROUPS)) built = built.group(names, head);
  return built
    .options(BUILD_OPTIONS)
    .config('config', 'image.yaml with these options, or the original’s bundle.cfg', readConfig) as Argv<T & BuildArgs>;
}

/** What was wrong with --config: yargs would make a bare text of it, so it is kept until the verb runs. */
let configProblem: unknown;

function readConfig(path: string): ReturnType<typeof readConfigFile> {
  configProblem = undefined;
  try {
    return readConfigFile(path);
  } catch (error) {
    configProblem = error;
    return {};
  }
}

interface PreparedBuild {
  readonly options: BuildOptions;
  /** What a person should know about the version. */
  readonly note?: string;
}

/** The build that the options mean. Fetches the base when it is named by its address. */
export async function prepareBuild(
  args: BuildArgs,
  out: string,
  host: Host,
  step: (text: string) => void,
): Promise<PreparedBuild> {
  if (configProblem !== undefined) throw configProblem;
  const version = await imageVersion(args.version, PROJECT, sourceVersion());
  const base = args.base;
  const fetched =
    base !== undefined && /^https?:\/\//.test(base) ? await fetchFrom(base, args['base-sha256'], host, step) : base;
  const options: BuildOptions = {
    base: fetched,
    kernel: args.kernel,
    ...(args.initrd.length > 0 ? { initrd: args.initrd } : {}),
    modulesFrom: args['modules-from'],
    mirror: args.mirror,
    out: resolve(out),
    formats: args.format ?? FORMATS_FOR[args.server],
    server: args.server,
    allowDeploy: args['allow-deploy'],
    secureBoot: args['secure-boot'],
    siteKey: args['site-key'],
    ...(args['server-url'] === undefined ? {} : { serverUrl: args['server-url'] }),
    flavour: args.flavour,
    version: version.version,
    form: args.form,
    agent: args.agent === undefined ? undefined : resolve(args.agent),
    extensions: [...args.extension, ...args['builtin-list'].flatMap(namesOf)],
    debian: args.debian,
    erase: args.erase,
    packageCache: defaultCache(host),
    env: host.env,
    mirrorExtensions: [...args['mirror-extension'], ...args['mirror-list'].flatMap(namesOf)],
    extensionDirs: args['extension-dir'],
    modules: args.module,
    moduleDirs: args['module-dir'],
    firmware: args.firmware,
    firmwareFrom: args['firmware-from'],
    buildSteps: args['build-step'],
    files: args.file,
    factsDirs: args['facts-d'],
    commands: args.command,
    logins: {
      sshKeys: args['ssh-key'],
      ...(args['password-hash'] === undefined ? {} : { passwordHash: args['password-hash'] }),
    },
    bootLogin: args['boot-login'],
    iso: {
      kernelArgs: args['kernel-arg'],
      timeout: args.timeout,
      volumeId: args['volume-id'],
      uefi: args.uefi,
      ...(args.serial === 'none' ? {} : { serial: args.serial }),
    },
    unproven: unprovenOf(args),
    epoch: await sourceEpoch(host.env, PROJECT),
    step,
    signal: host.signal,
  };
  return { options, note: version.note };
}

/** A checksum from the place of the file proves nothing about who made it, and on http anybody on the way is that place. */
function unprovenOf(args: BuildArgs): string[] {
  const base = args['base-sha256'] === undefined ? args.base : undefined;
  return [base, args.mirror].filter((url): url is string => url !== undefined && /^http:\/\//i.test(url));
}

async function fetchFrom(
  url: string,
  sha256: string | undefined,
  host: Host,
  step: (text: string) => void,
): Promise<string> {
  step(`fetching ${url}`);
  const cache = join(dirname(defaultCache(host)), 'bases');
  return await fetchBase({ url, cache, signal: host.signal, sha256, env: host.env });
}

function namesOf(file: string): string[] {
  try {
    return parseList(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}
