/**
 * The stand-in as a process, for virtual sites: `serve HOST PORT CERT-DIR` takes facts and prints each upload as a JSON line;
 * `reboot HOST-JSON [NODE-URL]` is Foreman's order; `as ADDRESS METHOD URL` is somebody else's request from that address.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { rebootHost, startForeman } from './server.ts';
import type { DiscoveredHost } from './rules.ts';

const [verb, ...args] = process.argv.slice(2);
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

switch (verb) {
  case 'serve': {
    const [host = '', port = '', dir = ''] = args;
    const tls = { key: readFileSync(join(dir, 'key.pem'), 'utf8'), cert: readFileSync(join(dir, 'cert.pem'), 'utf8') };
    const foreman = await startForeman({
      host,
      port: Number(port),
      tls,
      onUpload: ({ status, message }, found) => say({ event: 'upload', status, message, host: found }),
    });
    say({ event: 'ready', url: foreman.url });
    break;
  }
  case 'reboot': {
    const [host = '{}', url] = args;
    const given = JSON.parse(host) as DiscoveredHost;
    const { route, status, body } = await rebootHost(given, url === undefined ? {} : { nodeUrl: () => url });
    say({ route, status, body });
    break;
  }
  case 'as': {
    const [localAddress = '', method = '', url = ''] = args;
    const sent = request(url, { method, localAddress, rejectUnauthorized: false, timeout: 20_000 }, (response) => {
      response.resume();
      response.on('end', () => say({ status: response.statusCode }));
    });
    sent.on('error', (error) => say({ error: error.message }));
    sent.end();
    break;
  }
  default:
    throw new Error(`no such verb: ${String(verb)}`);
}
