/** What an installer is to the lab: the files that it reads, and how a boot loader starts it. */
import type { Answers } from './answers.ts';

/** What a start of an installer is made of. */
export interface Start {
  readonly answers: Answers;
  /** Address of the image's files. */
  readonly files: string;
  /** Addresses of the installer's kernel and initrd. */
  readonly kernel: string;
  readonly initrd: string;
  /** `BOOTIF=MAC`, where the card that the node boots from is known, and what the model adds to the kernel line. */
  readonly words: readonly string[];
}

/** A Linux kernel with its initrd and its words, or the lines of iPXE for what only that can start. */
export type Load =
  | {
      readonly kernel: string;
      readonly initrd: string;
      readonly words: readonly string[];
      /** Address of an uncompressed archive that is loaded before the initrd. */
      readonly before?: string;
    }
  | { readonly lines: readonly string[] };

export interface Installer {
  /** First word of its callbacks. */
  readonly word: string;
  /** Its files, by the second word of their callbacks; undefined for one that there is not. */
  readonly files: Readonly<Record<string, (answers: Answers) => string | undefined>>;
  /** Nothing is booted for what the microkernel itself installs. */
  readonly load?: (start: Start) => Load;
  /** It has no locked login: it cannot be installed without a password, which for some must be plain. */
  readonly needsPassword?: 'plain' | 'plain or hash';
  /** The file after which nothing more comes until the new system starts: once it was read, the disk is booted. */
  readonly lastFile?: string;
  /** A file that only a site can write. */
  readonly ownFile?: string;
}
