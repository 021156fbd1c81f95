/** Data that the executable carries beside its code (packaging/). A clone has none of it and uses the machine's files. */
import { getRawAsset } from 'node:sea';
import { registerPciIds } from '../facts/hardware/pci-ids.ts';

/** Tells the facts where the list of PCI names is. Nothing is read yet. */
export function registerAssets(): void {
  registerPciIds(() => Buffer.from(getRawAsset('pci.ids')));
}
