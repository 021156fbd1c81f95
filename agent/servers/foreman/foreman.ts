/**
 * Foreman's discovery (and Satellite's, orcharhino's): one POST of facts, which Foreman answers by keeping the machine in its
 * list. There is nothing to ask: each turn decides by itself whether facts are due, and orders come the other way, to the
 * API of the image (agent/foreman-api).
 */
import type { Identity } from '../../../facts/identity/identity-types.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { urlForPeople } from '../../http/http-failure.ts';
import type { CheckinReply, Dialect, NodeReport, RequestPreview } from '../dialect.ts';
import type { Exchange } from '../../http/exchange.ts';
import { foremanFacts, type ForemanFacts } from './foreman-facts.ts';
import type { ForemanParameters } from './foreman-parameters.ts';
import { refusalOf } from './refusal.ts';

const FOREMAN_PATH = '/api/v2/discovered_hosts/facts';
const PROXY_PATH = '/discovery/create';

export interface ForemanOptions {
  /** Base URL without a slash at its end, with a path where Foreman lies below one. */
  readonly serverUrl: string;
  /** This program, for people: `razor-mk 1.0.0`. */
  readonly release: string;
  /** What `kexec --version` prints, where Foreman may boot another kernel that way. */
  readonly kexec: () => string | undefined;
  readonly exchange: Exchange;
  readonly parameters: ForemanParameters;
  /** Instead of the path that proxy.type means. */
  readonly registerPath?: string;
  /** Called with what was accepted, for the API of the image. */
  readonly onFacts?: (facts: ForemanFacts) => void;
}

/** The dialect, talking to one Foreman or smart proxy. State: whether an upload is due, and the boot card's MAC. */
export function createForeman(options: ForemanOptions): Dialect {
  const { serverUrl, parameters } = options;
  const path = options.registerPath ?? (parameters.type === 'proxy' ? PROXY_PATH : FOREMAN_PATH);
  let bootMac = parameters.bootMac;
  let extraUploads = parameters.extraUploads;
  /** An upload is due until one was accepted; also once after a restart of the agent, whose API must learn the boot card. */
  let owed = true;

  function prepare(report: NodeReport): { readonly made: ForemanFacts; readonly preview: RequestPreview } {
    const made = foremanFacts(report, parameters, { ...options, kexec: options.kexec() });
    bootMac = made.bootNic.mac;
    const preview: RequestPreview = {
      method: 'POST',
      url: `${serverUrl}${path}`,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ facts: made.facts }),
      notes: made.notes,
    };
    return { made, preview };
  }

  return {
    serverUrl,
    nodeId(identity: Identity) {
      const mac = bootMac ?? identity.interfaces[0]?.mac;
      if (mac === undefined) throw new RazorMkError('RAZOR_MK_NO_IDENTITY', 'no network card that could have booted');
      return `mac${mac.toLowerCase().replaceAll(':', '')}`;
    },
    previewCheckin: (report) => {
      const { preview } = prepare(report);
      return { ...preview, notes: [...preview.notes, 'Foreman has no check-in: this is the upload of facts'] };
    },
    previewRegister: (report) => prepare(report).preview,
    checkin(report): Promise<CheckinReply> {
      let due = report.firstCheckin || owed;
      if (!due && extraUploads > 0) {
        extraUploads--;
        due = true;
      }
      owed = due;
      return Promise.resolve({
        command: { name: due ? 'register' : 'acknowledge', param: {} },
        clientConfig: undefined,
      });
    },
    async register(report, signal) {
      owed = true;
      const { made, preview } = prepare(report);
      const reply = await options.exchange(preview, signal);
      if (reply.status !== 200 && reply.status !== 201) {
        throw refusalOf(reply, urlForPeople(preview.url), parameters.type);
      }
      owed = false;
      options.onFacts?.(made);
      return preview.notes;
    },
  };
}
