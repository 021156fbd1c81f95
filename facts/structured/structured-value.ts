/** What structured facts are made of. */

/** A value as JSON has it; absent things are absent, never null. */
export type StructuredValue =
  string | number | boolean | readonly StructuredValue[] | { readonly [name: string]: StructuredValue | undefined };
