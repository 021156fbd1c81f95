/**
 * Ironic's own words on the kernel line (ironic-python-agent's names and defaults), checked and bounded
 * (docs/contracts/ironic.md#kernel-line).
 */
import { isIP } from 'node:net';
import { redactText } from '../../../platform/log/redact.ts';
import { macOfBootif, type CommandLine } from '../../../platform/kernel-line.ts';
import { parseSwitch } from '../../config/switch.ts';
import { bracketHint } from '../../discovery/address.ts';

export interface IronicParameters {
  /** `ipa-api-url`, in order, without slashes at the end. Empty: inspection only. */
  readonly apiUrls: readonly string[];
  /** Where the inventory goes, in order; the API's own path where only that and collectors are named. Empty: no inspection. */
  readonly callbackUrls: readonly string[];
  readonly collectors: readonly string[];
  readonly listenHost: string | undefined;
  /** Undefined: 9999 on a live node, a free one otherwise. */
  readonly listenPort: number | undefined;
  readonly advertiseHost: string | undefined;
  readonly advertisePort: number;
  /** How long an inspection waits for what is heard of switches; 0 where nobody asked for it. */
  readonly lldpTimeoutMs: number;
  readonly lookupTimeoutMs: number;
  readonly lookupIntervalMs: number;
  readonly httpTimeoutMs: number;
  /** `ipa-insecure`: the API's certificate is not checked. */
  readonly insecure: boolean;
  /** Known before the first lookup (virtual media). */
  readonly presharedToken: string | undefined;
  readonly globalRequestId: string | undefined;
  /** `1.N`, as the N; undefined where the server is asked. */
  readonly apiVersion: number | undefined;
  readonly curve: 'prime256v1' | 'secp384r1' | 'secp521r1';
  readonly minTls: 'TLSv1.2' | 'TLSv1.3';
  /** Lower case with colons. */
  readonly bootMac: string | undefined;
  /** BOOTIF as it was written. */
  readonly bootif: string | undefined;
  /** What could not be used, in words. */
  readonly notes: readonly string[];
}

const CURVES: Readonly<Record<string, IronicParameters['curve']>> = {
  p256: 'prime256v1',
  p384: 'secp384r1',
  p521: 'secp521r1',
};

/** Reads them. Never throws: what cannot be used is noted, and its default counts. */
export function ironicParameters(kernel: CommandLine): IronicParameters {
  const notes: string[] = [];
  const value = (name: string): string | undefined => kernel.value(name) || undefined;
  const urls = (name: string): string[] =>
    (value(name) ?? '')
      .split(',')
      .map((text) => text.trim().replace(/\/+$/, ''))
      .filter((text) => {
        if (text === '') return false;
        const good = /^https?:\/\//i.test(text) && URL.canParse(text);
        if (!good)
          notes.push(
            `${name}: "${text.slice(0, 100)}" is not an http(s) URL${text === 'mdns' ? ', and mDNS is not spoken here' : bracketHint(text)}`,
          );
        return good;
      });
  const number = (name: string, byDefault: number, least: number, most: number): number => {
    const text = value(name);
    if (text === undefined) return byDefault;
    const read = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (read >= least && read <= most) return read;
    notes.push(`${name}=${text.slice(0, 40)} is not a number from ${least} to ${most}: ${byDefault} counts`);
    return byDefault;
  };
  const host = (name: string): string | undefined => {
    const text = value(name)?.replaceAll(/^\[|\]$/g, '');
    if (text === undefined || isIP(text) !== 0) return text;
    notes.push(`${name}=${redactText(text.slice(0, 60))} is not an address`);
    return undefined;
  };
  const word = <T extends string>(name: string, words: Readonly<Record<string, T>>, byDefault: T): T => {
    const text = value(name);
    const found = text === undefined ? byDefault : words[text.toLowerCase()];
    if (found === undefined)
      notes.push(`${name}=${String(text).slice(0, 40)} is not one of ${Object.keys(words).join(', ')}`);
    return found ?? byDefault;
  };
  const apiUrls = urls('ipa-api-url');
  const callbacks = urls('ipa-inspection-callback-url');
  const collectors = (value('ipa-inspection-collectors') ?? 'default,logs').split(',').filter((name) => name !== '');
  const wantsLldp = parseSwitch(value('ipa-collect-lldp')) === true || collectors.includes('lldp');
  const asked = callbacks.length === 0 && value('ipa-inspection-collectors') !== undefined;
  const bootif = value('BOOTIF');
  const version = value('ipa-ironic-api-version');
  const listenPort = value('ipa-listen-port') === undefined ? undefined : number('ipa-listen-port', 9999, 0, 65_535);
  return {
    apiUrls,
    callbackUrls: asked ? apiUrls.map((url) => `${url}/v1/continue_inspection`) : callbacks,
    collectors,
    listenHost: host('ipa-listen-host'),
    listenPort,
    advertiseHost: host('ipa-advertise-host'),
    advertisePort: number('ipa-advertise-port', 0, 0, 65_535),
    lldpTimeoutMs: wantsLldp ? number('ipa-lldp-timeout', 30, 0, 600) * 1000 : 0,
    lookupTimeoutMs: number('ipa-lookup-timeout', 600, 1, 86_400) * 1000,
    lookupIntervalMs: number('ipa-lookup-interval', 1, 0.1, 600) * 1000,
    httpTimeoutMs: number('ipa-http-request-timeout', 30, 1, 600) * 1000,
    insecure: parseSwitch(value('ipa-insecure')) === true,
    presharedToken: value('ipa-agent-token'),
    globalRequestId: value('ipa-global-request-id'),
    apiVersion: version === undefined ? undefined : Number(/^1\.(\d{1,4})$/.exec(version)?.[1] ?? NaN) || undefined,
    curve: word('ipa-tls-certificate-curve', CURVES, 'secp384r1'),
    minTls: word('ipa-tls-min-version', { '1.2': 'TLSv1.2', '1.3': 'TLSv1.3' }, 'TLSv1.2'),
    bootMac: macOfBootif(bootif),
    bootif,
    notes,
  };
}
