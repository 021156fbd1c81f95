/** `razor-mk deploy`: the deploy ramdisk's work by hand. */
import { systemClock } from '../../platform/time/clock.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import { createLog } from '../../platform/log/log.ts';
import { createSystem } from '../../platform/system.ts';
import { defineVerb, type Host } from '../../platform/process/verb.ts';
import { resolveAgentSettings } from '../config/resolve.ts';
import { listDisks } from '../disks/disks.ts';
import { asksForDeploy } from '../servers/ironic-2014/parameters/deploy-parameters.ts';
import {
  DEPLOY_DEFAULTS,
  settingsOf,
  TARGETS,
  THEN,
  type DeploySettings,
} from '../servers/ironic-2014/parameters/deploy-settings.ts';
import { readSource } from '../servers/ironic-2014/parameters/deploy-source.ts';
import { startDeployment } from '../servers/ironic-2014/start-deploy.ts';
import { parseCommandLine } from '../../platform/kernel-line.ts';
import { openHttp } from '../http/tls/trust.ts';
import { version } from '../version.ts';

/** An option that has a default elsewhere: words of the kernel line come between. */
function described(name: keyof DeploySettings, describe: string): { describe: string } {
  return { describe: `${describe} [default: ${String(DEPLOY_DEFAULTS[name])}]` };
}

export const verb = defineVerb({
  examples: [
    ['deploy --list-disks', 'every disk, and why one is not taken'],
    ['deploy --cmdline ./cmdline --disk-file ./disk.img', 'a dry run on a file'],
  ],
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
        describe: 'export the disk and do what is asked; otherwise only log it',
      })
      .option('list-disks', { type: 'boolean', default: false, describe: 'print every disk, and why one is not taken' })
      .option('disk-file', { type: 'string', describe: 'a regular file that stands for the disk' })
      .option('address', { type: 'string', describe: 'address of the portal; that of ip=, of BOOTIF, or the first' })
      .option('iscsi-port', { type: 'number', ...described('iscsiPort', 'port of the iSCSI portal') })
      .option('done-port', { type: 'number', ...described('donePort', 'port where the conductor says done') })
      .option('allow-initiator', {
        type: 'string',
        array: true,
        describe: 'who may log in besides API and boot server; ALL for everybody',
      })
      .option('chap-file', { type: 'string', describe: 'file with USER:PASSWORD that initiators must give' })
      .option('api-version-prefix', {
        type: 'string',
        ...described('apiVersionPrefix', 'before /nodes; empty for servers before /v1'),
      })
      .option('tftp-token', { type: 'boolean', describe: 'fetch the token from the boot server by TFTP' })
      .option('tftp-port', { type: 'number', ...described('tftpPort', 'port of the boot server’s TFTP') })
      .option('token-over-http', { type: 'boolean', describe: 'send the token although the API is not https' })
      .option('target', { choices: TARGETS, describe: 'tgtd or the kernel’s target; the first that is there' })
      .option('disk-attempts', {
        type: 'number',
        ...described('diskAttempts', 'how often a disk is looked for, a second apart'),
      })
      .option('wait', { type: 'number', ...described('wait', 'seconds to wait for done') })
      .option('error-wait', {
        type: 'number',
        ...described('errorWait', 'seconds between an error and what comes after'),
      })
      .option('then', { choices: THEN, ...described('then', 'what comes after') })
      .option('ca-file', { type: 'string', describe: 'certificates that may vouch for the API' })
      .option('pin', { type: 'string', describe: 'fingerprint of the API’s certificate or key' }),
  run: async (args, host) => {
    if (args['list-disks']) return printDisks(host);
    const log = createLog({ people: (line, level) => host.err(`${level === 'info' ? '' : `${level}: `}${line}\n`) });
    const system = createSystem({ live: args.live, log });
    const parts = { system, clock: systemClock, log, signal: host.signal };
    const kernelLine = await readText(args.cmdline);
    const source = await readSource(kernelLine, parts);
    if (!asksForDeploy(source.words)) {
      throw new RazorMkError('RAZOR_MK_USAGE', `${args.cmdline} has no deployment_id= and ironic_api_url=`);
    }
    const settings = { ...DEPLOY_DEFAULTS, ...settingsOf(source.words), ...given(args) };
    const { values } = resolveAgentSettings({
      options: { 'ca-file': args['ca-file'], pin: args.pin },
      cmdline: parseCommandLine(kernelLine),
      environment: host.env,
    });
    const url = source.words.get('ironic_api_url') ?? '';
    const http = await openHttp({
      settings: { ...values, token: '', tokenFile: '', siteKey: '' }, // those are for Razor's server
      server: { url, source: 'kernel line', given: true },
      environment: host.env,
      userAgent: `razor-mk/${version()}`,
    });
    const result = await startDeployment({
      ...parts,
      source,
      settings,
      trust: values,
      address: args.address,
      diskFile: args['disk-file'],
      http,
    });
    const { ok, disk, error } = result;
    host.out(`${JSON.stringify({ ok, dry: !args.live, disk, error, then: settings.then })}\n`);
    return ok ? 0 : 1;
  },
});

/** The options that were written. */
function given(args: Readonly<Record<string, unknown>>): Partial<DeploySettings> {
  const names = Object.keys(DEPLOY_DEFAULTS).filter((name) => args[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, args[name]]));
}

async function printDisks(host: Host): Promise<number> {
  for (const disk of await listDisks()) {
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
