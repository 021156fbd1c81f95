import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { escapeHtml, html } from '../../../lab/pages/html.ts';

describe('markup', () => {
  it('escapes what could end text or an attribute', () => {
    assert.equal(escapeHtml(`<a b="c" d='e'>&\``), '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;&#96;');
  });

  it('shows control characters and those that turn text round, and keeps line breaks and tabs', () => {
    assert.equal(escapeHtml('a\0b\u001bc\u007fd\u0085e\r'), 'a\ufffdb\ufffdc\ufffdd\ufffde\ufffd');
    assert.equal(escapeHtml('\u202aa\u202eb\u2066c\u2069'), '\ufffda\ufffdb\ufffdc\ufffd');
    assert.equal(escapeHtml('a\nb\tc é\u2070'), 'a\nb\tc é\u2070');
  });

  it('takes texts, numbers, markup, lists of them, and nothing', () => {
    const bold = html`<b>${'<'}</b>`;
    assert.equal(
      html`<p>${bold}${7}${undefined}${['&', bold, [1]]}</p>`.markup,
      '<p><b>&lt;</b>7&amp;<b>&lt;</b>1</p>',
    );
    assert.equal(html``.markup, '');
  });
});
