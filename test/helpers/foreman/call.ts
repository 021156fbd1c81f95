/** One request as Foreman and the smart proxy make it to a node: any certificate, 20 seconds. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Called {
  readonly status: number;
  readonly body: string;
  /** DER of the peer's certificate, for https. */
  readonly certificate: Buffer | undefined;
}

export function call(method: string, url: string, body?: string): Promise<Called> {
  const target = new URL(url);
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = send(
      target,
      { method, rejectUnauthorized: false, timeout: 20_000, headers, agent: false },
      (response) => {
        const socket = response.socket as { getPeerCertificate?: () => { raw?: Buffer } };
        const certificate = socket.getPeerCertificate?.().raw;
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), certificate }),
        );
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('no answer within 20 s')));
    sent.on('error', reject);
    sent.end(body);
  });
}
