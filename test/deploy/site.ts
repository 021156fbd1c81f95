/** What every deployment test needs: a directory, an image, a disk, a conductor and the real program. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEvents, type LabEvents } from '../../lab/lab-events.ts';
import { createExchanges, type Exchanges } from '../../lab/listeners/exchange-log.ts';
import type { IronicNodeOptions } from '../../lab/ironic/board.ts';
import { startConductor, type Conductor } from '../../lab/ironic/conductor.ts';
import { systemClock } from '../../platform/time/clock.ts';
import { startDaemon, type Daemon } from '../../platform/process/daemon.ts';
import { run } from '../../platform/process/run.ts';
import { freePort, isOpen } from './ports.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

export const NODE = 'f02e3aae-762e-4a4e-afc2-64afb092cdc1';
export const KEY = '9ATNBQX1M8O9UQTXM8IEHJKX8J6QYV5H';

export interface DeploySite {
  readonly dir: string;
  readonly image: string;
  readonly disk: string;
  readonly conductor: Conductor;
  readonly events: LabEvents;
  readonly exchanges: Exchanges;
  readonly iscsiPort: number;
  readonly donePort: number;
  /** Everything that the programs printed so far. */
  readonly printed: () => string;
  /** Starts `razor-mk deploy --live`; `line` is added to the kernel line, `args` to the options. */
  deploy(options?: {
    readonly line?: string;
    readonly args?: readonly string[];
    readonly live?: boolean;
    /** 127.0.0.1 otherwise. */
    readonly address?: string;
  }): Promise<Daemon>;
  close(): Promise<void>;
}

export async function openDeploySite(node: Partial<IronicNodeOptions> = {}, mebibytes = 64): Promise<DeploySite> {
  const dir = temporaryDirectory();
  const image = join(dir, 'image.raw');
  const disk = join(dir, 'disk.raw');
  const half = randomBytes(1024 * 1024);
  writeFileSync(
    image,
    Buffer.concat(Array.from({ length: mebibytes }, (_, index) => Buffer.from(half.map((byte) => byte ^ index)))),
  );
  writeFileSync(disk, '');
  truncateSync(disk, mebibytes * 1024 * 1024);
  const [iscsiPort, donePort] = [await freePort(), await freePort()];
  const events = createEvents(() => Date.now());
  const exchanges = createExchanges();
  const conductor = await startConductor({
    exchanges,
    host: '127.0.0.1',
    port: 0,
    nodes: [{ uuid: NODE, key: KEY, image, bootOption: 'netboot', ...node }],
    events,
    clock: systemClock,
    pauseMs: 1500,
    donePort,
  });
  let printed = '';
  const daemons: Daemon[] = [];
  return {
    dir,
    image,
    disk,
    conductor,
    events,
    exchanges,
    iscsiPort,
    donePort,
    printed: () => printed,
    async deploy({ line = '', args = [], live = true, address = '127.0.0.1' } = {}) {
      const cmdline = join(dir, 'cmdline');
      writeFileSync(
        cmdline,
        `deployment_id=${NODE} deployment_key=${KEY} iscsi_target_iqn=iqn-${NODE} ironic_api_url=${conductor.url} disk=sda ${line}\n`
          .split(' ')
          .reverse() // the first of doubled keys wins: what a test adds goes before
          .join(' '),
      );
      const main = new URL('../../agent/main.ts', import.meta.url).pathname;
      const daemon = await startDaemon(
        [
          ...([
            process.execPath,
            main,
            'deploy',
            '--cmdline',
            cmdline,
            '--disk-file',
            disk,
            '--address',
            address,
          ] as const),
          ...[
            '--iscsi-port',
            String(iscsiPort),
            '--done-port',
            String(donePort),
            '--then',
            'hold',
            ...(args.includes('--wait') ? [] : ['--wait', '90']),
            ...(live ? ['--live'] : []),
            ...args,
          ],
        ],
        { onLine: (text) => void (printed += `${text}\n`) },
      );
      daemons.push(daemon);
      return daemon;
    },
    async close() {
      for (const daemon of daemons) await daemon.stop();
      await conductor.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Uses a site and closes it. Whatever happened, the node's key was printed nowhere. */
export async function withSite(
  options: Parameters<typeof openDeploySite>,
  use: (site: DeploySite) => Promise<void>,
): Promise<void> {
  const site = await openDeploySite(...options);
  try {
    await use(site);
    assert.doesNotMatch(site.printed(), new RegExp(KEY), 'the key was printed');
  } finally {
    await site.close();
  }
}

export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited 60 s: ${what}`);
}

/** Whether the target is still there: its portal, or its control socket. */
export async function tgtdRuns(port: number): Promise<boolean> {
  return (await isOpen(port)) || (await run(['tgtadm', '-C', '41', '--mode', 'system', '--op', 'show'])).status === 0;
}
