/**
 * Ironic for the verbs that do one thing by hand: `register` sends the inventory, `checkin --dry-run` shows the lookup. A
 * lookup is never sent by hand: it would take the token, which is handed out once, from the agent that needs it.
 */
import type { FactSet } from '../../../facts/fact-types.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { version } from '../../version.ts';
import type { Dialect, NodeReport, RequestPreview } from '../dialect.ts';
import type { Exchange } from '../../http/exchange.ts';
import { faultOf } from './conductor/faults.ts';
import { inspectionBody } from './inspection/inspection-body.ts';
import { ipaInventory } from './inspection/ipa-inventory.ts';
import type { DialectOptions } from '../server.ts';
import { ironicParameters, type IronicParameters } from './ironic-parameters.ts';

interface ByHandOptions {
  readonly serverUrl: string;
  readonly exchange: Exchange;
  readonly parameters: IronicParameters;
  /** Of this moment. Undefined where nothing is going to be sent (doctor). */
  readonly set: FactSet | undefined;
}

/** For the descriptor: the parameters are those of the kernel line. */
export function openIronicByHand({ serverUrl, exchange, kernel, factSet }: DialectOptions): Dialect {
  return createIronicByHand({ serverUrl, exchange, parameters: ironicParameters(kernel), set: factSet });
}

function createIronicByHand({ serverUrl, exchange, parameters, set }: ByHandOptions): Dialect {
  const macs = (): string[] =>
    set === undefined ? [] : ipaInventory(set, parameters.bootif).interfaces.map((nic) => nic.mac_address);

  function inspection({ facts }: NodeReport): RequestPreview | undefined {
    const [url] = parameters.callbackUrls;
    if (url === undefined || set === undefined) return undefined;
    const collectors = parameters.collectors.filter((name) => name !== 'logs');
    const { bootif } = parameters;
    const body = JSON.stringify(
      inspectionBody(set, { bootif, collectors, version: version(), facts, logs: undefined }),
    );
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    };
    return {
      method: 'POST',
      url,
      headers,
      body,
      notes: ['the agent adds its logs where ipa-inspection-collectors asks for them'],
    };
  }

  return {
    serverUrl: parameters.callbackUrls[0] ?? serverUrl,
    nodeId(): string {
      const [first] = macs();
      if (first !== undefined) return first;
      throw new RazorMkError(
        'RAZOR_MK_NO_IDENTITY',
        'no network card has a MAC address that Ironic could know this machine by',
      );
    },
    previewCheckin: () => ({
      method: 'GET',
      url: `${parameters.apiUrls[0] ?? serverUrl}/v1/lookup?addresses=${macs().map(encodeURIComponent).join(',')}`,
      headers: { accept: 'application/json', 'x-openstack-ironic-api-version': '1.62' },
      body: undefined,
      notes: ['the answer holds the token of this boot, which is given once: only the agent asks for it'],
    }),
    previewRegister: inspection,
    checkin: () =>
      Promise.reject(
        new RazorMkError('RAZOR_MK_DIALECT', 'a lookup by hand would take the token of this boot from the agent', {
          remedy: 'Use --dry-run to see the request, and razor-mk run for the exchange.',
        }),
      ),
    async register(report, signal) {
      const request = inspection(report);
      if (request === undefined) return ['the kernel line asks for no inspection: nothing was sent'];
      const { status, body } = await exchange(request, signal);
      if (status >= 200 && status < 300) return [];
      throw new RazorMkError('RAZOR_MK_REFUSED', `POST ${request.url}: HTTP ${status}: ${faultOf(body)}`);
    },
  };
}
