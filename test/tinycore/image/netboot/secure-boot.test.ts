import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { fileEntry } from '../../../../tinycore/image/initrd/entry.ts';
import { checkSignatures, isSigned, layOutSecureBoot } from '../../../../tinycore/image/netboot/secure-boot.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

/** An EFI program of 1,024 bytes with `size` bytes of certificates at `at`. */
function program(at: number, size: number): Buffer {
  const bytes = Buffer.alloc(1024);
  bytes.write('MZ');
  bytes.writeUInt32LE(0x80, 0x3c);
  bytes.write('PE\0\0', 0x80, 'latin1');
  bytes.writeUInt32LE(at, 0x80 + 24 + 112 + 32);
  bytes.writeUInt32LE(size, 0x80 + 24 + 112 + 36);
  return bytes;
}

const SIGNATURE = '~Module signature appended~\n';
const module = (path: string, end: string): ReturnType<typeof fileEntry> => {
  const plain = Buffer.from(`\x7fELF module ${end}`);
  return fileEntry(path, path.endsWith('.gz') ? gzipSync(plain) : plain);
};

test('a signed EFI program has certificates within the file', () => {
  assert.equal(isSigned(program(512, 512)), true);
  assert.equal(isSigned(program(0, 0)), false, 'none');
  assert.equal(isSigned(program(512, 8)), false, 'an empty table');
  assert.equal(isSigned(program(512, 513)), false, 'cut off');
  assert.equal(isSigned(Buffer.from('MZ')), false);
  assert.equal(isSigned(Buffer.from('ELF').subarray(0)), false);
  const lost = program(512, 512);
  lost.writeUInt32LE(0xffff0000, 0x3c);
  assert.equal(isSigned(lost), false, 'a header beyond the end');
});

test('a kernel without signature is refused before its modules are looked at', async () => {
  await assert.rejects(
    checkSignatures(program(0, 0), [module('lib/modules/6.1/a.ko', '')], 'base'),
    /the kernel of base is not signed/,
  );
});

test('each module must carry its signature, compressed or not; other files need none', async () => {
  const kernel = program(512, 512);
  const signed = [
    module('lib/modules/6.1/a.ko', SIGNATURE),
    module('lib/modules/6.1/b.ko.gz', SIGNATURE),
    fileEntry('bin/sh', Buffer.from('sh')),
  ];
  await checkSignatures(kernel, signed, 'base');
  await assert.rejects(
    checkSignatures(
      kernel,
      [...signed, module('lib/modules/6.1/c.ko.gz', ''), module('lib/d.ko', SIGNATURE + ' ')],
      'x',
    ),
    /modules without a signature: lib\/modules\/6\.1\/c\.ko\.gz, lib\/d\.ko; a kernel under Secure Boot/,
  );
});

test('the names of the root are those that firmware and shim ask for, of each processor its own', (t) => {
  const out = temporaryDirectory(t);
  const loaders = { shim: Buffer.from('shim'), grubNet: Buffer.from('grub'), grubCd: Buffer.from('cd'), from: '' };
  assert.deepEqual(layOutSecureBoot(out, { arch: 'x64', ...loaders }), ['shimx64.efi', 'grubx64.efi']);
  assert.deepEqual(layOutSecureBoot(out, { arch: 'arm64', ...loaders }), ['shimaa64.efi', 'grubaa64.efi']);
  assert.equal(readFileSync(join(out, 'shimx64.efi'), 'utf8'), 'shim');
  assert.equal(readFileSync(join(out, 'grubaa64.efi'), 'utf8'), 'grub');
});
