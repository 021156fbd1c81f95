/** `razor-mk deploy`: the deploy ramdisk's work by hand. */
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemClock } from '../../platform/clock.ts';
import { messageOf, RazorMkError } from '../../platform/errors.ts';
import { readCapped } from '../../platform/files.ts';
import { createLog, type Log } from '../../platform/log.ts';
import { createSystem } from '../../platform/system.ts';
import { defineVerb, type Host } from '../../platform/verb.ts';
import { deploy, type DeployResult } from '../deploy/deploy.ts';
import { listDisks, type Disk } from '../deploy/disks.ts';
import {
  asksForDeploy,
  deployParameters,
  parseParameters,
  wantsVirtualMedia,
  type DeployParameters,
} from '../deploy/parameters.ts';
import { cleanToken, readVirtualMedia } from '../deploy/virtual-media.ts';
import { createHttpClient, type HttpClient } from '../http.ts';

const THEN = ['reboot', 'poweroff', 'hold'] as const;

export const verb = defineVerb({
  options: (yargs) =>
    yargs
      .option('cmdline', {
        type: 'string',
        default: '/proc/cmdline',
        describe: 'kernel line with deployment_id=, ironic_api_url= …',
      })
      .option('live', {
        type: 'boolean',
        default: false,
        describe: 'export the disk and do what is asked; otherwise only say it',
      })
      .option('list-disks', { type: 'boolean', default: false, describe: 'print every disk, and why one is not taken' })
      .option('disk-file', { type: 'string', describe: 'a regular file that stands for the disk' })
      .option('address', { type: 'string', describe: 'address of the portal; that of ip= or the first of the machine' })
      .option('iscsi-port', { type: 'number', default: 3260, describe: 'port of the iSCSI portal' })
      .option('done-port', { type: 'number', default: 10_000, describe: 'port where the conductor says done' })
      .option('allow-initiator', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'who may log in besides API and boot server; ALL for everybody',
      })
      .option('chap-file', { type: 'string', describe: 'file with USER:PASSWORD that initiators must give' })
      .option('api-version-prefix', {
        type: 'string',
        default: '/v1',
        describe: 'before /nodes; empty for servers before /v1',
      })
      .option('tftp-token', {
        type: 'boolean',
        default: false,
        describe: 'fetch the token from the boot server by TFTP',
      })
      .option('tftp-port', { type: 'number', default: 69, describe: 'port of the boot server’s TFTP' })
      .option('target', {
        choices: ['tgt', 'lio'] as const,
        describe: 'tgtd or the kernel’s target; the first that is there',
      })
      .option('disk-attempts', {
        type: 'number',
        default: 60,
        describe: 'how often a disk is looked for, a second apart',
      })
      .option('wait', { type: 'number', default: 1800, describe: 'seconds to wait for done' })
      .option('then', { choices: THEN, default: 'reboot' as (typeof THEN)[number], describe: 'what comes after' }),
  run: (args, host) => runDeploy(args, host),
});

export interface DeployArgs {
  readonly cmdline: string;
  readonly live: boolean;
  readonly 'list-disks': boolean;
  readonly 'disk-file': string | undefined;
  readonly address: string | undefined;
  readonly 'iscsi-port': number;
  readonly 'done-port': number;
  readonly 'allow-initiator': readonly string[];
  readonly 'chap-file': string | undefined;
  readonly 'api-version-prefix': string;
  readonly 'tftp-token': boolean;
  readonly 'tftp-port': number;
  readonly target: 'tgt' | 'lio' | undefined;
  readonly 'disk-attempts': number;
  readonly wait: number;
  readonly then: (typeof THEN)[number];
}

/** What `razor-mk run` does when the kernel line asks for a deployment: the verb with its defaults. */
export function deployByKernelLine(cmdline: string, live: boolean, host: Host): Promise<number> {
  return runDeploy({ ...DEFAULTS, cmdline, live }, host);
}

const DEFAULTS: Omit<DeployArgs, 'cmdline' | 'live'> = {
  'list-disks': false,
  'disk-file': undefined,
  address: undefined,
  'iscsi-port': 3260,
  'done-port': 10_000,
  'allow-initiator': [],
  'chap-file': undefined,
  'api-version-prefix': '/v1',
  'tftp-token': false,
  'tftp-port': 69,
  target: undefined,
  'disk-attempts': 60,
  wait: 1800,
  then: 'reboot',
};

async function runDeploy(args: DeployArgs, host: Host): Promise<number> {
  if (args['list-disks']) return printDisks(host);
  const log = createLog({ people: (line, level) => host.err(`${level === 'info' ? '' : `${level}: `}${line}\n`) });
  const system = createSystem({ live: args.live, log });
  let words = parseParameters(await readText(args.cmdline));
  let token: string | undefined;
  if (wantsVirtualMedia(words)) {
    const place = await mkdtemp(join(tmpdir(), 'razor-mk-vmedia-'));
    try {
      const media = await readVirtualMedia({ system, clock: systemClock, mountPoint: place, signal: host.signal });
      words = parseParameters(media.parameters);
      token = media.token;
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  }
  if (!asksForDeploy(words)) {
    throw new RazorMkError('RAZOR_MK_USAGE', `${args.cmdline} has no deployment_id= and ironic_api_url=`);
  }
  const parameters = deployParameters(words);
  if (args['tftp-token']) token = await tokenByTftp(parameters, args['tftp-port'], host.signal);
  const address = args.address ?? parameters.ip?.address ?? firstAddress();
  const { chooseTarget } = await import('../deploy/choose-target.ts');
  const exportDisk = await chooseTarget(args.target, { system, clock: systemClock, signal: host.signal });
  const file = args['disk-file'];
  const result = await deploy({
    parameters: file === undefined ? parameters : { ...parameters, disks: ['file'], rootDevice: undefined },
    options: {
      address,
      iscsiPort: args['iscsi-port'],
      donePort: args['done-port'],
      allowInitiators: args['allow-initiator'],
      versionPrefix: args['api-version-prefix'],
      token,
      waitMs: args.wait * 1000,
      diskAttempts: args['disk-attempts'],
      ...(args['chap-file'] !== undefined && { chap: parseChap(await readText(args['chap-file'])) }),
    },
    system,
    clock: systemClock,
    log,
    http: args.live ? createHttpClient() : dryClient(log),
    listDisks: file === undefined ? listDisks : () => [fileAsDisk(resolve(file))],
    exportDisk,
    signal: host.signal,
  });
  return await afterwards(result, args.then, parameters, { system, host });
}

async function afterwards(
  result: DeployResult,
  then: (typeof THEN)[number],
  parameters: DeployParameters,
  { system, host }: { system: ReturnType<typeof createSystem>; host: Host },
): Promise<number> {
  host.out(`${JSON.stringify({ ok: result.ok, disk: result.disk, error: result.error, then })}\n`);
  if (!result.ok && parameters.troubleshoot) {
    await system.change('open a shell on the console (troubleshoot=1)', async () => {
      const { openShell } = await import('../deploy/shell.ts');
      await openShell();
    });
  }
  if (then === 'reboot') await system.reboot('the deployment is over');
  if (then === 'poweroff') await system.poweroff('the deployment is over');
  return result.ok ? 0 : 1;
}

function printDisks(host: Host): number {
  for (const disk of listDisks()) {
    const what = [disk.vendor, disk.model, disk.serial].filter(Boolean).join(' ');
    host.out(
      `${disk.path.padEnd(16)} ${(disk.sizeBytes / 1e9).toFixed(1).padStart(9)} GB  ${what.padEnd(30)} ${disk.refused ?? 'free'}\n`,
    );
  }
  return 0;
}

async function readText(path: string): Promise<string> {
  const bytes = await readCapped(path, 1024 * 1024);
  if (bytes === undefined) throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `${path} does not exist`);
  return bytes.toString('utf8');
}

async function tokenByTftp(
  parameters: DeployParameters,
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (parameters.bootServer === undefined)
    throw new RazorMkError('RAZOR_MK_TFTP', 'there is no boot server to ask for the token');
  const { tftpGet } = await import('../deploy/tftp.ts');
  const file = `token-${parameters.deploymentId}`;
  return cleanToken(await tftpGet({ host: parameters.bootServer, port, file, limit: 64 * 1024, signal }));
}

function parseChap(text: string): { user: string; password: string } {
  const match = /^([!-9;-~]{1,64}):([!-~]{12,16})$/.exec(text.trim());
  if (!match) {
    throw new RazorMkError(
      'RAZOR_MK_USAGE',
      'the CHAP file is not USER:PASSWORD with a password of 12 to 16 characters',
    );
  }
  return { user: match[1] ?? '', password: match[2] ?? '' };
}

/** A regular file in place of a disk, for trying it out. */
function fileAsDisk(path: string): Disk {
  try {
    const stat = statSync(path);
    const refused = stat.isFile() ? (stat.size === 0 ? 'its size is 0' : undefined) : 'it is no regular file';
    const blank = {
      model: '',
      vendor: '',
      serial: '',
      wwn: '',
      wwnWithExtension: '',
      wwnVendorExtension: '',
      hctl: '',
      byPath: '',
    };
    return { name: 'file', path, sizeBytes: stat.size, rotational: false, refused, ...blank };
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot use ${path} as a disk: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function firstAddress(): string {
  for (const list of Object.values(networkInterfaces())) {
    const found = (list ?? []).find(
      ({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'),
    );
    if (found) return found.address;
  }
  throw new RazorMkError('RAZOR_MK_DEPLOY', 'this machine has no address', { remedy: 'Give one with --address.' });
}

/** Without --live the conductor is told nothing: it would begin to write to a disk that is not exported. */
function dryClient(log: Log): HttpClient {
  return {
    request: ({ method, url }) => {
      log.info(`would ${method} ${url}`);
      return Promise.resolve({ status: 202, headers: {}, body: Buffer.alloc(0), durationMs: 0 });
    },
  };
}
