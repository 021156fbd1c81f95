/** A virtual machine that boots an image and whose serial console a test reads. Emulated: slow on a busy machine. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDaemon } from '../../platform/process/daemon.ts';

export interface ImageVm {
  /** Everything that the console said. */
  readonly console: readonly string[];
  /** True when the test of `done` became true, false when the machine ended or the time was over. */
  until(done: () => boolean, timeoutMs: number): Promise<boolean>;
  stop(): Promise<void>;
}

/** The program. Debian 12's has no eMMC; Debian 13's has one. */
export const QEMU = join(process.env['RAZOR_MK_QEMU'] ?? '', 'qemu-system-x86_64');

export const VIRTIO_NET = ['-netdev', 'user,id=n0', '-device', 'virtio-net-pci,netdev=n0,romfile='] as const;

/** Starts QEMU (emulation only; that of RAZOR_MK_QEMU=DIR where it is set) with the options given and no screen. */
export async function bootVm(memoryMib: number, args: readonly string[]): Promise<ImageVm> {
  const lines: string[] = [];
  let running = true;
  const common = ['-accel', 'tcg', '-m', String(memoryMib), '-nographic', '-no-reboot'];
  const qemu = await startDaemon([QEMU, ...common, ...args], {
    onLine: (line) => void lines.push(line),
  });
  void qemu.exited.then(() => (running = false));
  return {
    console: lines,
    async until(done, timeoutMs) {
      const end = performance.now() + timeoutMs;
      while (!done()) {
        if (!running || performance.now() > end) return done();
        await sleep(200);
      }
      return true;
    },
    stop: () => qemu.stop(),
  };
}
