import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkKernelArguments, grubWords } from '../../../platform/netboot/kernel-arguments.ts';

test('words that a boot loader would change, or the kernel could not take, are refused with the reason', () => {
  const refused = (words: readonly string[], remedy: RegExp): void =>
    assert.throws(() => checkKernelArguments(words), { code: 'RAZOR_MK_USAGE', remedy });
  refused(['two words'], /no blanks/);
  refused(['tab\tstop'], /no blanks/);
  refused(['name="value"'], /quotes/);
  refused(['back\\slash'], /backslashes/);
  refused(['razor.x='.padEnd(2048, 'x')], /configuration file/);
  refused(
    Array.from({ length: 31 }, (_, index) => `word${index}=1`),
    /at most 30/,
  );
});

test('a line at its limits is taken, and words with a dot are not counted', () => {
  checkKernelArguments(['razor.x='.padEnd(2047, 'x')]);
  const words = Array.from({ length: 30 }, (_, index) => `word${index}=1.5`);
  checkKernelArguments([...words, ...Array.from({ length: 20 }, (_, index) => `razor.word${index}=1`)]);
});

test('GRUB gets words in quotes where its shell would read them', () => {
  assert.equal(
    grubWords(['quiet', 'console=ttyS0,115200', 'a=$b', 'c;d', 'e#f']),
    "quiet console=ttyS0,115200 'a=$b' 'c;d' 'e#f'",
  );
});
