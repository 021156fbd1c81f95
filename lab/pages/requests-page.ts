/** Recent requests of nodes and what they were answered, in full. */
import { isSecretName, REDACTED } from '../../platform/log/redact.ts';
import type { RecordedExchange } from '../listeners/exchange-log.ts';
import { html, type Html } from './html.ts';
import { ageOf, badge, type Tone } from './layout.ts';

function tone(status: number): Tone {
  if (status < 300) return 'green';
  return status < 400 ? 'blue' : 'red';
}

/** The last requests, the newest first. */
export function requestsPage(exchanges: readonly RecordedExchange[], now: number): Html {
  const rows = [...exchanges].reverse().map(
    (exchange) =>
      html`<tr>
        <td class="time">${ageOf(exchange.at, now)}</td>
        <td class="short">${badge(tone(exchange.status), String(exchange.status))}</td>
        <td><a class="mono" href="/requests/${exchange.seq}">${exchange.method} ${exchange.url.slice(0, 160)}</a></td>
        <td class="short" data-label="Listener">${exchange.listener}</td>
        <td class="short" data-label="From">${exchange.from}</td>
        <td class="time" data-label="Took">${exchange.durationMs.toFixed(1)} ms</td>
      </tr>`,
  );
  return html`<h1>Requests</h1>
    <p class="lead">The last ${exchanges.length} requests of nodes, newest first.</p>
    <section class="card">
      ${
        rows.length === 0
          ? html`<div class="empty">No node has asked for anything yet.</div>`
          : html`<table class="stack">
              <thead>
                <tr>
                  <th>When</th>
                  <th>Status</th>
                  <th>Request</th>
                  <th>Listener</th>
                  <th>From</th>
                  <th>Took</th>
                </tr>
              </thead>
              <tbody>
                ${rows}
              </tbody>
            </table>`
      }
    </section>`;
}

function headerLines(headers: Readonly<Record<string, unknown>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${isSecretName(name) || name === 'cookie' ? REDACTED : String(value)}`)
    .join('\n');
}

/** A body that can be read better than it came: JSON indented, a form's json_hash taken out. */
function readable(body: string): string | undefined {
  const source = body.startsWith('json_hash=') ? new URLSearchParams(body).get('json_hash') : body;
  try {
    const value: unknown = JSON.parse(source ?? '');
    return typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : undefined;
  } catch {
    return undefined;
  }
}

function half(title: string, first: string, headers: Readonly<Record<string, unknown>>, body: string): Html {
  const pretty = readable(body);
  return html`<section class="card">
    <header><h2>${title}</h2></header>
    <pre>
${first}
${headerLines(headers)}</pre>
    ${body === '' ? undefined : html`<pre>${body}</pre>`}${
      pretty === undefined || pretty === body
        ? undefined
        : html`<details class="inside">
            <summary>The same, indented</summary>
            <pre>${pretty}</pre>
          </details>`
    }
  </section>`;
}

/** One request and its reply in full. */
export function requestPage(exchange: RecordedExchange, now: number): Html {
  return html`<h1>${exchange.method} ${exchange.url.split('?')[0]}</h1>
    <p class="lead">
      ${ageOf(exchange.at, now)} by ${exchange.from}, on the listener ${exchange.listener}; answered within
      ${exchange.durationMs.toFixed(1)} ms.
    </p>
    ${half('Request', `${exchange.method} ${exchange.url}`, exchange.requestHeaders, exchange.requestBody)}
    ${half('Reply', `HTTP ${exchange.status}`, exchange.replyHeaders, exchange.replyBody)}`;
}
