/** Writes an image through an exported disk with qemu-img's own initiator: no kernel module, no root. */
import type { Clock } from '../../platform/time/clock.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { run } from '../../platform/process/run.ts';

interface WriteImageOptions {
  readonly image: string;
  readonly address: string;
  readonly port: string;
  readonly iqn: string;
  readonly lun: string;
  /** `USER:PASSWORD`. */
  readonly chap?: string | undefined;
  readonly signal?: AbortSignal;
  /** Called with the share that is written, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** Discovery is tried so often, a second apart, as the original's conductor did. */
const DISCOVERIES = 5;

/**
 * Asks the portal for its targets (SendTargets, by libiscsi's iscsi-ls) until the one that is meant is among them. False where
 * that program is not installed. Throws RAZOR_MK_RUN.
 */
export async function discoverTarget(options: WriteImageOptions & { readonly clock: Clock }): Promise<boolean> {
  checkTarget(options);
  const { address, port, iqn, clock, signal } = options;
  const portal = `iscsi://${address.includes(':') ? `[${address}]` : address}:${port}`;
  for (let attempt = 1; ; attempt++) {
    const result = await run(['iscsi-ls', portal], { timeoutMs: 30_000, ...(signal && { signal }) });
    if (result.failure === 'not-found') return false;
    if (result.stdout.toString().split(/\s/).includes(`Target:${iqn}`)) return true;
    const said = result.stderr.toString().trim().split('\n').at(-1) || 'it is not among the targets';
    if (attempt >= DISCOVERIES) throw new RazorMkError('RAZOR_MK_RUN', `discovery of ${iqn} on ${portal}: ${said}`);
    await clock.sleep(1000, signal);
  }
}

/** Milliseconds that it took. Throws RAZOR_MK_RUN with qemu-img's words. */
export async function writeImage(options: WriteImageOptions): Promise<number> {
  checkTarget(options);
  const { address, port, iqn, lun } = options;
  const host = address.includes(':') ? `[${address}]` : address;
  const login = options.chap === undefined ? '' : `${options.chap.replace(':', '%')}@`;
  const url = `iscsi://${login}${host}:${port}/${iqn}/${lun}`;
  const result = await run(['qemu-img', 'convert', '-p', '-n', '-f', 'raw', '-O', 'raw', options.image, url], {
    timeoutMs: 1_800_000,
    // "    (12.50/100%)\r"
    onStdout: (piece) => {
      const percent = [...piece.toString('latin1').matchAll(/\((\d{1,3}\.\d+)\/100%\)/g)].at(-1)?.[1];
      if (percent !== undefined) options.onProgress?.(Math.min(1, Number(percent) / 100));
    },
    ...(options.signal && { signal: options.signal }),
  });
  if (result.status === 0) return result.durationMs;
  const said = result.stderr.toString().trim() || result.failure || `status ${String(result.status)}`;
  throw new RazorMkError('RAZOR_MK_RUN', `qemu-img: ${login === '' ? said : said.replaceAll(login, '')}`, {
    remedy:
      'Install qemu-utils and qemu-block-extra (the iSCSI driver), and check that the target lets this address log in.',
  });
}

/** They came over the network and become part of a URL. */
function checkTarget({ address, port, iqn, lun }: WriteImageOptions): void {
  const fits =
    /^[0-9a-fA-F.:]+$/.test(address) && /^\d{1,5}$/.test(port) && /^\d{1,3}$/.test(lun) && /^[\w.:-]{1,223}$/.test(iqn);
  if (!fits) throw new RazorMkError('RAZOR_MK_RUN', 'the ramdisk gave an invalid address, port, LUN or IQN');
}
