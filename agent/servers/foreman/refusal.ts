/** Why Foreman refused, in its own words, and what a person can do about it. */
import { HttpFailure } from '../../http/http-failure.ts';
import type { TextReply } from '../../http/exchange.ts';
import { cleanText, parseBounded } from '../../http/bounded-json.ts';
import type { ForemanPath } from './foreman-parameters.ts';

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /discovery_fact|unable to detect primary interface/i,
    'Foreman reads the boot card from the fact that its setting discovery_fact names; it must be discovery_bootif.',
  ],
  [
    /unable to find primary nic|all nics filtered|filtered out/i,
    'Look at the named filter, Foreman’s setting "Ignore interfaces with matching identifier": it must not match the card that the machine booted from, which also needs an IP address.',
  ],
  [
    /already exists|managed/i,
    'A host with this card is managed by Foreman already: delete it there, or set discovery_error_on_existing to no.',
  ],
  [
    /subnet|taxonom|organi[sz]ation|location/i,
    'Add the subnet of this address to Foreman, with an organization and a location.',
  ],
  [
    /no rule|rule|hostgroup|auto.?provision/i,
    'Look at Foreman’s discovery rules and at the host group that the rule names.',
  ],
];

/** The failure that a reply other than 200 and 201 is. */
export function refusalOf(reply: TextReply, url: string, type: ForemanPath): HttpFailure {
  const reported = messageIn(reply.body);
  const text = `Foreman refused the facts (HTTP ${reply.status}) at ${url}: ${reported === '' ? 'no explanation' : reported}`;
  const remedy = remedyFor(reply.status, reported, type);
  return new HttpFailure('RAZOR_MK_REFUSED', text, remedy === undefined ? {} : { remedy });
}

function remedyFor(status: number, reported: string, type: ForemanPath): string | undefined {
  const known = REMEDIES.find(([pattern]) => pattern.test(reported))?.[1];
  if (known !== undefined) return known;
  if (status === 404 || status === 405) {
    return type === 'foreman'
      ? 'Nothing takes facts there. Is the discovery plugin installed? For the address of a smart proxy give proxy.type=proxy.'
      : 'Nothing takes facts there. Is the discovery plugin of the smart proxy on? For Foreman’s own address give proxy.type=foreman.';
  }
  if (status === 401 || status === 403) return 'Facts need no login at Foreman: look at what stands in front of it.';
  return undefined;
}

/** The server's own message; the smart proxy wraps Foreman's into a line of its own. */
function messageIn(body: string): string {
  const value = parseBounded(body);
  if (typeof value !== 'object' || value === null || value instanceof Error) return cleanText(body, 600);
  const { message, error } = value as Record<string, unknown>;
  if (typeof message === 'string') return cleanText(message, 600);
  if (typeof error === 'string') return cleanText(error, 600);
  const nested = (error as Record<string, unknown> | null | undefined)?.['message'];
  return typeof nested === 'string' ? cleanText(nested, 600) : cleanText(body, 600);
}
