/** Options of `image build` that need nothing of the machine: a base and an agent that are small and made in memory. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildOptions } from '../../tinycore/image/build-options.ts';
import { USUAL_SERIAL } from '../../tinycore/image/iso/iso.ts';
import { fakeTcz, writeSmallBase } from './small-base.ts';

/** What a build of a test usually is: kernel and initrd, without anything of one's own. */
export const USUAL_BUILD = {
  formats: ['kernel'],
  flavour: 'prod',
  version: '1.2.3',
  form: 'tcz-gzip',
  extensions: [],
  debian: [],
  mirrorExtensions: [],
  extensionDirs: [],
  modules: [],
  moduleDirs: [],
  firmware: [],
  files: [],
  factsDirs: [],
  commands: [],
  logins: { sshKeys: [] },
  iso: { kernelArgs: [], serial: USUAL_SERIAL, timeout: 1, volumeId: 'RAZOR_MK', uefi: true },
  epoch: 1_700_000_000,
  step: () => undefined,
} satisfies Partial<BuildOptions>;

/** Writes base and agent into a directory, and gives the options of a build from there to its `out`. */
export function smallBuild(directory: string): (change?: Partial<BuildOptions>) => BuildOptions {
  writeSmallBase(join(directory, 'base'));
  writeFileSync(join(directory, 'razor-mk.tcz'), fakeTcz('the agent'));
  return (change = {}) => ({
    ...USUAL_BUILD,
    base: join(directory, 'base'),
    out: join(directory, 'out'),
    agent: join(directory, 'razor-mk.tcz'),
    packageCache: join(directory, 'cache'),
    ...change,
  });
}
