/** What the rest of the program knows of facts. */
export { changedFacts, factValues, isOwnFact, isVolatileName } from './values.ts';
export { createBmcMemory } from './groups/system/bmc-memory.ts';
export { collectFacts, type CollectOptions } from './collect-facts.ts';
export { captureMachine, captureSources, openCapture } from './capture/lazy.ts';
export { compileExclusion, DEFAULT_EXCLUSION, type Exclusion } from './exclude.ts';
export { openSources, openTree } from './sources/open.ts';
export { structuredFacts, type StructuredFacts } from './structured/structured-facts.ts';
export type { StructuredValue } from './structured/structured-value.ts';
export { readIdentity } from './identity/identity.ts';
export type { Inventory } from './inventory/inventory.ts';
export type { InventoryInterface } from './inventory/inventory-interface.ts';
export type { Sources } from './sources/sources.ts';
export type { Fact, FactSet, ProbeError } from './fact-types.ts';
export { type InventoryDisk, readBlockDevices, readDisks, slowDiskFiles } from './groups/devices/read-disks.ts';
export { ZONES_IN_ORDER } from './groups/devices/disk-kind.ts';
