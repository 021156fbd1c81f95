/** Throw-away certificates, made with openssl. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory.ts';

export interface Made {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** Why tests that need certificates of an authority are skipped, or false. */
export const noOpenssl: string | false =
  spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'ignore'] });
}

/** A self-signed authority. */
export function authority(dir: string, name = 'ca'): Made {
  const [keyFile, certFile] = [join(dir, `${name}.key`), join(dir, `${name}.pem`)];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '30',
    '-keyout',
    keyFile,
    '-out',
    certFile,
    '-subj',
    `/CN=${name}`,
  );
  return read(certFile, keyFile);
}

/** A certificate of `ca` for 127.0.0.1 and `razor.example`. `dates` first and last, as YYYYMMDDHHMMSSZ. */
export function issued(dir: string, name: string, ca: Made, dates?: readonly [string, string]): Made {
  const [keyFile, certFile, request] = [join(dir, `${name}.key`), join(dir, `${name}.pem`), join(dir, `${name}.csr`)];
  openssl(
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    keyFile,
    '-out',
    request,
    '-subj',
    `/CN=${name}`,
    '-addext',
    'subjectAltName=IP:127.0.0.1,IP:10.77.0.1,DNS:razor.example',
  );
  if (dates === undefined) {
    openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      ca.certFile,
      '-CAkey',
      ca.keyFile,
      '-CAcreateserial',
      '-copy_extensions',
      'copy',
      '-out',
      certFile,
      '-days',
      '30',
    );
    return read(certFile, keyFile);
  }
  // only openssl ca sets dates in the past and in the future, and it wants a little directory
  const work = temporaryDirectory();
  writeFileSync(join(work, 'index'), '');
  writeFileSync(join(work, 'serial'), '01\n');
  const config = `[ca]\ndefault_ca=x\n[x]\ndatabase=${work}/index\nserial=${work}/serial\nnew_certs_dir=${work}\ndefault_md=sha256\npolicy=p\ncopy_extensions=copy\n[p]\ncommonName=supplied\n`;
  writeFileSync(join(work, 'cnf'), config);
  openssl(
    'ca',
    '-batch',
    '-config',
    join(work, 'cnf'),
    '-in',
    request,
    '-cert',
    ca.certFile,
    '-keyfile',
    ca.keyFile,
    '-out',
    certFile,
    '-notext',
    '-startdate',
    dates[0],
    '-enddate',
    dates[1],
  );
  return read(certFile, keyFile);
}

function read(certFile: string, keyFile: string): Made {
  const [cert, key] = [readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8')];
  const fingerprint = createHash('sha256').update(new X509Certificate(cert).raw).digest('hex');
  return { certFile, keyFile, cert, key, fingerprint };
}
