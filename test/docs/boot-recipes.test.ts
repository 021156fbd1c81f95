import assert from 'node:assert/strict';
import { test } from 'node:test';
import { netbootLines, proxyNetbootLines } from '../../platform/netboot/dnsmasq.ts';
import { readRecipes, recipesOf } from '../recipes/page.ts';
import { machineOptions, RECIPES } from '../recipes/recipes.ts';
import { textOf } from './source-tree.ts';

test('every section of the page of recipes is run by the suite, and stands in its table', () => {
  const page = readRecipes();
  const [introduction, ...titles] = [...page.keys()];
  assert.equal(introduction, 'Before all of them');
  assert.deepEqual(titles.sort(), RECIPES.map(({ title }) => title).sort());
  const text = textOf('docs/boot-recipes.md');
  for (const { title } of RECIPES) {
    assert.ok(text.includes(`| [${title}](#`), `${title} is not in the table`);
    const steps = page.get(title) ?? [];
    assert.ok(
      steps.some((step) => 'command' in step && step.command.startsWith('dnsmasq ')),
      `${title} has no DHCP`,
    );
  }
});

test('each step of a section is read: files with their names, commands, and which stay in the foreground; output is none', () => {
  const page =
    '# A\n\n## One\n\n`/srv/a.conf`:\n\n```\nx=1\n```\n\n```\n$ cp a b\nprinted\n$ dnsmasq --keep-in-foreground -C x\n```\n\n## Two\n\ntext\n';
  assert.deepEqual(Object.fromEntries(recipesOf(page)), {
    One: [
      { write: '/srv/a.conf', text: 'x=1\n' },
      { command: 'cp a b', foreground: false },
      { command: 'dnsmasq --keep-in-foreground -C x', foreground: true },
    ],
    Two: [],
  });
});

test('a machine that boots from a stick has no other way', () => {
  const usb = RECIPES.find(({ id }) => id === 'usb')?.machines[0];
  assert.ok(usb !== undefined);
  const { nics, args = [] } = machineOptions(usb, { stick: '/x/stick', files: '/x/mnt' });
  assert.deepEqual([nics[0]?.romfile, nics[0]?.bootindex], ['', undefined]);
  assert.ok(args.some((word) => word.includes('usb-storage') && word.includes('bootindex=1')));
});

test('both files of image ipxe name the server’s address in every boot line, alone and beside another DHCP server', () => {
  const server = { address: '192.0.2.1', tftpRoot: '/srv/tftp' };
  for (const lines of [netbootLines(server), proxyNetbootLines(server)]) {
    const boots = lines.filter((line) => /^(dhcp-boot|pxe-service)=/.test(line));
    assert.ok(boots.length >= 3);
    for (const line of boots) assert.match(line, /,192\.0\.2\.1$/);
  }
});
