/** What syslog sends and where to: messages of RFC 5424, and addresses of collectors. Pure. */
import { RazorMkError } from '../errors/errors.ts';
import type { LogLevel } from './log.ts';

export interface SyslogTarget {
  readonly protocol: 'udp' | 'tcp';
  readonly host: string;
  readonly port: number;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { fatal: 2, error: 3, warn: 4, info: 6, debug: 7 };
const FACILITY_LOCAL0 = 16;
/** Bytes: receivers should accept 2,048 octets (RFC 5426, section 3.2). TCP has no such limit; ours is 8 KiB. */
export const MESSAGE_LIMIT: Readonly<Record<SyslogTarget['protocol'], number>> = { udp: 2048, tcp: 8192 };
const DEFAULT_PORT: Readonly<Record<SyslogTarget['protocol'], number>> = { udp: 514, tcp: 601 };

/** Reads `udp://HOST[:PORT]`, `tcp://HOST[:PORT]` or `HOST[:PORT]` (UDP). Throws RAZOR_MK_USAGE. */
export function parseSyslogTarget(text: string): SyslogTarget {
  const match = /^(?:(udp|tcp):\/\/)?(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?\/?$/i.exec(text.trim());
  const host = match?.[2] ?? match?.[3];
  const protocol = match?.[1]?.toLowerCase() === 'tcp' ? 'tcp' : 'udp';
  const port = match?.[4] === undefined ? DEFAULT_PORT[protocol] : Number(match[4]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new RazorMkError('RAZOR_MK_USAGE', `invalid syslog address "${text.slice(0, 100)}"`, {
      remedy: 'Write udp://HOST:514 or tcp://HOST:601.',
    });
  }
  return { protocol, host, port };
}

/** One RFC 5424 message of facility local0, cut to `limit` bytes (UDP's by default) at a character. */
export function formatSyslog(
  level: LogLevel,
  message: string,
  options: { readonly wall: Date; readonly hostname: string; readonly limit?: number },
): string {
  const name = options.hostname.replaceAll(/[^\x21-\x7e]/g, '').slice(0, 255) || '-';
  const head = `<${FACILITY_LOCAL0 * 8 + SEVERITY[level]}>1 ${options.wall.toISOString()} ${name} razor-mk ${process.pid} - - `;
  // eslint-disable-next-line no-control-regex -- control characters would let a message forge lines at the collector
  const text = message.replaceAll(/[\x00-\x1f\x7f]+/g, ' ');
  const whole = Buffer.from(`${head}${text}`);
  const limit = options.limit ?? MESSAGE_LIMIT.udp;
  if (whole.length <= limit) return whole.toString();
  let end = limit;
  while (end > 0 && isContinuation(whole[end])) end--;
  return whole.subarray(0, end).toString();
}

/** Whether a byte goes on with a character of UTF-8 that another byte began. */
function isContinuation(byte = 0): boolean {
  return (byte & 0xc0) === 0x80;
}
