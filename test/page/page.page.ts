/** The lab's page in a real browser. Skipped, with a reason, where Chromium is not installed. */
import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import { launchBrowser, skip } from './site.ts';
import { checkinNode, factsOf, registerNode, tenNodes } from './ten-nodes.ts';

/** The one of the documentation is made anew with UPDATE_SCREENSHOT=1 npm run test:page. */
const SCREENSHOT = fileURLToPath(
  new URL(process.env['UPDATE_SCREENSHOT'] ? '../../docs/lab-page.png' : '../../build/lab-page.png', import.meta.url),
);
const DEPLOYED = 'f02e3aae-762e-4a4e-afc2-64afb092cdc1';
if (skip) console.log(`skipped: ${skip}`);

const PATHS = ['/', '/log', '/policies', '/images', '/requests', '/ironic', `/ironic/${DEPLOYED}`];
/** What a stranger could send as a fact, each of which would run if it were taken for markup. */
const HOSTILE = {
  hostname: '<script>window.owned = 1</script><b>bold</b>',
  productname: '"><img src=x onerror="window.owned = 2">',
  manufacturer: "'><svg onload=window.owned=3>",
  mk_hw_bus_vendor: 'javascript:window.owned=4',
  '<i onclick=window.owned=5>name</i>': '</td></tr></table><script>window.owned = 5</script>',
  serialnumber: '${window.owned = 6}{{7*7}}`',
  memorysize: '\u202e\u0000\u001b[31m',
};

describe('the page', { skip }, () => {
  let lab: Lab;
  let browser: Browser;
  let uuids: readonly string[];
  before(async () => {
    const waiting = { uuid: DEPLOYED, key: 'K', image: '/nowhere.raw', bootOption: 'netboot' } as const;
    lab = await startLab({
      ports: { nodes: 0, images: 0, people: 0, razorServer: 0 },
      ironic: { port: 0, nodes: [waiting], anyNode: { image: undefined } },
    });
    uuids = await tenNodes(lab);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await lab?.close();
  });

  async function visit(
    path: string,
    options: BrowserContextOptions,
    look: (page: Page) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const problems: string[] = [];
    const foreign: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (line) => line.type() === 'error' && problems.push(line.text()));
    page.on('request', (request) => request.url().startsWith(lab.peopleUrl) || foreign.push(request.url()));
    try {
      await page.goto(lab.peopleUrl + path);
      await look(page);
      assert.deepEqual(problems, [], 'the console stays empty');
      assert.deepEqual(foreign, [], 'nothing is fetched from elsewhere');
    } finally {
      await context.close();
    }
  }

  test('shows ten nodes with name, state, tags, policy and last contact; screenshot for the docs', async () => {
    await visit('/', { viewport: { width: 1280, height: 800 } }, async (page) => {
      assert.equal(await page.locator('tbody tr').count(), 10);
      const first = page.locator('tbody tr', { hasText: 'db-01' });
      for (const text of ['installed', 'DellInc', 'big', 'databases', '52:54:00:a1:00:00']) {
        assert.match((await first.textContent()) ?? '', new RegExp(text));
      }
      mkdirSync(dirname(SCREENSHOT), { recursive: true });
      await page.screenshot({ path: SCREENSHOT, fullPage: true });
      assert.ok(statSync(SCREENSHOT).size < 300 * 1024, 'the screenshot stays small');
    });
  });

  test('a node is found by MAC, tag and fact, with and without a script', async () => {
    for (const javaScriptEnabled of [true, false]) {
      for (const [search, rows] of [
        ['52:54:00:a1:00:20', 1],
        ['nics_4', 2],
        ['nuc11', 1],
        ['no such thing', 0],
      ] as const) {
        await visit('/', { javaScriptEnabled }, async (page) => {
          await page.getByRole('searchbox').fill(search);
          await page.getByRole('button', { name: 'Search' }).click();
          await page.waitForURL(/\?q=/);
          assert.equal(await page.locator('tbody tr').count(), rows, search);
        });
      }
    }
  });

  test('one node shows its facts, searched as one types, and gives them to the clipboard', async () => {
    const permissions = ['clipboard-read', 'clipboard-write'];
    await visit(`/nodes/${uuids[0]}`, { permissions }, async (page) => {
      const rows = page.locator('#facts tbody tr:visible');
      const all = await rows.count();
      assert.equal(all, Object.keys(factsOf(0)).length);
      await page.getByRole('searchbox', { name: 'Search facts' }).fill('macaddress eth2');
      assert.equal(await rows.count(), 1);
      await page.getByRole('button', { name: 'Copy the value of macaddress_eth2' }).click();
      await page.getByText('copied').waitFor();
      // the clipboard is read through a paste: the browser's own way
      await page.getByRole('searchbox', { name: 'Search facts' }).fill('');
      await page.keyboard.press('Control+V');
      assert.equal(await page.getByRole('searchbox', { name: 'Search facts' }).inputValue(), '52:54:00:a1:00:02');
    });
    await visit(`/nodes/${uuids[0]}?q=macaddress`, { javaScriptEnabled: false }, async (page) => {
      assert.equal(await page.locator('#facts tbody tr').count(), 5, 'the search works without a script');
      assert.equal(await page.getByRole('button', { name: /copy/i }).count(), 0, 'and no dead button is shown');
    });
  });

  test('says why a tag is given', async () => {
    await visit(`/nodes/${uuids[0]}`, {}, async (page) => {
      const row = page.locator('tr', { hasText: 'rule big memory' });
      assert.match((await row.textContent()) ?? '', /big.*memorysize \("376\.53 GiB"\) is like/s);
    });
  });

  test('a check-in appears in the log as it happens', async () => {
    await visit('/log', {}, async (page) => {
      await page.locator('.pulse.on').waitFor();
      const before = await page.locator('.log li').count();
      await checkinNode(lab, 7);
      await page.locator('.log li.new', { hasText: 'ctl-01' }).waitFor();
      assert.equal(await page.locator('.log li').count(), before + 1);
      assert.match((await page.locator('.log li').first().textContent()) ?? '', /checkin.*ctl-01.*acknowledge/);
    });
  });

  test('a deployment changes on the page as it happens: state, progress, error; and one that calls appears', async () => {
    const board = lab.conductor?.board;
    await visit('/ironic', {}, async (page) => {
      await page.locator('.pulse.on').waitFor();
      const line = page.locator(`[data-ironic="${DEPLOYED}"]`);
      await line.locator('.state.blue', { hasText: 'deploy wait' }).waitFor();
      assert.equal(await line.locator('progress').isVisible(), false);
      board?.change(DEPLOYED, { state: 'deploying', progress: 0.4 }, '40 % of the image are written');
      await line.locator('.state.amber', { hasText: 'deploying' }).waitFor();
      await line.getByText('40 %').waitFor();
      assert.equal(await line.locator('progress').getAttribute('value'), '0.4');
      board?.change(DEPLOYED, { state: 'deploy failed', lastError: 'disk <b>full</b>' }, 'failed: disk <b>full</b>');
      await line.getByText('disk <b>full</b>').waitFor();
      await page.locator('.log li.new', { hasText: 'disk <b>full</b>' }).waitFor();
      const url = `${lab.ironicUrl}/v1/nodes/called-1/vendor_passthru/pass_deploy_info`;
      await fetch(url, {
        method: 'POST',
        body: JSON.stringify({ key: 'k', address: '127.0.0.1', iqn: 'i', error: '' }),
      });
      await page.locator('[data-ironic="called-1"] .state.red', { hasText: 'deploy failed' }).waitFor();
    });
    await visit(`/ironic/${DEPLOYED}`, { javaScriptEnabled: false }, async (page) => {
      assert.match(
        (await page.locator('main').textContent()) ?? '',
        /deploy failed.*disk <b>full<\/b>.*\/nowhere\.raw/s,
      );
    });
  });

  test('requests and replies are there in full', async () => {
    await visit('/requests', {}, async (page) => {
      await page.locator('a', { hasText: 'POST /razor/api/node/register' }).first().click();
      await page.getByRole('heading', { name: 'Reply' }).waitFor();
      await page.getByText('The same, indented').first().click();
      const text = (await page.locator('main').textContent()) ?? '';
      for (const part of [
        'json_hash=',
        '"@attributes_hash": {',
        'content-type: application/json',
        'HTTP 200',
        '"command":"register_node"',
      ]) {
        assert.ok(text.includes(part), part);
      }
    });
  });

  test('markup in facts does nothing but be text, in lists, on the node, in the log and as it happens', async () => {
    await visit('/log', {}, async (page) => {
      await page.locator('.pulse.on').waitFor();
      const uuid = await registerNode(lab, 25, { ...factsOf(5), ...HOSTILE });
      await page.locator('.log li.new', { hasText: '<script>window.owned' }).first().waitFor();
      assert.equal(await page.evaluate('window.owned'), undefined);
      for (const path of [
        `/nodes/${uuid}`,
        '/',
        `/?q=${encodeURIComponent(HOSTILE.productname)}`,
        '/requests',
        '/policies',
      ]) {
        await page.goto(lab.peopleUrl + path);
        assert.equal(await page.evaluate('window.owned'), undefined, path);
        assert.equal(
          await page.locator('main img, main svg, main script, main b:not(.figure b), main i').count(),
          0,
          path,
        );
      }
      await page.goto(`${lab.peopleUrl}/nodes/${uuid}`);
      assert.match((await page.locator('h1').textContent()) ?? '', /^<script>window\.owned = 1<\/script><b>bold/);
    });
  });

  test('even markup that slipped through could not run: the policy forbids inline scripts and everything from elsewhere', async () => {
    const reply = await fetch(lab.peopleUrl);
    const policy = reply.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(lab.peopleUrl);
    await page.evaluate(`{
      const image = document.createElement('div');
      image.innerHTML = '<img src="/none" onerror="window.owned = 9">';
      document.body.append(image);
      const script = document.createElement('script');
      script.textContent = 'window.owned = 10';
      document.body.append(script);
    }`);
    await page.waitForTimeout(200);
    assert.equal(await page.evaluate('window.owned'), undefined);
    await context.close();
  });

  test('a phone shows every page without scrolling sideways, light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const path of [...PATHS, `/nodes/${uuids[0]}`, `/requests/${lab.exchanges.list().at(-1)?.seq}`]) {
        await visit(path, { viewport: { width: 360, height: 740 }, colorScheme }, async (page) => {
          const width = await page.evaluate<number>('document.documentElement.scrollWidth');
          assert.ok(width <= 360, `${path} is ${width} wide`);
        });
      }
    }
  });

  test('words can be read against their ground, light and dark (WCAG AA)', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await visit('/', { colorScheme }, async (page) => {
        const worst = await page.evaluate<{ ratio: number; text: string }>(CONTRAST);
        assert.ok(worst.ratio >= 4.5, `"${worst.text}" has a contrast of ${worst.ratio.toFixed(2)} (${colorScheme})`);
      });
    }
  });
});

/** The lowest contrast of any text on the page (WCAG 2.2, 1.4.3), computed in the browser. */
const CONTRAST = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255];
  };
  let worst = { ratio: 21, text: '' };
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent.trim()).join('');
    if (text === '' || element.closest('script') || element.getClientRects().length === 0) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text: text.slice(0, 40) };
  }
  return worst;
})()`;
