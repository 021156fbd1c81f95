import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createLog } from '../../../platform/log/log.ts';
import { startMirror } from '../../../tinycore/node/mirror.ts';
import { makeTree, type TreeFiles } from '../../helpers/tree.ts';

interface Running {
  readonly port: number;
  readonly lines: string[];
  get(path: string, method?: string): Promise<Response>;
}

async function mirror(t: TestContext, files: TreeFiles): Promise<Running> {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', people: (line, level) => lines.push(`${level}: ${line}`) });
  const { port, close } = await startMirror({ dir: makeTree(t, files), port: 0, log });
  t.after(close);
  const get = (path: string, method = 'GET'): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/tinycorelinux${path}`, { method });
  return { port, lines, get };
}

describe('the local mirror', () => {
  it('gives both lists as JSON; one that is missing or empty is an empty one', async (t) => {
    const { get } = await mirror(t, { 'tce-install-list.yaml': '---\n- bash.tcz\n- nano.tcz\n' });
    const list = await get('/tce-install-list?x=1');
    assert.equal(list.headers.get('content-type'), 'application/json');
    assert.deepEqual(await list.json(), ['bash.tcz', 'nano.tcz']);
    assert.deepEqual(await (await get('/kmod-install-list')).json(), []);
    const empty = await mirror(t, { 'kmod-install-list.yaml': '' });
    assert.deepEqual(await (await empty.get('/kmod-install-list')).json(), []);
  });

  it('says what is wrong with a list, to the one who asks and in the log', async (t) => {
    const { get, lines } = await mirror(t, {
      'tce-install-list.yaml': '- [',
      'kmod-install-list.yaml': `# ${'x'.repeat(256 * 1024)}\n- a\n`,
    });
    for (const name of ['tce', 'kmod']) {
      const reply = await get(`/${name}-install-list`);
      assert.equal(reply.status, 500);
      assert.match(await reply.text(), /\S\n$/);
    }
    assert.deepEqual(
      lines.map((line) => /^warn: (\S+): \S/.exec(line)?.[1]),
      ['/tinycorelinux/tce-install-list', '/tinycorelinux/kmod-install-list'],
    );
  });

  it('gives the extensions of each release and architecture, whole, or their size alone', async (t) => {
    const { get } = await mirror(t, {
      '4.x/x86/tcz/bash.tcz': 'squashfs',
      '15.x/x86_64/tcz/libstdc++-6.tcz.md5.txt': 'sum',
    });
    const file = await get('/4.x/x86/tcz/bash.tcz');
    assert.equal(file.headers.get('content-type'), 'application/octet-stream');
    assert.equal(await file.text(), 'squashfs');
    const head = await get('/4.x/x86/tcz/bash.tcz', 'HEAD');
    assert.equal(head.headers.get('content-length'), '8');
    assert.equal(await head.text(), '');
    assert.equal(await (await get('/15.x/x86_64/tcz/libstdc++-6.tcz.md5.txt')).text(), 'sum');
  });

  it('gives nothing else', async (t) => {
    const { get } = await mirror(t, {
      secret: 'x',
      '4.x/x86/tcz/link.tcz': '-> ../../../secret',
      '4.x/x86/tcz/folder.tcz/': '',
      '4.x/x86/tcz/.hidden': 'x',
      '4.x/mips/tcz/a.tcz': 'x',
      '1234.x/x86/tcz/a.tcz': 'x',
      [`4.x/x86/tcz/${'a'.repeat(129)}`]: 'x',
    });
    const paths = [
      '/secret',
      '/4.x/x86/tcz/',
      '/4.x/x86/tcz/absent.tcz',
      '/4.x/x86/tcz/..%2f..%2f..%2fsecret',
      '/4.x/x86/tcz/link.tcz',
      '/4.x/x86/tcz/folder.tcz',
      '/4.x/x86/tcz/.hidden',
      '/4.x/mips/tcz/a.tcz',
      '/1234.x/x86/tcz/a.tcz',
      `/4.x/x86/tcz/${'a'.repeat(129)}`,
      '/tce-install-list/',
    ];
    for (const path of paths) assert.equal((await get(path)).status, 404, path);
    for (const method of ['POST', 'DELETE']) assert.equal((await get('/tce-install-list', method)).status, 405);
  });

  it('is not started where the port is taken', async (t) => {
    const { port } = await mirror(t, {});
    await assert.rejects(startMirror({ dir: '/nowhere', port, log: createLog({}) }), { code: 'EADDRINUSE' });
  });
});
