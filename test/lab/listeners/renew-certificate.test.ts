import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, type PeerCertificate } from 'node:tls';
import { startLab } from '../../../lab/lab-server.ts';
import { peopleOptions } from '../../../lab/cli/serve/people-values.ts';
import type { ServerValues } from '../../../lab/cli/serve/server-options.ts';
import type { Host } from '../../../platform/process/verb.ts';
import { authority, issued, noOpenssl } from '../../helpers/certificates.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const NOBODY = { env: {}, err: () => undefined } as unknown as Host;

function shownBy(port: number): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate());
      socket.end();
    });
    socket.on('error', reject);
  });
}

test(
  'a renewed certificate is in use without a restart; one that does not fit its key leaves the old one',
  { skip: noOpenssl },
  async (t) => {
    const dir = temporaryDirectory(t);
    const ca = authority(dir);
    const [first, second, third] = ['first', 'second', 'third'].map((name) => issued(dir, name, ca));
    assert.ok(first && second && third);
    const [cert, key] = [join(dir, 'lab.pem'), join(dir, 'lab.key')];
    const use = (certFile: string, keyFile: string): void => {
      copyFileSync(certFile, cert);
      copyFileSync(keyFile, key);
    };
    use(first.certFile, first.keyFile);
    const values = { 'people-host': '127.0.0.1', 'tls-cert': cert, 'tls-key': key } as ServerValues;
    const people = { ...(await peopleOptions(values, NOBODY)), renewMs: 20 };
    const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 }, people });
    t.after(() => lab.close());
    const port = Number(new URL(lab.peopleUrl).port);
    assert.equal((await shownBy(port)).subject.CN, 'first');
    use(second.certFile, second.keyFile);
    await lab.events.waitFor(({ message }) => message.startsWith('certificate renewed, good until'));
    assert.equal((await shownBy(port)).subject.CN, 'second');
    use(third.certFile, second.keyFile);
    await lab.events.waitFor(({ message }) => message.includes('the key is not that of the certificate'));
    assert.equal((await shownBy(port)).subject.CN, 'second');
    use(third.certFile, third.keyFile);
    const last = lab.events.last;
    await lab.events.waitFor(({ message, seq }) => seq > last && message.startsWith('certificate renewed'));
    assert.equal((await shownBy(port)).subject.CN, 'third');
  },
);
