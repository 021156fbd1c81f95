/**
 * NVMe's own ways to erase: Format NVM with a secure erase, else Sanitize. What the controller can do is read from its Identify
 * data, at the places of the specification (NVM Express Base 2.0, figure 275); nvme-cli's JSON differs between its versions.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../platform/process/run.ts';
import type { Disk } from '../disks.ts';
import { complaint, unsupported, wentWrong, type Attempt, type EraseTools } from './attempt.ts';

/** Drives tell how long it takes, rarely: hours for a large one that overwrites. */
const LONGEST_MS = 12 * 3_600_000;
const ASK_MS = 5000;

interface Controller {
  readonly canFormat: boolean;
  /** Namespaces can be made and detached, so that there may be some that the kernel does not show. */
  readonly managesNamespaces: boolean;
  readonly formatsAll: boolean;
  readonly cryptoFormat: boolean;
  readonly cryptoSanitize: boolean;
  readonly blockSanitize: boolean;
}

/** What Identify Controller says; undefined for anything that is none. */
export function controllerOf(identify: Buffer): Controller | undefined {
  if (identify.length < 4096) return undefined;
  const [commands, format, sanitize] = [
    identify.readUInt16LE(256),
    identify.readUInt8(524),
    identify.readUInt32LE(328),
  ];
  return {
    canFormat: (commands & 2) !== 0,
    managesNamespaces: (commands & 8) !== 0,
    formatsAll: (format & 3) !== 0,
    cryptoFormat: (format & 4) !== 0,
    cryptoSanitize: (sanitize & 1) !== 0,
    blockSanitize: (sanitize & 2) !== 0,
  };
}

/** Erases one namespace. A zoned one takes no format. */
export async function eraseNvme({ name, path }: Disk, tools: EraseTools): Promise<Attempt> {
  const nvme = tools.find('nvme');
  if (nvme === undefined) return unsupported('there is no nvme-cli in this image');
  const asked = await run([nvme, 'id-ctrl', path, '--output-format=binary']);
  const controller = asked.status === 0 ? controllerOf(asked.stdout) : undefined;
  if (controller === undefined) return wentWrong(`nvme id-ctrl: ${complaint(asked) ?? 'its answer is too short'}`);
  const alone = await isAlone({ nvme, name, path }, controller, tools);
  if (controller.canFormat && (alone || !controller.formatsAll)) {
    const mode = controller.cryptoFormat ? 2 : 1;
    const how = `NVMe format (${mode === 2 ? 'cryptographic erase' : 'user data erase'})`;
    // without --lbaf the size of a block stays; without --force nvme-cli waits for somebody to stop it
    const argv = [nvme, 'format', path, `--ses=${mode}`, '--force', `--timeout=${LONGEST_MS}`] as const;
    const said = complaint(await tools.system.run(`${how} of ${path}`, argv, { timeoutMs: LONGEST_MS }));
    return said === undefined ? { is: 'done', how } : wentWrong(`${how}: ${said}`);
  }
  if (!controller.cryptoSanitize && !controller.blockSanitize) {
    return unsupported(
      controller.canFormat ? 'its format erases other namespaces too' : 'its controller has no format',
    );
  }
  if (!alone) return unsupported('its controller erases other namespaces too');
  return await sanitize({ nvme, path, controller }, tools);
}

interface Sanitizing {
  readonly nvme: string;
  readonly path: string;
  readonly controller: Controller;
}

async function sanitize({ nvme, path, controller }: Sanitizing, tools: EraseTools): Promise<Attempt> {
  const how = `NVMe sanitize (${controller.blockSanitize ? 'block erase' : 'cryptographic erase'})`;
  const argv = [nvme, 'sanitize', path, `--sanact=${controller.blockSanitize ? 2 : 4}`] as const;
  const said = complaint(await tools.system.run(`${how} of ${path}`, argv, { timeoutMs: 60_000 }));
  if (said !== undefined) return wentWrong(`${how}: ${said}`);
  // it goes on by itself; the log (figure 290) tells how far it is
  for (const until = performance.now() + LONGEST_MS; performance.now() < until;) {
    tools.signal.throwIfAborted();
    const log = await run([nvme, 'sanitize-log', path, '--output-format=binary']);
    if (log.status !== 0 || log.stdout.length < 4)
      return wentWrong(`${how}: its log: ${complaint(log) ?? 'too short'}`);
    const state = log.stdout.readUInt16LE(2) & 7;
    if (state === 1 || state === 4) return { is: 'done', how };
    if (state !== 2) return wentWrong(`${how}: the drive says that it failed`);
    tools.progress(`${path}: ${how}, ${Math.floor((log.stdout.readUInt16LE(0) / 65_536) * 100)} %`);
    await tools.sleep(ASK_MS);
  }
  return wentWrong(`${how}: not over within ${LONGEST_MS / 3_600_000} hours`);
}

/** Whether the drive has no namespace but this one; attached elsewhere or to nobody counts. */
async function isAlone(
  { nvme, name, path }: { readonly nvme: string; readonly name: string; readonly path: string },
  { managesNamespaces }: Controller,
  { root }: EraseTools,
): Promise<boolean> {
  const block = join(root, 'sys/block');
  const text = (file: string): string => {
    try {
      return readFileSync(join(block, file), 'utf8').trim();
    } catch {
      return '';
    }
  };
  const drive = text(`${name}/device/subsysnqn`);
  if (drive === '') return false;
  const others = readdirSync(block).filter(
    (each) =>
      each !== name && text(`${each}/device/subsysnqn`) === drive && text(`${each}/wwid`) !== text(`${name}/wwid`),
  );
  if (others.length > 0) return false;
  if (!managesNamespaces) return true;
  const { status, stdout } = await run([nvme, 'list-ns', path, '--all']);
  return status === 0 && [...stdout.toString().matchAll(/:\s*0x[0-9a-f]+/gi)].length === 1;
}
