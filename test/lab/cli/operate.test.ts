/** docs/operate.md, walked: each command of the page in one shell, in order, and its output compared. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../../../platform/process/run.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const END = 'END-OF-COMMAND';

interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

/** The commands of a page with what they print: blocks without a language whose first line is a command. */
function steps(page: string): Step[] {
  const found: Step[] = [];
  for (const [, block = ''] of page.matchAll(/^```\n(\$ [\s\S]*?)^```$/gm)) {
    for (const part of block.split(/^\$ /m).slice(1)) {
      const [command = '', ...output] = part.replace(/\n$/, '').split('\n');
      found.push({ command, output });
    }
  }
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A pattern of lines: `…` is any text; alone on a line, and behind the last line, any lines. Blanks in tables are any number. */
function pattern(output: readonly string[]): RegExp {
  const line = (text: string): string =>
    text
      .split(/(…| {2,})/)
      .map((part) =>
        part === '…' ? '.*' : /^ {2,}$/.test(part) ? ' +' : part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'),
      )
      .join('');
  return new RegExp(`^${output.map((text) => (text === '…' ? '[^]*' : `${line(text)} *`)).join('\n')}\n*$`);
}

test('docs/operate.md says what happens, command by command', async (t) => {
  const dir = temporaryDirectory(t);
  const page = readFileSync(join(ROOT, 'docs/operate.md'), 'utf8');
  const all = steps(page);
  assert.ok(all.length >= 18, `${all.length} commands`);
  writeFileSync(join(dir, 'lab.yaml'), 'db: lab.db\nprotect-new-nodes: true\n');
  writeFileSync(join(dir, 'ada.password'), 'correct horse battery staple\n', { mode: 0o600 });
  const shim = join(dir, 'razor-mk');
  writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'agent/main.ts')}' "$@"\n`);
  chmodSync(shim, 0o755);
  const port = await freePort();
  const script = all.map(({ command }) => `${command.replaceAll(':8025', `:${port}`)}\necho\necho ${END}`).join('\n');
  const env = {
    PATH: `${dir}:${process.env['PATH'] ?? ''}`,
    HOME: dir,
    NO_COLOR: '1',
    COLUMNS: '300',
    RAZOR_MK_LAB_URL: `http://127.0.0.1:${port}`,
    RAZOR_MK_LAB_PEOPLE_PORT: String(port),
    RAZOR_MK_LAB_PORT: '0',
    RAZOR_MK_LAB_IMAGE_PORT: '0',
  };
  // whatever fails, the lab of the page ends with its shell
  writeFileSync(join(dir, 'walk.sh'), `trap 'kill $! 2>/dev/null' EXIT\nexec 2>&1\n${script}\n`);
  const done = await run(['sh', 'walk.sh'], { cwd: dir, env, timeoutMs: 110_000 });
  const outputs = done.stdout.toString().split(`\n${END}\n`);
  all.forEach(({ command, output }, i) => {
    assert.match(outputs[i] ?? '', pattern(output), `$ ${command}`);
  });
});
