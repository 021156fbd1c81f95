/**
 * Every error code with its exit status (sysexits.h: 64 usage, 65 data, 66 no input, 69 unavailable, 70 software,
 * 73 cannot create, 75 try again, 77 permission, 78 configuration) and what to do about it.
 * `npm run docs` prints this table into docs/errors.md.
 */
interface ErrorEntry {
  readonly exit: number;
  readonly summary: string;
  readonly remedy: string;
}

export const ERROR_TABLE = {
  // the program itself
  RAZOR_MK_USAGE: {
    exit: 64,
    summary: 'The command line could not be understood.',
    remedy: 'See razor-mk --help, or razor-mk VERB --help.',
  },
  RAZOR_MK_CLONE_ONLY: {
    exit: 64,
    summary: 'This verb is not part of the executable.',
    remedy: 'Run it from a clone of the project: npm run -s razor-mk -- VERB.',
  },
  RAZOR_MK_FILE_UNREADABLE: {
    exit: 66,
    summary: 'A file that was named could not be read.',
    remedy: 'Check that the file exists and may be read by you.',
  },
  RAZOR_MK_FILE_UNWRITABLE: {
    exit: 73,
    summary: 'A file could not be written.',
    remedy: 'Check the directory, its permissions and the free space.',
  },
  RAZOR_MK_RUN: {
    exit: 70,
    summary: 'A program that was started failed, timed out or is not installed.',
    remedy: 'Run the printed command by hand and look at its output.',
  },
  RAZOR_MK_CONFIG: {
    exit: 78,
    summary: 'A configuration file cannot be used.',
    remedy: 'Correct the file; docs/configuration.md lists every setting.',
  },
  // discovery
  RAZOR_MK_NO_SERVER: {
    exit: 69,
    summary: 'No way of discovery found a provisioning server.',
    remedy:
      'Give razor.ip=HOST[:PORT] on the kernel line, a DNS name `razor`, or next-server in DHCP; razor-mk discover --explain shows each step.',
  },
  RAZOR_MK_DIALECT: {
    exit: 78,
    summary: 'It is not plain which kind of server the node shall talk to.',
    remedy: 'Give razor.dialect=NAME on the kernel line, or --dialect NAME.',
  },
  // talking to the server
  RAZOR_MK_HTTP: {
    exit: 69,
    summary: 'The server could not be reached, or the exchange broke off.',
    remedy: 'Check address, port, route and firewall: curl -v URL.',
  },
  RAZOR_MK_REPLY: {
    exit: 75,
    summary: 'The server answered something that is not a reply of its dialect.',
    remedy: 'Check that the address is that of a provisioning server, and its log.',
  },
  RAZOR_MK_REFUSED: {
    exit: 75,
    summary: 'The server answered with an error of its own.',
    remedy: 'Read the message; it is the server’s. Its log says more.',
  },
  RAZOR_MK_EXTENSION: {
    exit: 65,
    summary: 'The extension archive of the server could not be used; the one before it stays.',
    remedy: 'Check extension-zip of the server: a plain zip of regular files below bin, lib and facts.d.',
  },
  // the node: network, commands, control
  RAZOR_MK_NTP: {
    exit: 69,
    summary: 'An NTP server gave no usable time.',
    remedy: 'Check the server named by ntp= or razor.ntp, and UDP port 123 on the way.',
  },
  RAZOR_MK_COMMAND: {
    exit: 70,
    summary: 'A command of the server could not be carried out.',
    remedy: 'Read the message: it names the program or file that failed.',
  },
  RAZOR_MK_NO_AGENT: {
    exit: 69,
    summary: 'No running agent answers on its status socket.',
    remedy: 'Start it with razor-mk run, or give its directory with --state-dir.',
  },
  // facts
  RAZOR_MK_NO_IDENTITY: {
    exit: 70,
    summary: 'The machine has no network interface that could identify it.',
    remedy: 'Check that the NIC driver is loaded (razor-mk facts --all, driver gap report) or pass --hw-id.',
  },
  RAZOR_MK_PATTERN: {
    exit: 65,
    summary: 'A pattern is not a regular expression that can be used.',
    remedy: 'Use RE2 syntax: no look-around and no back-references.',
  },
  // virtual machines
  RAZOR_MK_VM: {
    exit: 70,
    summary: 'A virtual machine or its network did not do what was waited for.',
    remedy:
      'Read the console and the request log that are named; namespaces need root (or user namespaces), machines need qemu-system-x86.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_TABLE;
