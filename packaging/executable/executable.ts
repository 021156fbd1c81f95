/** From the clone to build/razor-mk: bundle, stripped Node, SEA, inventory, licences, budget. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../platform/files.ts';
import { withProgress } from '../../platform/process/progress.ts';
import { BUDGET_BYTES, BUDGET_WITH_WHOLE_ICU, checkBudget, compressedSize, sha256OfFile } from './budget.ts';
import { trimIcuData } from './icu-data.ts';
import { blankUnusedSources } from './unused-sources.ts';
import { bundle, bundlePath, type Bundle } from '../bundle/bundle.ts';
import { findLibraries, type Library } from '../bundle/libraries.ts';
import {
  libraryParts,
  licenceFile,
  nodeLicenceFile,
  npmParts,
  projectPart,
  runtimePart,
  type Part,
} from '../inventory/licences.ts';
import { verifyInstalled } from '../inventory/npm-archives.ts';
import { findNodeBinary, lockedNode, stripNode } from './node-binary.ts';
import { ARCHES, PROJECT, type Arch } from '../project-paths.ts';
import { PCI_IDS_ASSET, pciIdsAsset } from '../bundle/compact-pci-ids.ts';
import { sbom } from '../inventory/sbom.ts';
import { makeExecutable } from './sea.ts';

interface PackageOptions {
  readonly arch: Arch;
  /** With the lab in it: another executable, razor-mk-lab. */
  readonly lab?: boolean;
  readonly version: string;
  readonly commit: string;
  /** Directory of the results. */
  readonly output: string;
  /** What survives between builds: fetched Node packages, compressed sizes. */
  readonly cache: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Further directories that hold shared libraries of `arch`. */
  readonly libraries?: readonly string[];
  readonly flags?: readonly string[];
  /** A pci.ids file, or `none`; the pinned one of Debian by default. */
  readonly pciIds?: string;
  /** Compress by xz and hold against the budget (most of the time of a build). */
  readonly budget?: boolean;
  readonly say: (text: string) => void;
}

export interface PackageResult {
  readonly executable: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly compressedBytes: number | undefined;
  readonly bundleBytes: number;
  readonly packages: number;
  readonly parts: readonly Part[];
  readonly libraries: readonly Library[];
  readonly sbom: string;
  readonly licences: string;
}

/** The executable before it has its final name, and what is in it. */
interface StagedExecutable {
  readonly path: string;
  readonly sha256: string;
  readonly bundle: Bundle;
  readonly parts: readonly Part[];
  readonly libraries: readonly Library[];
  /** ICU's data could not be cut on this machine. */
  readonly wholeIcu: boolean;
}

/**
 * Builds the executable with its SBOM and licence texts. The results appear under their final names only when all of
 * them are made. Throws RAZOR_MK_PACKAGE, RAZOR_MK_TOOL_MISSING, RAZOR_MK_BUDGET.
 */
export async function buildExecutable(options: PackageOptions): Promise<PackageResult> {
  const { arch, output, say, version, commit } = options;
  const stage = join(output, `stage-${arch}-${process.pid}`);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  try {
    const staged = await stageExecutable(stage, options);
    const { sha256, parts } = staged;
    say(`executable   ${size(staged.path)} bytes, sha256 ${sha256}\n`);
    const compressedBytes = options.budget === false ? undefined : await measured(staged, options);
    const executable = join(output, options.lab ? 'razor-mk-lab' : 'razor-mk');
    const files = { sbom: `${executable}.cdx.json`, licences: `${executable}.LICENCES.txt` };
    replaceFile(files.sbom, sbom({ version, commit, sha256, parts, embedded: process.versions }));
    replaceFile(files.licences, licenceFile(parts));
    renameSync(staged.path, executable);
    return {
      executable,
      bytes: statSync(executable).size,
      sha256,
      compressedBytes,
      bundleBytes: staged.bundle.bytes,
      packages: staged.bundle.packages.length,
      parts,
      libraries: staged.libraries,
      ...files,
    };
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

async function stageExecutable(stage: string, options: PackageOptions): Promise<StagedExecutable> {
  const { arch, cache, env, say, version, commit } = options;
  const pinned = lockedNode(arch);
  const long = <T>(what: string, work: () => Promise<T>): Promise<T> => withProgress(say, what, work);
  const bundled = await long('bundling', () =>
    bundle({ version, commit, lab: options.lab === true, output: bundlePath(stage) }),
  );
  say(`bundle       ${bundled.bytes.toLocaleString('en')} bytes, ${bundled.packages.length} npm packages\n`);
  await long('verifying     npm packages', () => verifyInstalled(bundled.packageFiles, { cache, env, say }));
  say(`verified     ${bundled.packageFiles.length} files of npm packages, by package-lock.json\n`);
  const node = await long('verifying     Node', () => findNodeBinary(arch, { cache, env, say }));
  const stripped = join(stage, 'node');
  await long('stripping     Node', () => stripNode(arch, node, stripped));
  say(`Node         ${pinned.version} for ${ARCHES[arch].machine}, ${size(stripped)} bytes stripped\n`);
  const icu = await long('cutting       ICU data', () => trimIcuData(stripped, stage));
  say(
    icu === undefined
      ? 'ICU data     whole: icupkg is not installed (apt-get install icu-devtools); the executable is a third larger\n'
      : `ICU data     ${icu.after.toLocaleString('en')} bytes of ${icu.before.toLocaleString('en')}: English, all time zones\n`,
  );
  const blanked = blankUnusedSources(stripped);
  say(`Node sources ${blanked.toLocaleString('en')} bytes blanked that nothing here can reach\n`);
  const path = join(stage, 'razor-mk');
  const pciIds = await pciIdsAsset(options.pciIds, stage, say);
  const { cacheBytes } = await long('building      the executable and its code cache', () =>
    makeExecutable({
      arch,
      nodeVersion: pinned.version,
      stage,
      node: stripped,
      output: path,
      assets: {
        ...(pciIds === undefined ? {} : { [PCI_IDS_ASSET]: pciIds.file }),
        ...(options.lab ? pageAssets() : {}),
      },
      // a microkernel is short of memory, a lab is not
      flags: options.flags ?? (options.lab ? [] : undefined),
      cache: options.lab !== true,
      libraries: options.libraries,
    }),
  );
  if (!options.lab)
    say(
      cacheBytes > 0
        ? `code cache   ${cacheBytes.toLocaleString('en')} bytes\n`
        : `code cache   none: this machine cannot run Node for ${ARCHES[arch].machine} (apt-get install qemu-user-static); the executable starts slower\n`,
    );
  const libraries = findLibraries(arch, path, options.libraries);
  const parts = [
    projectPart(version),
    ...npmParts(bundled.packages),
    runtimePart(ARCHES[arch].nodePackage, nodeLicenceFile(node), pinned.version, pinned.integrity),
    ...(pciIds === undefined ? [] : [pciIds.part]),
    ...(await libraryParts(libraries)),
  ];
  return { path, sha256: await sha256OfFile(path), bundle: bundled, parts, libraries, wholeIcu: icu === undefined };
}

/** Files of the lab's page, by the name that lab/pages asks for. */
function pageAssets(): Record<string, string> {
  const place = join(PROJECT, 'lab/pages/assets');
  return Object.fromEntries(readdirSync(place).map((name) => [`page/${name}`, join(place, name)]));
}

/** Bytes by xz, held against the budget. */
async function measured({ path, wholeIcu }: StagedExecutable, options: PackageOptions): Promise<number> {
  const { arch, cache, say } = options;
  const bytes = await withProgress(say, 'measuring     the compressed size (once for this Node)', () =>
    compressedSize(path, arch, cache),
  );
  say(`compressed   ${bytes.toLocaleString('en')} bytes by xz\n`);
  checkBudget(bytes, wholeIcu ? BUDGET_WITH_WHOLE_ICU : BUDGET_BYTES);
  return bytes;
}

function size(path: string): string {
  return statSync(path).size.toLocaleString('en');
}
