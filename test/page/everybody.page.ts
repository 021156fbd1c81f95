/** The page for everybody: WCAG 2.1 AA by axe-core, layouts by their boxes, and the keyboard. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import { ask, json, PORTS } from '../lab/people/ask.ts';
import { launchBrowser, skip } from './site.ts';
import { factsOf, registerNode, tenNodes } from './ten-nodes.ts';

const SCHEMES = ['light', 'dark'] as const;
const SIZES = [
  [390, 844],
  [1280, 900],
  [1920, 1080],
] as const;
const STANDARD = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];
const DEPLOYED = 'f02e3aae-762e-4a4e-afc2-64afb092cdc1';
/** The longest facts that real machines send: one word without a place to break, and a list. */
const LONG_FACTS = {
  mk_hw_cpu_vulnerability_spec_store_bypass: 'Mitigation: Speculative Store Bypass disabled via prctl',
  sshfp_ed25519_of_a_machine_with_a_name_that_has_no_end_and_no_space_to_break_at: 'f'.repeat(256),
};
/** With it, pictures of every view are written to build/page, to look at. */
const PICTURES =
  process.env['PAGE_PICTURES'] === '1' ? fileURLToPath(new URL('../../build/page', import.meta.url)) : '';

interface Box {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly width: number;
  readonly height: number;
}

/** The boxes of what is shown and matches; a box that its card or table cuts has only the part that is seen. */
async function boxes(page: Page, selector: string): Promise<readonly Box[]> {
  return await page.evaluate<readonly Box[]>(`[...document.querySelectorAll(${JSON.stringify(selector)})]
    .filter((element) => element.getClientRects().length > 0 && element.checkVisibility())
    .map((element) => {
      const { left, right, width, height } = element.getBoundingClientRect();
      return { text: element.textContent.trim().slice(0, 60), left, right, width, height };
    })`);
}

/** What is cut: a control that ends outside the window or outside a card that hides what sticks out. */
const CUT = `[...document.querySelectorAll('a, button, input, select')]
  .filter((element) => element.getClientRects().length > 0 && element.type !== 'hidden')
  .filter((element) => {
    const box = element.getBoundingClientRect();
    const card = element.closest('section.card')?.getBoundingClientRect() ?? { left: 0, right: innerWidth };
    return box.left < card.left - 0.5 || box.right > card.right + 0.5 || box.left < 0 || box.right > innerWidth + 0.5;
  })
  .map((element) => element.outerHTML.slice(0, 120))`;

/** What of a view is cut, and whether it is wider than the window. */
async function cutAt(page: Page, where: string): Promise<readonly string[]> {
  const found = (await page.evaluate<readonly string[]>(CUT)).map((cut) => `${where}: cut: ${cut}`);
  const [wide, room] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
  if (wide > room) found.push(`${where}: ${wide} px wide`);
  if (PICTURES !== '') {
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: `${PICTURES}/${where.replaceAll(/[^\w-]+/g, '_')}.png`, fullPage: true });
  }
  return found;
}

/** What axe-core finds on a view, a line each. */
async function violationsAt(page: Page, where: string): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const run = `axe.run(document, { runOnly: ${JSON.stringify(STANDARD)}, resultTypes: ['violations'] })`;
  const { violations, passes } = await page.evaluate<AxeResults>(run);
  assert.ok(passes.length > 5, `${where}: axe-core looked at the page`);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${where}: ${id}: ${html}\n${failureSummary}`),
  );
}

describe('the page for everybody', { skip }, () => {
  let lab: Lab;
  /** One where people log in. */
  let closed: Lab;
  let password: string;
  let browser: Browser;
  let node: string;
  let views: readonly string[];

  before(async () => {
    const waiting = { uuid: DEPLOYED, key: 'K', image: '/nowhere.raw', bootOption: 'netboot' } as const;
    lab = await startLab({
      ports: { nodes: 0, images: 0, people: 0, razorServer: 0 },
      ironic: { port: 0, nodes: [waiting], anyNode: { image: undefined } },
    });
    const uuids = await tenNodes(lab);
    await registerNode(lab, 0, { ...factsOf(0), ...LONG_FACTS });
    node = `/nodes/${uuids[0]}`;
    const request = `/requests/${lab.exchanges.list().at(-1)?.seq}`;
    const lists = ['/', '/?state=installed', '/?q=nothing-has-this', '/log', '/policies', '/images', '/requests'];
    const others = [`/nodes/${uuids[7]}`, request, '/ironic', `/ironic/${DEPLOYED}`, '/audit', '/nodes/none'];
    views = [...lists, node, ...others];
    closed = await startLab({ ports: PORTS });
    const made = await ask(closed, '/api/operators', { body: { name: 'ada', role: 'administer', password: true } });
    password = String((await json(made))['password']);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await closed?.close();
    await lab?.close();
  });

  /** Every view of one window, one after the other. */
  async function look(
    [width, height]: readonly [number, number],
    colorScheme: 'light' | 'dark',
    each: (page: Page, where: string) => Promise<void>,
    paths = views,
  ): Promise<void> {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    try {
      const page = await context.newPage();
      for (const path of paths) {
        await page.goto(lab.peopleUrl + path);
        await each(page, `${path} at ${width}, ${colorScheme}`);
      }
    } finally {
      await context.close();
    }
  }

  for (const scheme of SCHEMES) {
    for (const size of SIZES) {
      test(`every view meets WCAG 2.1 AA, nothing is cut, nothing scrolls sideways: ${size[0]} px, ${scheme}`, async () => {
        const found: string[] = [];
        await look(size, scheme, async (page, where) => {
          found.push(...(await cutAt(page, where)), ...(await violationsAt(page, where)));
        });
        assert.deepEqual(found, []);
      });
    }

    test(`one logs in and out by the keyboard alone, on pages that meet it too: ${scheme}`, async () => {
      const context = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme: scheme });
      try {
        const page = await context.newPage();
        await page.goto(`${closed.peopleUrl}/audit`);
        assert.deepEqual([...(await cutAt(page, 'login')), ...(await violationsAt(page, 'login'))], []);
        await page.keyboard.type('ada');
        await page.keyboard.press('Tab');
        await page.keyboard.type(password);
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: 'Audit log' }).waitFor();
        const where = `audit ${scheme}`;
        assert.deepEqual([...(await cutAt(page, where)), ...(await violationsAt(page, where))], []);
        await page.getByRole('button', { name: 'Log out' }).focus();
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: 'Log in' }).waitFor();
      } finally {
        await context.close();
      }
    });
  }

  test('the table of facts can be read: a name has room, and copy is one line', async () => {
    for (const size of SIZES) {
      await look(
        size,
        'light',
        async (page, where) => {
          const [table] = await boxes(page, '#facts');
          assert.ok(table, where);
          for (const name of await boxes(page, '#facts td.fact')) {
            const room = size[0] < 760 ? table.width * 0.6 : Math.min(200, table.width * 0.2);
            assert.ok(name.width >= room, `${where}: ${name.text} has ${name.width} px`);
          }
          for (const value of await boxes(page, '#facts td[data-value]'))
            assert.ok(value.width >= table.width * 0.4, `${where}: ${value.text} has ${value.width} px`);
          const copies = await boxes(page, '#facts button.copy');
          assert.ok(copies.length > 20, where);
          for (const copy of copies)
            assert.ok(
              copy.height < 30 && copy.width > copy.height,
              `${where}: copy is ${copy.width} by ${copy.height}`,
            );
        },
        [node],
      );
    }
  });

  test('the keyboard reaches every control, in the order in which one reads, and one sees where it is', async () => {
    await look([1280, 900], 'light', async (page, where) => {
      const controls = `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), summary, [tabindex="0"]')]
        .filter((element) => element.getClientRects().length > 0)`;
      const count = await page.evaluate<number>(`${controls}.length`);
      await page.evaluate('document.activeElement?.blur()');
      const reached: number[] = [];
      for (let step = 0; step < count; step++) {
        await page.keyboard.press('Tab');
        const [at, seen] = await page.evaluate<[number, boolean]>(`(() => {
          const style = getComputedStyle(document.activeElement);
          return [${controls}.indexOf(document.activeElement), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];
        })()`);
        assert.ok(seen, `${where}: control ${at} shows that it has the focus`);
        reached.push(at);
      }
      assert.deepEqual(reached, [...Array(count).keys()], where);
    });
  });

  test('the first Tab offers a way past the navigation', async () => {
    await look(
      [390, 844],
      'light',
      async (page) => {
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        assert.equal(await page.evaluate('location.hash'), '#content');
        await page.keyboard.press('Tab');
        assert.equal(await page.evaluate('document.querySelector("main").contains(document.activeElement)'), true);
      },
      [node],
    );
  });
});
