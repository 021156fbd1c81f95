/** Programs beside the lab in a site's network: a collector of syslog, a web server, a client. */
import type { Site } from '../../lab/vm/site.ts';

/** Lines of syslog that are sent to a UDP port of the site's address, oldest first; the list grows. */
export async function collectSyslog(site: Site, port: number): Promise<readonly string[]> {
  const lines: string[] = [];
  await program(site, (line) => lines.push(line), [
    `const socket = require('node:dgram').createSocket('udp4');`,
    `socket.on('message', (bytes) => console.log(String(bytes).replaceAll(/[\\r\\n]+/g, ' ')));`,
    `socket.bind(${port}, '0.0.0.0', () => console.error('ready'));`,
  ]);
  return lines;
}

/** Serves the files of a directory over HTTP. The list of paths that were asked for grows. */
export async function serveFiles(site: Site, dir: string, port: number): Promise<readonly string[]> {
  const asked: string[] = [];
  await program(site, (line) => asked.push(line), [
    `const { createReadStream } = require('node:fs'); const { normalize, join } = require('node:path');`,
    `require('node:http').createServer((request, response) => {`,
    `  console.log(request.url);`,
    `  createReadStream(join(${JSON.stringify(dir)}, normalize('/' + request.url)))`,
    `    .on('error', () => response.writeHead(404).end()).pipe(response);`,
    `}).listen(${port}, '0.0.0.0', () => console.error('ready'));`,
  ]);
  return asked;
}

/** What a URL inside the site answers. */
export async function fetchInside(site: Site, url: string): Promise<string> {
  const script = `fetch('${url}').then((reply) => reply.text()).then((text) => process.stdout.write(text))`;
  return (await site.namespace.must([process.execPath, '-e', script])).stdout.toString();
}

/** Starts a script inside that says `ready` on its standard error. */
function program(site: Site, onLine: (line: string) => void, script: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const read = (line: string, stream: string): void => {
      if (stream === 'stdout') onLine(line);
      else if (line === 'ready') resolve();
    };
    site.namespace.start([process.execPath, '-e', script.join('\n')], { onLine: read }).catch(reject);
  });
}
