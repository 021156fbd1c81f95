/** What the lab keeps, as records: nodes, active models and what people configure. Every store reads and writes these. */

/** Facts as a node sent them, by name. */
export type Facts = Readonly<Record<string, unknown>>;

/** A known machine. */
export interface NodeRecord {
  /** The number by which razor-server knows it. */
  readonly id: number;
  readonly uuid: string;
  /** The dialect that it was created by: razor, hanlon, razor-server. */
  readonly dialect: string;
  /** Counts changes, as the original's does. */
  readonly version: number;
  readonly lastState: string | undefined;
  readonly dhcpMac: string | undefined;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** When it last sent facts, or undefined before that. */
  readonly registered: number | undefined;
  /** Its last check-in or register. */
  readonly contact: number;
  /** Policies may bind it (protect_new_nodes). */
  readonly allowed: boolean;
  /** What was installed on it, for dialects that say so. */
  readonly installed: string | undefined;
  /** Returned as it stands as the command while it is set. */
  readonly forcedAction: string | undefined;
  /** The parameter that goes with it. */
  readonly forcedParam: Readonly<Record<string, unknown>> | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Counts the times that facts were replaced. */
  readonly factsVersion: number;
}

/** A policy at work on one node, with the model as it was when the node was bound. */
export interface ActiveModel {
  readonly id: number;
  /** The UUID in the installer's callbacks. */
  readonly uuid: string;
  /** `NodeRecord.id`. */
  readonly node: number;
  /** UUID of the policy. */
  readonly policy: string;
  readonly policyLabel: string;
  /** The model as it was when the node was bound. */
  readonly model: Model;
  /** UUID of the broker that gets the finished node. */
  readonly broker: string | undefined;
  readonly state: string;
  /** Counts the nodes bound by the policy, from 1: part of host names. */
  readonly counter: number;
  /** Milliseconds since 1970. */
  readonly bound: number;
  /** Boots of the installer since it was bound, or started again. */
  readonly tries: number;
  /** When the last of them was, milliseconds since 1970. */
  readonly tried: number | undefined;
  /** That try takes longer than its policy allows. */
  readonly overdue: boolean;
  /** How its hand-over to the broker stands; undefined before it begins. */
  readonly handOver: HandOver | undefined;
}

/** A hand-over to a broker. */
export interface HandOver {
  /** The same for every attempt. */
  readonly id: string;
  readonly attempts: number;
  /** When it is tried next, milliseconds since 1970; 0 never. */
  readonly next: number;
  /** What came of the last attempt. */
  readonly why: string;
}

/** One line of the log of an active model. */
export interface ActiveLogEntry {
  readonly at: number;
  readonly oldState: string;
  readonly state: string;
  /** What came: mk_call, boot_call, preseed_start … */
  readonly action: string;
  /** Through what: mk_call, boot_call, callback, broker. */
  readonly method: string;
  readonly result: string;
}

/** What an image installs or boots. */
export type ImageType = 'mk' | 'os' | 'esxi' | 'xenserver' | 'disk';

/** An image as it was added. */
export interface Image {
  readonly uuid: string;
  readonly type: ImageType;
  readonly name: string;
  readonly version: string;
  /** Directory that holds the files; of a disk image the file itself. */
  readonly path: string;
  /** Paths in that directory. */
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly kernelHash: string | undefined;
  readonly initrdHash: string | undefined;
  /** `sha256` … `sha512`, for the two hashes. */
  readonly hash: string | undefined;
  readonly buildTime: number | undefined;
  readonly added: number;
  /** What an image of type disk is. */
  readonly disk?: DiskImage | undefined;
}

/** The image of a whole disk, in one file. */
export interface DiskImage {
  readonly format: 'raw' | 'qcow2';
  /** Bytes of the file. */
  readonly bytes: number;
  /** Bytes of the disk that it is of. */
  readonly size: number;
  /** Of the file, lower-case hex. */
  readonly sha256: string;
}

/** What is installed, with its settings. */
export interface Model {
  readonly uuid: string;
  readonly label: string;
  /** A template's name (lab/engine/models.ts): ubuntu_precise, vmware_esxi_5 … */
  readonly template: string;
  /** UUID of its image. */
  readonly image: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Who takes a finished node over. */
export interface Broker {
  readonly uuid: string;
  readonly name: string;
  /** Where a finished node is handed over to, by POST. */
  readonly url: string;
  /** `whsec_…`: what hand-overs are signed with; not signed without. */
  readonly secret?: string | undefined;
  /** How often it is asked before the hand-over has failed; undefined for the usual number (lab/engine/brokers.ts). */
  readonly attempts?: number | undefined;
}

/** Which nodes get which model. */
export interface Policy {
  readonly uuid: string;
  readonly label: string;
  /** Place in the order of policies, from 0. */
  readonly line: number;
  readonly enabled: boolean;
  /** At most this many nodes; 0 for any number. */
  readonly maximum: number;
  readonly tags: readonly string[];
  /** Boots of the installer that a node may have; 0 for any number, undefined for the usual one (lab/engine/tries.ts). */
  readonly tries?: number | undefined;
  /** Seconds that each may take; 0 for any time. */
  readonly installTimeout?: number | undefined;
  /** UUID of its model. */
  readonly model: string;
  /** UUID of its broker. */
  readonly broker: string | undefined;
}
