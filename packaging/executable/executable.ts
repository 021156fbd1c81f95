/** From the clone to build/razor-mk: bundle, stripped Node, SEA, inventory, licences, budget. */
import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../platform/files.ts';
import { checkBudget, compressedSize, sha256OfFile } from './budget.ts';
import { bundle, bundlePath } from '../bundle/bundle.ts';
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
import { findNodeBinary, lockedNode, stripNode } from './node-binary.ts';
import { ARCHES, type Arch } from '../project-paths.ts';
import { PCI_IDS_ASSET, pciIdsAsset } from '../bundle/compact-pci-ids.ts';
import { sbom } from '../inventory/sbom.ts';
import { makeExecutable } from './sea.ts';

export interface PackageOptions {
  readonly arch: Arch;
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

/**
 * Builds the executable with its SBOM and licence texts. The results appear under their final names only when all of
 * them are made. Throws RAZOR_MK_PACKAGE, RAZOR_MK_TOOL_MISSING, RAZOR_MK_BUDGET.
 */
export async function buildExecutable(options: PackageOptions): Promise<PackageResult> {
  const { arch, output, cache, say } = options;
  const stage = join(output, `stage-${arch}-${process.pid}`);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  try {
    const pinned = lockedNode(arch);
    const bundled = await bundle({ version: options.version, commit: options.commit, output: bundlePath(stage) });
    say(`bundle       ${bundled.bytes.toLocaleString('en')} bytes, ${bundled.packages.length} npm packages\n`);
    const node = await findNodeBinary(arch, cache, options.env, say);
    const stripped = join(stage, 'node');
    await stripNode(arch, node, stripped);
    say(`Node         ${pinned.version} for ${ARCHES[arch].machine}, ${size(stripped)} bytes stripped\n`);
    const staged = join(stage, 'razor-mk');
    const pciIds = await pciIdsAsset(options.pciIds, stage, say);
    const { cacheBytes } = await makeExecutable({
      arch,
      nodeVersion: pinned.version,
      stage,
      node: stripped,
      output: staged,
      ...(pciIds === undefined ? {} : { assets: { [PCI_IDS_ASSET]: pciIds.file } }),
      flags: options.flags,
    });
    say(
      cacheBytes > 0
        ? `code cache   ${cacheBytes.toLocaleString('en')} bytes\n`
        : `code cache   none: it can only be made on a machine of ${ARCHES[arch].machine}; the executable starts slower\n`,
    );
    const digest = await sha256OfFile(staged);
    const libraries = findLibraries(arch, staged, options.libraries);
    const parts = [
      projectPart(options.version),
      ...npmParts(bundled.packages),
      runtimePart(ARCHES[arch].nodePackage, nodeLicenceFile(node), pinned.version, pinned.integrity),
      ...(pciIds === undefined ? [] : [pciIds.part]),
      ...(await libraryParts(libraries)),
    ];
    say(`executable   ${size(staged)} bytes, sha256 ${digest}\n`);
    let compressedBytes: number | undefined;
    if (options.budget !== false) {
      compressedBytes = await compressedSize(staged, arch, cache);
      say(`compressed   ${compressedBytes.toLocaleString('en')} bytes by xz\n`);
      checkBudget(compressedBytes);
    }
    const executable = join(output, 'razor-mk');
    const files = { sbom: `${executable}.cdx.json`, licences: `${executable}.LICENCES.txt` };
    const { version, commit } = options;
    replaceFile(files.sbom, sbom({ version, commit, sha256: digest, parts, embedded: process.versions }));
    replaceFile(files.licences, licenceFile(parts));
    renameSync(staged, executable);
    return {
      executable,
      bytes: statSync(executable).size,
      sha256: digest,
      compressedBytes,
      bundleBytes: bundled.bytes,
      packages: bundled.packages.length,
      parts,
      libraries,
      ...files,
    };
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function size(path: string): string {
  return statSync(path).size.toLocaleString('en');
}
