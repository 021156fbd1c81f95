/** The disk exported by the kernel's own target (LIO), through configfs by hand: for images without tgtd. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import { run } from '../../../../platform/process/run.ts';
import type { System } from '../../../../platform/system.ts';
import { listens, type Target, type TargetOptions } from './target.ts';

const MODULES = [
  'crc32c_generic',
  'configfs',
  'target_core_mod',
  'iscsi_target_mod',
  'target_core_iblock',
  'target_core_file',
];

interface LioParts {
  readonly system: System;
  /** Where configfs is mounted. */
  readonly configfs?: string;
}

/** Whether the kernel has its target, or the modules for it. */
export function hasLio(configfs = '/sys/kernel/config'): boolean {
  if (existsSync(join(configfs, 'target/iscsi'))) return true;
  const modules = join('/lib/modules', release());
  return ['modules.dep', 'modules.builtin'].some((list) => {
    try {
      return /\/iscsi_target_mod\.ko/.test(readFileSync(join(modules, list), 'latin1'));
    } catch {
      return false;
    }
  });
}

/** Exports the disk as LUN 1. Throws RAZOR_MK_DEPLOY; nothing is left then. LIO limits initiators by name only, so `options.initiators` cannot be kept: anybody who reaches the portal may log in. */
export async function exportByLio(
  options: TargetOptions,
  { system, configfs = '/sys/kernel/config' }: LioParts,
): Promise<Target> {
  const { iqn, disk, address, port } = options;
  const base = join(configfs, 'target');
  const isFile = !disk.path.startsWith('/dev/');
  const hba = join(base, 'core', isFile ? 'fileio_0' : 'iblock_0');
  const store = join(hba, 'disk0');
  const group = join(base, 'iscsi', iqn, 'tpgt_1');
  const portal = join(group, 'np', `${address.includes(':') ? `[${address}]` : address}:${port}`);
  const lun = join(group, 'lun/lun_1');
  let stopped = false;

  const target: Target = {
    kind: 'LIO',
    sessions: () => Promise.resolve(countSessions(group)),
    async stop() {
      if (stopped) return;
      stopped = true;
      await system.change(`stop exporting ${disk.path}`, async () => {
        await writeFile(join(group, 'enable'), '0').catch(() => undefined);
        await rmdir(portal).catch(() => undefined);
        await rm(join(lun, 'port')).catch(() => undefined);
        for (const path of [lun, group, join(base, 'iscsi', iqn), join(base, 'iscsi'), store, hba]) {
          await rmdir(path).catch(() => undefined);
        }
      });
    },
  };

  for (const module of MODULES) await system.run(`load ${module}`, ['modprobe', '-q', module]);
  try {
    await system.change(`export ${disk.path} as ${iqn} on ${address}:${port}`, async () => {
      if (!existsSync(base)) await run(['mount', '-t', 'configfs', 'none', configfs]);
      await mkdir(store, { recursive: true });
      const control = isFile ? `fd_dev_name=${disk.path},fd_dev_size=${disk.sizeBytes}` : `udev_path=${disk.path}`;
      await writeFile(join(store, 'control'), control);
      await writeFile(join(store, 'enable'), '1');
      await mkdir(lun, { recursive: true });
      await symlink(store, join(lun, 'port'));
      await writeFile(join(group, 'attrib/authentication'), options.chap ? '1' : '0');
      await writeFile(join(group, 'attrib/demo_mode_write_protect'), '0');
      await writeFile(join(group, 'attrib/generate_node_acls'), '1');
      if (options.chap) {
        await writeFile(join(group, 'auth/userid'), options.chap.user);
        await writeFile(join(group, 'auth/password'), options.chap.password);
      }
      await mkdir(portal, { recursive: true });
      await writeFile(join(group, 'enable'), '1');
      if (!(await listens(address, port))) throw new Error(`nothing listens on ${address}:${port}`);
    });
  } catch (error) {
    await target.stop();
    throw new RazorMkError('RAZOR_MK_DEPLOY', `Failed to start iscsi target. LIO: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return target;
}

/** LIO tells the sessions of a demo-mode portal group in dynamic_sessions, a name each. */
function countSessions(group: string): number {
  try {
    return readFileSync(join(group, 'dynamic_sessions'), 'utf8')
      .split('\n')
      .filter((line) => line.replaceAll('\0', '') !== '').length;
  } catch {
    try {
      return readdirSync(join(group, 'acls')).length;
    } catch {
      return 0;
    }
  }
}
