/** Who may use page and management API, and what they did, as records. */

/** What somebody may do, from the least: each may what the one before it may. */
export const ROLES = ['look', 'operate', 'administer'] as const;
export type Role = (typeof ROLES)[number];

/** A person, or a program, with a name. */
export interface LabOperator {
  readonly uuid: string;
  readonly name: string;
  readonly role: Role;
  /** `scrypt$N$r$p$SALT$HASH` (lab/people/passwords.ts); undefined for one that has tokens only. */
  readonly password: string | undefined;
  /** Milliseconds since 1970. */
  readonly added: number;
}

/** A secret that stands for an operator: a token of a script, or a session of a browser. */
export interface Credential {
  readonly uuid: string;
  /** UUID of the operator; of a session that was opened with the lab's own token, `token:` and the start of its hash. */
  readonly operator: string;
  readonly kind: 'token' | 'session';
  /** What a token is for. */
  readonly label: string;
  /** SHA-256 of the secret, in hex: it has 256 random bits, which nobody finds again from that. */
  readonly hash: string;
  readonly added: number;
  /** When it ends; milliseconds since 1970. */
  readonly expires: number;
}

/** One line of the audit log: who did what, and how it ended. */
export interface AuditEntry {
  /** Counts from 1. */
  readonly id: number;
  readonly at: number;
  /** Name of the operator; `token` for the lab's own, `anybody` where the lab is open, empty where nobody was known. */
  readonly who: string;
  /** Where the request came from. */
  readonly address: string;
  /** Method and path as they were asked. */
  readonly action: string;
  /** HTTP status of the answer. */
  readonly status: number;
  /** What was sent, as JSON, secrets replaced, cut. */
  readonly details: string;
}
