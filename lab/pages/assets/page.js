// The live parts: filter, copy, ages, and the log as it happens. The page says the same without them.
/* global document, location, navigator, EventSource, setInterval, setTimeout, HTMLInputElement */
'use strict';

document.documentElement.classList.add('live');

function age(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} days ago`;
}

function refreshAges() {
  for (const element of document.querySelectorAll('time[data-at]')) {
    element.textContent = age(Date.now() - skew - Number(element.dataset.at));
  }
}
// the server's clock against ours, so that a laptop with a wrong clock does not show ages of hours
const skew = Date.now() - Number(document.body.dataset.now);
setInterval(refreshAges, 1000);

const search = document.querySelector('input[data-filters]');
if (search instanceof HTMLInputElement) {
  const rows = [...document.querySelectorAll(`#${search.dataset.filters} tbody tr`)];
  const count = document.querySelector('[data-count]');
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown++;
    }
    if (count) count.textContent = shown === rows.length ? `${rows.length}` : `${shown} of ${rows.length}`;
  };
  search.addEventListener('input', filter);
  filter();
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // without https the clipboard is closed to pages: the old way
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('button[data-copy]');
  if (!button) return;
  const source = button.dataset.copy;
  const text =
    source === 'row'
      ? button.closest('tr').querySelector('[data-value]').textContent
      : [...document.querySelectorAll(`${source} tbody tr:not([hidden])`)]
          .map((row) => `${row.querySelector('.fact').textContent} => ${row.querySelector('[data-value]').textContent}`)
          .join('\n');
  void copy(text).then(() => {
    const before = button.textContent;
    button.textContent = 'copied';
    setTimeout(() => (button.textContent = before), 1200);
  });
});

// a node of the conductor: its state, error and progress stand on the page, and follow what happens
function showIronic({ uuid, state, tone, error, progress, since }) {
  const place = document.querySelector(`[data-ironic="${uuid}"]`);
  if (!place) {
    // one that has just called: the page is made anew, with it
    if (document.querySelector('[data-ironic-list]')) location.reload();
    return;
  }
  const badge = place.querySelector('[data-part=state] .state');
  badge.className = `state ${tone}`;
  badge.textContent = state;
  place.querySelector('[data-part=error]').textContent = error;
  const bar = place.querySelector('progress');
  bar.hidden = progress === null;
  bar.value = progress ?? 0;
  place.querySelector('[data-part=percent]').textContent = progress === null ? '' : `${Math.floor(progress * 100)} %`;
  place.querySelector('[data-part=since] time').dataset.at = since;
  refreshAges();
}

const log = document.querySelector('[data-stream]');
if (log) {
  const pulse = document.querySelector('.pulse');
  const stream = new EventSource(log.dataset.stream);
  const show = (on) => {
    pulse.classList.toggle('on', on);
    pulse.textContent = on ? 'live' : 'not connected';
  };
  stream.addEventListener('open', () => show(true));
  stream.addEventListener('error', () => show(false));
  stream.addEventListener('message', (message) => {
    const { at, type, tone, path, title, text, ironic } = JSON.parse(message.data);
    if (ironic) showIronic(ironic);
    const line = document.createElement('li');
    line.className = 'new';
    const time = document.createElement('time');
    time.textContent = at;
    const what = document.createElement('span');
    const badge = document.createElement('span');
    badge.className = `state ${tone}`;
    badge.textContent = type;
    what.append(badge);
    const said = document.createElement('span');
    said.className = 'said';
    if (path && log.dataset.links === 'yes') {
      const link = document.createElement('a');
      link.href = path;
      link.textContent = title;
      said.append(link, ' ');
    }
    said.append(text);
    line.append(time, what, said);
    log.prepend(line);
    document.querySelector('[data-no-events]')?.remove();
    while (log.children.length > 500) log.lastElementChild.remove();
  });
}
