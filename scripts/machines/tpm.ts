/** A TPM for a virtual machine: swtpm behind a socket. */
import { join } from 'node:path';
import { startDaemon } from '../../platform/process/daemon.ts';

export interface VirtualTpm {
  /** Words for QEMU. */
  readonly arguments: readonly string[];
  stop(): Promise<void>;
}

/** Starts swtpm with its state in `folder`. `device` is QEMU's model of the TPM; `version` is what it speaks. */
export async function startTpm(
  folder: string,
  { device = 'tpm-tis', version = '2.0' }: { readonly device?: string; readonly version?: '1.2' | '2.0' } = {},
): Promise<VirtualTpm> {
  const socket = join(folder, 'tpm.sock');
  const daemon = await startDaemon([
    ...(['swtpm', 'socket'] as const),
    ...(version === '2.0' ? ['--tpm2'] : []),
    ...['--tpmstate', `dir=${folder}`, '--ctrl', `type=unixio,path=${socket}`],
  ]);
  return {
    arguments: [
      ...['-chardev', `socket,id=tpm,path=${socket}`, '-tpmdev', 'emulator,id=tpm0,chardev=tpm'],
      ...['-device', `${device},tpmdev=tpm0`],
    ],
    stop: () => daemon.stop(),
  };
}
