/** Writes an image through an exported disk with qemu-img's own initiator: no kernel module, no root. */
import { RazorMkError } from '../../platform/errors.ts';
import { run } from '../../platform/run.ts';

export interface WriteImageOptions {
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

/** Milliseconds that it took. Throws RAZOR_MK_RUN with qemu-img's words. */
export async function writeImage(options: WriteImageOptions): Promise<number> {
  const { address, port, iqn, lun } = options;
  if (
    !/^[0-9a-fA-F.:]+$/.test(address) ||
    !/^\d{1,5}$/.test(port) ||
    !/^\d{1,3}$/.test(lun) ||
    !/^[\w.:-]{1,223}$/.test(iqn)
  ) {
    throw new RazorMkError('RAZOR_MK_RUN', 'the ramdisk gave an address, port, LUN or IQN that is none');
  }
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
