/**
 * Preloaded into every test file: what keeps a file alive after its last test (an open server, a
 * timer) is named, and ends it as a failure. Without this such a file hangs for ever, and `--test-timeout` does not end it.
 * Node's own `--test-force-exit` is not used: it cuts long reports (findings/node-test-force-exit.sh).
 */
import { after } from 'node:test';

const GRACE_MS = 3000;

// the runner, which starts a process for each file, reads this file too
if (!process.execArgv.includes('--test')) {
  after(() => {
    const end = (): void => {
      const kept = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap');
      process.stderr.write(
        `${process.argv[1]} was still open ${GRACE_MS / 1000} s after its last test: ${kept.join(', ')}\n`,
      );
      process.exit(1);
    };
    setTimeout(end, GRACE_MS).unref();
  });
}
