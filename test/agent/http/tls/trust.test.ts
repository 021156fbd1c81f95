import { test } from 'node:test';
import { noOpenssl } from '../../../helpers/certificates.ts';

if (noOpenssl === false) await import('./trust.cases.ts');
else test('certificates, pins, client certificates, tokens, signatures, clocks', { skip: noOpenssl }, () => undefined);
