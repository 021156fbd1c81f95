/** What an iSCSI target can do for the deploy ramdisk; tgtd and the kernel's LIO each have one. */
import type { Disk } from '../../../disks/disks.ts';

export interface TargetOptions {
  readonly iqn: string;
  readonly disk: Disk;
  /** The portal listens here only. */
  readonly address: string;
  /** 3260, unless something else is asked for. */
  readonly port: number;
  /** Addresses or networks that may log in; `ALL` lets everybody. */
  readonly initiators: readonly string[];
  readonly chap?: { readonly user: string; readonly password: string } | undefined;
}

export interface Target {
  /** `tgtd` or `LIO`. */
  readonly kind: string;
  /** Sessions that are logged in now. */
  sessions(): Promise<number>;
  /** Ends it, with or without live sessions, and flushes. May be called twice. */
  stop(): Promise<void>;
}

/** Whether something accepts connections at an address; a target that does not listen is no target. */
export async function listens(address: string, port: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return await new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(2000, () => end(false));
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  });
}
