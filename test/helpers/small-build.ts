/** Options of `image build` that need nothing of the machine: a base and an agent that are small and made in memory. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildOptions } from '../../tinycore/image/build-options.ts';
import { fakeTcz, writeSmallBase } from './small-base.ts';

/** Writes base and agent into a directory, and gives the options of a build from there to its `out`. */
export function smallBuild(directory: string): (change?: Partial<BuildOptions>) => BuildOptions {
  writeSmallBase(join(directory, 'base'));
  writeFileSync(join(directory, 'razor-mk.tcz'), fakeTcz('the agent'));
  return (change = {}) => ({
    base: join(directory, 'base'),
    out: join(directory, 'out'),
    formats: ['kernel'],
    flavour: 'prod',
    version: '1.2.3',
    form: 'tcz-gzip',
    agent: join(directory, 'razor-mk.tcz'),
    extensions: [],
    debian: [],
    packageCache: join(directory, 'cache'),
    mirrorExtensions: [],
    extensionDirs: [],
    modules: [],
    moduleDirs: [],
    firmware: [],
    files: [],
    factsDirs: [],
    commands: [],
    logins: { sshKeys: [] },
    iso: { kernelArgs: [], timeout: 1, volumeId: 'RAZOR_MK', uefi: true },
    epoch: 1_700_000_000,
    step: () => undefined,
    ...change,
  });
}
