/** Who this machine is, and what somebody decided about it. */

/** One network interface that a boot firmware could have used. */
export interface IdentityInterface {
  readonly name: string;
  /** Lower case with colons; the permanent address where the current one was changed (bonding). */
  readonly mac: string;
}

/** Who this machine is; each server's part makes its own id of it. */
export interface Identity {
  /** In kernel index order; never empty MACs, never duplicates. */
  readonly interfaces: readonly IdentityInterface[];
  /** SMBIOS system UUID as the kernel gives it (lower case), if any. May be one of the field's junk values. */
  readonly uuid: string | undefined;
  readonly serial: string | undefined;
  readonly assetTag: string | undefined;
  /** In words, when the interfaces had to be chosen in an unusual way (a container with virtual ones only). */
  readonly note: string | undefined;
}

/** Interfaces that somebody takes into the id or leaves out, against the rules: names (`usb0`) or MAC addresses. */
export interface IdentityChoice {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Nobody decided anything. */
export const NO_CHOICE: IdentityChoice = { include: [], exclude: [] };
