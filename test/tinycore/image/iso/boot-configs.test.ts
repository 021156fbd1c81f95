import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  grubConfig,
  isolinuxConfig,
  kernelWords,
  MENU_BYTES,
  withRoom,
} from '../../../../tinycore/image/iso/boot-configs.ts';

const OPTIONS = { kernelArgs: ['microkernel.server=http://a'], timeout: 5, version: '1.0.0', flavour: 'prod' };

describe('menus of an ISO', () => {
  it('boot with the arguments that were given, on the console that was given last', () => {
    assert.deepEqual(kernelWords(OPTIONS), ['loglevel=3', ...OPTIONS.kernelArgs]);
    const words = kernelWords({ ...OPTIONS, serial: 'ttyS1,9600' });
    assert.deepEqual(words, ['loglevel=3', 'console=tty0', 'console=ttyS1,9600', ...OPTIONS.kernelArgs]);
  });

  it('have room for another kernel line, and a long one stays as it is', () => {
    for (const menu of [isolinuxConfig(OPTIONS), grubConfig(OPTIONS)]) {
      assert.equal(menu.length, MENU_BYTES);
      assert.match(menu, /\S\n+$/);
    }
    assert.equal(withRoom('ab', 4), 'ab\n\n');
    assert.equal(withRoom('abcde', 4), 'abcde');
  });

  it('wait for as many seconds as were said, isolinux never for ever', () => {
    const timeoutOf = (menu: string): string | undefined => /timeout[ =](\d+)$/m.exec(menu)?.[1];
    assert.equal(timeoutOf(isolinuxConfig(OPTIONS)), '50');
    assert.equal(timeoutOf(isolinuxConfig({ ...OPTIONS, timeout: 0 })), '1', '0 would wait for ever');
    assert.equal(timeoutOf(grubConfig(OPTIONS)), '5');
    assert.equal(timeoutOf(grubConfig({ ...OPTIONS, timeout: 0 })), '0');
  });

  it('are shown on the PC’s serial port too, where the console is one of its', () => {
    const serial = 'ttyS1,9600';
    assert.match(isolinuxConfig({ ...OPTIONS, serial }), /^serial 1 9600\ndefault /);
    assert.match(grubConfig({ ...OPTIONS, serial }), /^serial --unit=1 --speed=9600\nterminal_input console serial\n/);
    for (const other of [undefined, 'ttyAMA0,115200', 'ttyS1', 'hvc0', 'xttyS0,9600', 'ttyS0,9600n8']) {
      const options = other === undefined ? OPTIONS : { ...OPTIONS, serial: other };
      assert.match(isolinuxConfig(options), /^default microkernel\n/, other);
      assert.match(grubConfig(options), /^set timeout=5\n/, other);
    }
  });

  it('name version and flavour, and the line of the kernel', () => {
    const isolinux = isolinuxConfig(OPTIONS);
    assert.match(isolinux, /^say Razor Microkernel 1\.0\.0 \(prod\)$/m);
    assert.match(isolinux, /^ {2}append loglevel=3 microkernel\.server=http:\/\/a$/m);
    assert.match(
      grubConfig(OPTIONS),
      /^menuentry 'Razor Microkernel 1\.0\.0 \(prod\)' \{\n {2}linux \/boot\/vmlinuz loglevel=3 /m,
    );
  });
});
