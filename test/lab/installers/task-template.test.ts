import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fillTemplate } from '../../../lab/installers/task-template.ts';

const fill = (text: string, facts: Record<string, unknown>, settings: Record<string, unknown> = {}): string => {
  const filled = fillTemplate(text, { facts, settings });
  return 'text' in filled ? filled.text : `refused: ${filled.refused}`;
};

test('facts, settings and names of the lab are filled in, settings first; what nothing has stays', () => {
  const text = '{{hostname}} {{ rack }} {{count}} {{nothing}} {{toString}} {{map}}';
  assert.equal(
    fill(text, { hostname: 'of the fact', rack: 'r7/u3', count: 4, map: {} }, { hostname: 'node1' }),
    'node1 r7/u3 4 {{nothing}} {{toString}} {{map}}',
  );
});

test('a fact that could be code is not sent as it stands, in any language, and the reason names the form to write', () => {
  const bad = [
    '"; true; "',
    "'",
    '$(true)',
    '`true`',
    'a;b',
    'a|b',
    'a&b',
    '<x/>',
    'a\\',
    '#x',
    '{a: b}',
    '* ',
    ' a',
    'a reboot',
    '-rf',
    '%post',
    ': x',
    '~',
    '!x',
    '%{x}',
  ];
  for (const rack of bad) {
    assert.match(fill('RACK="{{rack}}"', { rack }), /^refused: the fact rack .*\{\{sh rack\}\}/, JSON.stringify(rack));
  }
  for (const rack of ['a\nb', 'a\rb', '\u001b[2J', 'a\u2028b', 'a\0b', 'a\u0085b']) {
    for (const form of ['', 'sh ', 'xml ', 'yaml ', 'preseed ', 'kickstart ']) {
      assert.match(fill(`{{${form}rack}}`, { rack }), /^refused: rack holds control characters/, JSON.stringify(rack));
    }
  }
});

test('each form quotes for its language, so that a hostile fact stays one value', () => {
  const rack = `'"; $(true) \`true\` <b> & \\`;
  const shell = spawnSync('sh', ['-c', fill('x={{sh rack}}; printf %s "$x"', { rack })]);
  assert.equal(shell.stdout.toString(), rack);
  assert.equal(
    fill('<rack>{{xml rack}}</rack>', { rack }),
    '<rack>&#39;&#34;; $(true) `true` &#60;b&#62; &#38; \\</rack>',
  );
  assert.equal(JSON.parse(fill('{{yaml rack}}', { rack })), rack);
  assert.equal(fill('d-i a/b string {{preseed rack}}', { rack }), `d-i a/b string '"; $(true) \`true\` <b> & `);
  assert.equal(
    fill('rootpw {{kickstart rack}}', { rack }),
    String.raw`rootpw "'\"; $(true) ` + '`true`' + String.raw` <b> & \\"`,
  );
});

test('what a person set for the model is inserted as it stands', () => {
  assert.equal(fill('{{root_password}} {{sh root_password}}', {}, { root_password: `a$b'` }), `a$b' 'a$b'\\'''`);
});
