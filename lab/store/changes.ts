/** Which rows were changed, for caches and for other labs on the same database. */

/** A row's key: the values of the key columns. */
export type Key = readonly (string | number)[];

/** Keys of rows that were added, changed or removed, by table. */
export type Changes = ReadonlyMap<string, readonly Key[]>;
