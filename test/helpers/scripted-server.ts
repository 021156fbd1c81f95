/** A real HTTP server on loopback that answers as a test tells it to and remembers what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answer = (asked: Asked, response: ServerResponse) => void;

export interface ScriptedServer {
  readonly url: string;
  readonly port: number;
  readonly asked: readonly Asked[];
  /** Answers of check-ins, in order; the last one stays. */
  checkins(...answers: Answer[]): void;
  registers(...answers: Answer[]): void;
  close(): Promise<void>;
}

/** A Razor 0.x check-in reply. */
export function command(name: string, clientConfig?: Record<string, unknown>): Answer {
  return json({
    resource: 'ProjectRazor::Slice::Node',
    command: 'checkin_node',
    result: 'Ok',
    http_err_code: 200,
    errcode: 0,
    response: { command_name: name, command_param: {} },
    ...(clientConfig === undefined ? {} : { client_config: clientConfig }),
  });
}

export function json(value: unknown, status = 200): Answer {
  return text(JSON.stringify(value), status, 'application/json');
}

export function text(body: string | Buffer, status = 200, type = 'text/html'): Answer {
  return (_asked, response) => {
    response.writeHead(status, { 'content-type': type });
    response.end(body);
  };
}

export async function scriptedServer(): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  let checkins: Answer[] = [command('acknowledge')];
  let registers: Answer[] = [json({ command: 'register_node', errcode: 0, response: {} })];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://x');
      const one: Asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      asked.push(one);
      const list = url.pathname.endsWith('/register') ? registers : checkins;
      const answer = (list.length > 1 ? list.shift() : list[0]) as Answer;
      answer(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    asked,
    checkins: (...answers) => void (checkins = answers),
    registers: (...answers) => void (registers = answers),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
