/**
 * `npm run test:deploy`: the deploy ramdisk's work with real programs (tgtd, qemu-img, in.tftpd), in a network namespace of
 * its own, where --live can change nothing that matters. Skipped with a reason where something is missing.
 */
import { createNamespace } from '../../lab/vm/namespace.ts';
import { messageOf } from '../../platform/errors/errors.ts';
import { run } from '../../platform/process/run.ts';

const NEEDS = ['tgtd', 'tgtadm', 'qemu-img', 'in.tftpd', 'ip', 'unshare', 'nsenter', 'setpriv'];

async function lacking(): Promise<string | undefined> {
  for (const program of NEEDS) {
    if ((await run(['sh', '-c', 'command -v "$1"', 'sh', program])).status !== 0) return `${program} is not installed`;
  }
  const probe = await run(['qemu-img', 'info', 'iscsi://127.0.0.1:1/iqn-x/1']);
  if (/Unknown protocol|Unknown driver/.test(probe.stderr.toString()))
    return 'qemu-img has no iSCSI driver (qemu-block-extra)';
  return process.getuid?.() === 0 ? undefined : 'tgtd needs root';
}

async function main(): Promise<number> {
  const lack = await lacking();
  if (lack !== undefined) {
    process.stdout.write(`test:deploy: skipped: ${lack}\n`);
    return 0;
  }
  const namespace = await createNamespace().catch((error: unknown) => {
    process.stdout.write(`test:deploy: skipped: ${messageOf(error)}\n`);
    return undefined;
  });
  if (!namespace) return 0;
  try {
    await namespace.must(['ip', 'addr', 'add', '192.0.2.1/32', 'dev', 'lo']);
    const root = new URL('../..', import.meta.url).pathname;
    const tests = await namespace.start(
      [process.execPath, '--test', '--test-timeout=180000', '--test-concurrency=1', `${root}test/deploy/*.deploy.ts`],
      { cwd: root, onLine: (line) => process.stdout.write(`${line}\n`) },
    );
    const { status } = await tests.exited;
    return status ?? 1;
  } finally {
    await namespace.close();
  }
}

process.exitCode = await main();
