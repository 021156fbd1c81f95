/** Asking a running QEMU: one command over its QMP socket, which serves one client after the other. */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { RazorMkError } from '../../platform/errors/errors.ts';

/** The reply's `return` value. Throws RAZOR_MK_VM when nobody listens, QEMU refuses, or 10 s pass. */
export function askQemu(path: string, execute: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const fail = (why: string): void => {
      socket.destroy();
      reject(new RazorMkError('RAZOR_MK_VM', why));
    };
    socket.setTimeout(10_000, () => fail(`QEMU at ${path} does not answer ${execute}`));
    socket.on('error', (error) => fail(`no machine runs at ${path}: ${error.message}`));
    socket.on('close', () => fail(`QEMU at ${path} ended`));
    const send = (command: string, values: Readonly<Record<string, unknown>> = {}): void =>
      void socket.write(`${JSON.stringify({ execute: command, arguments: values })}\n`);
    let greeted = false;
    const lines = createInterface({ input: socket });
    // it passes the socket's troubles on
    lines.on('error', () => undefined);
    lines.on('line', (line) => {
      const reply = JSON.parse(line) as { QMP?: unknown; event?: unknown; return?: unknown; error?: { desc?: string } };
      if (reply.QMP !== undefined) return send('qmp_capabilities');
      if (reply.event !== undefined) return;
      if (reply.error !== undefined) return fail(`${execute}: ${reply.error.desc ?? 'QEMU refused it'}`);
      if (!greeted) {
        greeted = true;
        return send(execute, args);
      }
      socket.removeAllListeners('close').destroy();
      resolve(reply.return);
    });
  });
}
