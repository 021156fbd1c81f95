/** What every page has: head, navigation, security headers, and times in words. */
import { mayAs, type Actor } from '../people/access.ts';
import { formToken } from '../people/form-token.ts';
import type { Role } from '../store/people.ts';
import { html, type Html } from './html.ts';

/**
 * Facts, names and requests come from strangers. Escaping is what keeps them text; this is the second lock: no inline
 * script, nothing from elsewhere, no frame, no form that goes elsewhere.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // not no-referrer: with that a browser sends `Origin: null` with the forms of the page (Fetch, 3.2), which the guard refuses
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const PLACES = [
  ['/', 'Nodes', 'look'],
  ['/log', 'Log', 'look'],
  ['/policies', 'Policies', 'look'],
  ['/images', 'Images', 'look'],
  ['/requests', 'Requests', 'operate'],
  ['/ironic', 'Ironic', 'look'],
  ['/audit', 'Audit', 'administer'],
] as const satisfies readonly (readonly [string, string, Role])[];

export type Place = (typeof PLACES)[number][0];

export interface Page {
  readonly title: string;
  /** Which entry of the navigation it belongs to. */
  readonly place: Place | undefined;
  readonly body: Html;
  /** Wall time of the lab in milliseconds, so that the script can show ages by the lab's clock. */
  readonly now: number;
  /** There is a conductor, and a page of its nodes. */
  readonly ironic: boolean;
  /** Who looks at it; undefined for nobody known, who is shown no way to other pages. */
  readonly actor: Actor | undefined;
}

/** Who is logged in, and the way out; where nobody is asked, that. */
function person(actor: Actor | undefined): Html | undefined {
  if (actor === undefined) return undefined;
  if (actor.name === 'anybody') {
    return html`<span class="person quiet" title="No operator and no token: razor-mk lab operator add"
      >open to this machine</span
    >`;
  }
  if (!actor.session) return undefined;
  return html`<form class="person" action="/logout" method="post">
    <span class="quiet">${actor.name}, may ${actor.role}</span>
    <input type="hidden" name="${formToken.field}" value="${actor.formToken}" /><button>Log out</button>
  </form>`;
}

/** A whole document. */
export function document({ title, place, body, now, ironic, actor }: Page): string {
  const seen = PLACES.filter(([path, , role]) => (ironic || path !== '/ironic') && actor && mayAs(actor, role));
  const navigation = seen.map(([path, name]) =>
    path === place ? html`<a href="${path}" aria-current="page">${name}</a>` : html`<a href="${path}">${name}</a>`,
  );
  const { markup } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · razor-mk lab</title>
        <link rel="stylesheet" href="/assets/page.css" />
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <script src="/assets/page.js" defer></script>
      </head>
      <body data-now="${now}">
        <a class="skip" href="#content">To the content</a>
        <header class="top">
          <div>
            <a class="brand" href="/">razor-mk <span>lab</span></a>
            <nav aria-label="Pages">${navigation}</nav>
            ${person(actor)}
          </div>
        </header>
        <main id="content" tabindex="-1">${body}</main>
      </body>
    </html> `;
  return markup;
}

/** How long ago something was, in the words of the script of the page. */
function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}

/** A moment as its age; the script keeps it true. */
export function ageOf(at: number, now: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time data-at="${at}" datetime="${iso}" title="${iso}">${ageText(now - at)}</time>`;
}

/** A moment as the time of day (UTC). */
export function clockTime(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

export type Tone = 'grey' | 'blue' | 'amber' | 'green' | 'red' | 'violet';

/** A word with a colour; the word alone says everything. */
export function badge(tone: Tone, word: string): Html {
  return html`<span class="state ${tone}">${word}</span>`;
}
