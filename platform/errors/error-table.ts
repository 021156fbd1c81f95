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
    summary: 'The command line is invalid.',
    remedy: 'See razor-mk --help, or razor-mk VERB --help.',
  },
  RAZOR_MK_CLONE_ONLY: {
    exit: 64,
    summary: 'This verb is not part of the executable.',
    remedy: 'Run it from a clone of the project: npx razor-mk VERB.',
  },
  RAZOR_MK_FILE_UNREADABLE: {
    exit: 66,
    summary: 'A file could not be read.',
    remedy: 'Check that the file exists and that you may read it.',
  },
  RAZOR_MK_FILE_UNWRITABLE: {
    exit: 73,
    summary: 'A file could not be written.',
    remedy: 'Check the directory, its permissions and the free space.',
  },
  RAZOR_MK_RUN: {
    exit: 70,
    summary: 'A program failed, timed out or is not installed.',
    remedy: 'Run the printed command yourself and look at its output.',
  },
  RAZOR_MK_CONFIG: {
    exit: 78,
    summary: 'A configuration file cannot be used.',
    remedy: 'Correct the file; docs/configuration.md lists every setting.',
  },
  // discovery
  RAZOR_MK_NO_SERVER: {
    exit: 69,
    summary: 'Discovery found no provisioning server.',
    remedy: 'Give razor.ip=HOST[:PORT] on the kernel line, a DNS name `razor`, or next-server in DHCP.',
  },
  RAZOR_MK_DIALECT: {
    exit: 78,
    summary: 'Cannot tell which kind of server to use.',
    remedy: 'Give razor.dialect=NAME on the kernel line, or --dialect NAME.',
  },
  // talking to the server
  RAZOR_MK_TRUST: {
    exit: 78,
    summary: 'A configured certificate, key, pin or token cannot be used.',
    remedy: 'Check the files and fingerprints of the TLS settings (docs/agent.md, Trust).',
  },
  RAZOR_MK_HTTP: {
    exit: 69,
    summary: 'The server could not be reached, or the exchange was interrupted.',
    remedy: 'Check address, port, route and firewall: curl -v URL.',
  },
  RAZOR_MK_REPLY: {
    exit: 75,
    summary: 'The server’s answer is not a reply of its dialect.',
    remedy: 'Check that the address belongs to a provisioning server, and read its log.',
  },
  RAZOR_MK_REFUSED: {
    exit: 75,
    summary: 'The server answered with an error.',
    remedy: 'Read the message, which is the server’s, and the server’s log.',
  },
  RAZOR_MK_BOOT_NIC: {
    exit: 75,
    summary: 'The card that the machine booted from has no IP address, and Foreman needs one.',
    remedy: 'Make sure that DHCP answers on this card; BOOTIF= (IPAPPEND 2) or fdi.pxmac= on the kernel line names it.',
  },
  RAZOR_MK_EXTENSION: {
    exit: 65,
    summary: 'The server’s extension archive could not be used; the previous one stays.',
    remedy: 'Check extension-zip of the server: a plain zip of regular files below bin, lib and facts.d.',
  },
  // the node: network, commands, control
  RAZOR_MK_NTP: {
    exit: 69,
    summary: 'An NTP server returned no usable time.',
    remedy: 'Check the server named by ntp= or razor.ntp, and UDP port 123 on the way.',
  },
  RAZOR_MK_COMMAND: {
    exit: 70,
    summary: 'A command from the server failed.',
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
  RAZOR_MK_CAPTURE: {
    exit: 65,
    summary: 'The file is not a capture, or it is damaged.',
    remedy: 'Make one with razor-mk capture FILE.tar.gz, and copy it in binary mode.',
  },
  RAZOR_MK_NO_FACT: {
    exit: 65,
    summary: 'This machine has no such fact.',
    remedy: 'razor-mk facts lists all facts, razor-mk facts --all also those that take time.',
  },
  RAZOR_MK_RULES: {
    exit: 65,
    summary: 'A file of rules is not in the form of any server, or a rule in it cannot be used.',
    remedy:
      'Give what the server prints: razor tag (JSON), razor-server’s tags, discovery rules of Foreman, or razor-mk lab tag list.',
  },
  RAZOR_MK_PATTERN: {
    exit: 65,
    summary: 'The pattern is not a supported regular expression.',
    remedy: 'Use RE2 syntax, without look-around and back-references.',
  },
  RAZOR_MK_DEMO: {
    exit: 70,
    summary: 'The demonstration did not finish.',
    remedy:
      'Read the agent’s output. Run `npm test`, and `npx razor-mk facts` to see whether facts can be gathered here.',
  },
  // Ironic's deploy ramdisk
  RAZOR_MK_TFTP: {
    exit: 69,
    summary: 'A file could not be fetched by TFTP.',
    remedy: 'Check the boot server, its TFTP root and UDP port 69 on the way.',
  },
  RAZOR_MK_DEPLOY: {
    exit: 70,
    summary: 'The deployment failed.',
    remedy: 'Read the message; the conductor received it too, and its log has the other half.',
  },
  RAZOR_MK_DEPLOY_IMAGE: {
    exit: 65,
    summary: 'The image cannot be written to the disk, or it is not the expected image.',
    remedy:
      'Compare the image with its checksum and the size of the disk; see docs/ironic.md for what can be deployed.',
  },
  RAZOR_MK_DEPLOY_OFF: {
    exit: 77,
    summary: 'The server asks to write an image, and this microkernel is not allowed to.',
    remedy: 'Set razor.allow_deploy=1 on the kernel line or allow_deploy in the image, or deploy with another ramdisk.',
  },
  RAZOR_MK_DEPLOY_DISK: {
    exit: 70,
    summary: 'No disk matches the kernel line.',
    remedy: 'Compare disk= or root_device= with razor-mk deploy --list-disks; a disk in use is never chosen.',
  },
  // virtual machines
  RAZOR_MK_VM: {
    exit: 70,
    summary: 'A virtual machine or its network did not reach the expected state.',
    remedy:
      'Read the named console and request log; namespaces need root (or user namespaces), machines need qemu-system-x86.',
  },
  // the lab
  RAZOR_MK_LAB_DB: {
    exit: 73,
    summary: 'The lab’s database could not be opened.',
    remedy: 'Check the path and its permissions, or omit --db to keep everything in memory.',
  },
  RAZOR_MK_LAB_DB_AWAY: {
    exit: 75,
    summary: 'The lab’s database cannot be written to now.',
    remedy: 'Look whether it runs; the lab goes on by itself as soon as it is back.',
  },
  RAZOR_MK_LAB_SECRETS: {
    exit: 78,
    summary: 'The secrets in the lab’s database cannot be opened.',
    remedy: 'Give the file with their key: --secrets-key FILE; by default it lies beside the database, as FILE.key.',
  },
  RAZOR_MK_LAB_LISTEN: {
    exit: 69,
    summary: 'The lab could not listen on an address.',
    remedy: 'Another program uses the port (ss -ltnp shows it): stop it, or choose another port; 0 takes any free one.',
  },
  RAZOR_MK_LAB_NO_TOKEN: {
    exit: 78,
    summary: 'Page and management API would be open to everyone.',
    remedy:
      'Keep --people-host on loopback, give --token-file, or add operators first, while it is: razor-mk lab operator add. Give --tls-cert and --tls-key with it.',
  },
  RAZOR_MK_LAB_CONFIG: {
    exit: 78,
    summary: 'The lab’s configuration (file or environment) has an unknown key or an invalid value.',
    remedy: 'Correct the named key; the keys are the options that razor-mk lab --help lists.',
  },
  RAZOR_MK_IMAGE_METADATA: {
    exit: 65,
    summary: 'An image does not match its metadata, or has none.',
    remedy: 'Build it again (razor-mk image build), or name kernel and initrd of a plain directory.',
  },
  RAZOR_MK_IMAGE_UNFIT: {
    exit: 65,
    summary: 'Nothing can be installed from an image that was given to the lab.',
    remedy: 'Take the medium that the message names.',
  },
  RAZOR_MK_LAB_UNREACHABLE: {
    exit: 69,
    summary: 'No lab answered.',
    remedy: 'Start one with razor-mk lab, or give its address: --lab URL (and --token-file if it requires a token).',
  },
  RAZOR_MK_LAB_REFUSED: {
    exit: 65,
    summary: 'The lab refused the request.',
    remedy: 'Read the message; razor-mk lab node list (policy, model, image …) shows what exists.',
  },
  // packaging
  RAZOR_MK_TOOL_MISSING: {
    exit: 69,
    summary: 'A program that the build needs is not installed.',
    remedy: 'Install the package named in the message.',
  },
  RAZOR_MK_PACKAGE: {
    exit: 70,
    summary: 'The executable or the extension could not be built.',
    remedy: 'Read the message of the failed step; run the printed command yourself.',
  },
  RAZOR_MK_BUDGET: {
    exit: 70,
    summary: 'The executable is larger than its size budget.',
    remedy:
      'Find what grew (npm run package prints the bundle; docs/packaging.md), and remove it or load it from a file.',
  },
  // image builder
  RAZOR_MK_IMAGE_PROGRAM: {
    exit: 69,
    summary: 'A program that the image builder needs is not installed, or failed.',
    remedy: 'Install the package named in the message (apt-get install …), or run the printed command yourself.',
  },
  RAZOR_MK_IMAGE_BASE: {
    exit: 66,
    summary: 'The base of the image lacks something that a microkernel needs.',
    remedy: 'Use a Tiny Core ISO (CorePure64), or make a base: razor-mk image base --from-debian --out DIR.',
  },
  RAZOR_MK_IMAGE_NAME: {
    exit: 64,
    summary: 'A name or path cannot be used in an image.',
    remedy: 'Use a path without .., empty parts or control characters.',
  },
  RAZOR_MK_IMAGE_VERSION: {
    exit: 64,
    summary: 'A Razor server cannot compare this image version.',
    remedy: 'Give three numbers without leading zeros: --version 1.2.3.',
  },
  RAZOR_MK_IMAGE_CONFIG: {
    exit: 78,
    summary: 'The image builder’s configuration has an unknown key or an invalid value.',
    remedy: 'See docs/image.md for the keys of image.yaml, the list files and bundle.cfg.',
  },
  RAZOR_MK_ARCHIVE: {
    exit: 65,
    summary: 'An archive (initrd, cpio, package) is truncated, damaged or of an unknown kind.',
    remedy: 'Download the file again and compare its checksum with the publisher’s.',
  },
  RAZOR_MK_ISO: {
    exit: 65,
    summary: 'The file is not an ISO image, or it is truncated.',
    remedy: 'Download the ISO again and compare its checksum with the publisher’s.',
  },
  RAZOR_MK_TCZ: {
    exit: 65,
    summary: 'An extension is missing, does not match its checksum, or is not an extension.',
    remedy:
      'Put NAME.tcz with NAME.tcz.dep and NAME.tcz.md5.txt into the directory of --extension-dir, or name a mirror.',
  },
  RAZOR_MK_DOWNLOAD: {
    exit: 69,
    summary: 'A file could not be downloaded, or does not have the expected checksum.',
    remedy: 'Check the address and the checksum, or download the file yourself and give its path.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_TABLE;
