/** Which system's medium a tree is. */
import { readFedoraCoreos, readFlatcar, readTalos } from './container-systems.ts';
import { readDebianMedia } from './debian-media.ts';
import { readEsxi, readProxmox, readXenserver } from './hypervisors.ts';
import type { ImageTree } from './image-tree.ts';
import type { FamilyReader, Recognition } from './recognition.ts';
import { readRedHatMedia } from './redhat-media.ts';
import { readSuseMedia } from './suse-media.ts';
import { readWindows } from './windows-media.ts';

/** In order: those whose medium also looks like another's come first (XenServer and SUSE have a .treeinfo too). */
const READERS: readonly FamilyReader[] = [
  readProxmox,
  readXenserver,
  readEsxi,
  readWindows,
  readFedoraCoreos,
  readFlatcar,
  readTalos,
  readSuseMedia,
  readDebianMedia,
  readRedHatMedia,
];

/** What a tree is; undefined for one that no reader knows, and for a microkernel, which has metadata of its own. */
export async function recogniseImage(tree: ImageTree): Promise<Recognition | undefined> {
  if ((await tree.find('iso-metadata.yaml')) !== undefined) return undefined;
  for (const read of READERS) {
    const found = await read(tree);
    if (found !== undefined) return found;
  }
  return undefined;
}
