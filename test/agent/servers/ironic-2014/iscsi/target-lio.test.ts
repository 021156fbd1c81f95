/** The kernel's target against a tree that stands for its configfs; scenario n2 of the boot tests has the kernel itself. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportByLio, hasLio } from '../../../../../agent/servers/ironic-2014/iscsi/target-lio.ts';
import { fakeClock } from '../../../../helpers/fake-clock.ts';
import { aDisk, deployBench, scriptedApi } from '../../../../helpers/deploy-bench.ts';
import { temporaryDirectory } from '../../../../helpers/temporary-directory.ts';

const IQN = 'iqn-f02e3aae';

interface Bed {
  readonly configfs: string;
  readonly group: string;
  /** Port on which something listens, as the kernel would. */
  readonly port: number;
  readonly read: (path: string) => string;
}

/** The directories that the kernel makes by itself below those that are made. */
async function withConfigfs(use: (bed: Bed) => Promise<void>): Promise<void> {
  const configfs = temporaryDirectory();
  const group = join(configfs, 'target/iscsi', IQN, 'tpgt_1');
  for (const dir of ['attrib', 'auth']) mkdirSync(join(group, dir), { recursive: true });
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    await use({ configfs, group, port, read: (path) => readFileSync(join(group, path), 'utf8') });
  } finally {
    server.close();
  }
}

const { system } = deployBench({ clock: fakeClock(), http: scriptedApi([202]) }).context;
const options = (port: number, disk = aDisk('vda')) => ({
  iqn: IQN,
  disk,
  address: '127.0.0.1',
  port,
  initiators: ['127.0.0.1'],
});

test('a block device is exported through configfs as LUN 1 on one portal, its sessions are counted, and it is taken down', () =>
  withConfigfs(async ({ configfs, group, port, read }) => {
    const target = await exportByLio(options(port), { system, configfs });
    const store = join(configfs, 'target/core/iblock_0/disk0');
    assert.equal(readFileSync(join(store, 'control'), 'utf8'), 'udev_path=/dev/razor-mk-none-vda');
    assert.equal(readFileSync(join(store, 'enable'), 'utf8'), '1');
    assert.equal(readlinkSync(join(group, 'lun/lun_1/port')), store);
    assert.ok(existsSync(join(group, `np/127.0.0.1:${port}`)));
    assert.deepEqual(
      ['enable', 'attrib/authentication', 'attrib/demo_mode_write_protect', 'attrib/generate_node_acls'].map(read),
      ['1', '0', '0', '1'],
    );
    assert.equal(await target.sessions(), 0);
    writeFileSync(join(group, 'dynamic_sessions'), 'iqn.2008-11.org.linux-kvm:a\n\0');
    assert.equal(await target.sessions(), 1);
    await target.stop();
    assert.equal(read('enable'), '0');
    assert.equal(existsSync(join(group, 'lun/lun_1')), false);
    assert.equal(existsSync(join(group, `np/127.0.0.1:${port}`)), false);
  }));

test('a file goes through fileio with its size; CHAP is asked for where a password is given', () =>
  withConfigfs(async ({ configfs, port, read }) => {
    const disk = aDisk('file', { path: '/tmp/lun', sizeBytes: 4096 });
    const chap = { user: 'u', password: 'twelve-chars' };
    await exportByLio({ ...options(port, disk), chap }, { system, configfs });
    const control = readFileSync(join(configfs, 'target/core/fileio_0/disk0/control'), 'utf8');
    assert.equal(control, 'fd_dev_name=/tmp/lun,fd_dev_size=4096');
    assert.deepEqual(['attrib/authentication', 'auth/userid', 'auth/password'].map(read), ['1', 'u', 'twelve-chars']);
  }));

test('what the kernel refuses is an error in the original’s words, and what was made is taken down again', () =>
  withConfigfs(async ({ configfs, group, port }) => {
    rmSync(join(group, 'auth'), { recursive: true });
    const chap = { user: 'u', password: 'twelve-chars' };
    await assert.rejects(exportByLio({ ...options(port), chap }, { system, configfs }), {
      code: 'RAZOR_MK_DEPLOY',
      message: /^Failed to start iscsi target\. LIO: .*userid/,
    });
    assert.equal(existsSync(join(group, 'lun/lun_1')), false);
    assert.equal(hasLio(configfs), true);
  }));
