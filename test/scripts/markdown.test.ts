import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headings, withContents, wrapProse } from '../../scripts/markdown.ts';

test('anchors are those of GitHub: lower case, no punctuation, numbered when a heading is repeated', () => {
  const page =
    '# A page\n## What `razor.ip=` does, and why\n## Limits\n```\n## not a heading\n```\n## Limits\n## See [docs](x.md)\n';
  assert.deepEqual(
    headings(page).map(({ anchor }) => anchor),
    ['a-page', 'what-razorip-does-and-why', 'limits', 'limits-1', 'see-docs'],
  );
});

test('a table of contents lists the second and third level between its markers, and only there', () => {
  const page = '# P\n\n<!-- contents -->\nold\n<!-- end of contents -->\n\n## One\n### Two\n#### Four\n';
  assert.equal(
    withContents(page),
    '# P\n\n<!-- contents -->\n\n- [One](#one)\n  - [Two](#two)\n\n<!-- end of contents -->\n\n## One\n### Two\n#### Four\n',
  );
  assert.equal(withContents(withContents(page)), withContents(page));
  assert.equal(withContents('# P\n\n## One\n'), '# P\n\n## One\n');
});

test('prose is wrapped at the width, and nothing of its text changes', () => {
  const page = 'one two three four five six\nseven\n\n- an item that is long enough\n  to wrap\n- next\n';
  assert.equal(
    wrapProse(page, 16),
    'one two three\nfour five six\nseven\n\n- an item that\n  is long enough\n  to wrap\n- next\n',
  );
  assert.equal(wrapProse(wrapProse(page, 16), 16), wrapProse(page, 16));
});

test('code blocks, tables, headings, quotations and HTML are not wrapped', () => {
  const page =
    '```\na long line of code that stays\n```\n\n| a | table row that is long |\n\n# A heading that is long\n\n> a quotation that is long\n';
  assert.equal(wrapProse(page, 10), page);
});

test('a code span is not broken, and no line begins with what would be a list or a heading', () => {
  assert.equal(wrapProse('run `npm run docs` now', 8), 'run\n`npm run docs`\nnow');
  assert.equal(wrapProse('the sum is 1. and - is minus', 10), 'the sum is 1.\nand - is\nminus');
});
