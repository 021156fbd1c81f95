/**
 * A strict reader of kickstart files, since Debian has none (pykickstart is not packaged): the commands that the lab's templates use or
 * could, with the options that Red Hat documents for 7 to 10 (Kickstart commands and options reference), and those of ESXi 7 and 8
 * (VMware, Installation and Upgrade Script Commands). What is not in the tables is wrong.
 */

interface Command {
  /** Options with a value end with `=`. */
  readonly options: readonly string[];
  /** How many words there may be besides. */
  readonly words?: readonly [number, number];
  /** One of these must be there. */
  readonly needs?: readonly string[];
}

interface Language {
  readonly commands: Readonly<Record<string, Command>>;
  readonly sections: Readonly<Record<string, readonly string[]>>;
  /** A section ends with %end; otherwise with the next one. */
  readonly ends: boolean;
  /** Without these the installer asks somebody. */
  readonly unattended: readonly (readonly string[])[];
}

const SCRIPT = ['--interpreter=', '--log=', '--erroronfail', '--nochroot'];

const RED_HAT: Language = {
  commands: {
    text: { options: ['--non-interactive'] },
    graphical: { options: ['--non-interactive'] },
    cmdline: { options: [] },
    url: {
      options: ['--url=', '--mirrorlist=', '--metalink=', '--proxy=', '--noverifyssl'],
      needs: ['--url=', '--mirrorlist=', '--metalink='],
    },
    repo: { options: ['--name=', '--baseurl=', '--mirrorlist=', '--cost=', '--install'], needs: ['--name='] },
    lang: { options: ['--addsupport='], words: [1, 1] },
    keyboard: { options: ['--vckeymap=', '--xlayouts=', '--switch='], words: [0, 1] },
    network: {
      options: [
        '--bootproto=',
        '--device=',
        '--hostname=',
        '--ip=',
        '--netmask=',
        '--gateway=',
        '--nameserver=',
        '--onboot=',
        '--activate',
        '--noipv6',
        '--ipv6=',
      ],
    },
    rootpw: { options: ['--iscrypted', '--plaintext', '--lock', '--allow-ssh'], words: [0, 1] },
    sshkey: { options: ['--username='], words: [1, 1], needs: ['--username='] },
    user: {
      options: ['--name=', '--groups=', '--password=', '--iscrypted', '--plaintext', '--lock'],
      needs: ['--name='],
    },
    firewall: { options: ['--enabled', '--disabled', '--service=', '--port=', '--trust=', '--ssh'] },
    firstboot: { options: ['--enable', '--enabled', '--disable', '--disabled', '--reconfig'] },
    selinux: { options: ['--enforcing', '--permissive', '--disabled'] },
    services: { options: ['--enabled=', '--disabled='] },
    timezone: { options: ['--utc', '--isUtc'], words: [1, 1] },
    ignoredisk: { options: ['--only-use=', '--drives='], needs: ['--only-use=', '--drives='] },
    bootloader: { options: ['--location=', '--boot-drive=', '--append=', '--timeout=', '--password=', '--iscrypted'] },
    zerombr: { options: [] },
    clearpart: { options: ['--all', '--linux', '--none', '--drives=', '--list=', '--initlabel', '--disklabel='] },
    autopart: { options: ['--type=', '--fstype=', '--nohome', '--noboot', '--noswap', '--encrypted', '--passphrase='] },
    reboot: { options: ['--eject', '--kexec'] },
    poweroff: { options: [] },
    eula: { options: ['--agreed'], needs: ['--agreed'] },
  },
  sections: {
    '%packages': [
      '--ignoremissing',
      '--ignorebroken',
      '--nocore',
      '--instLangs=',
      '--excludedocs',
      '--exclude-weakdeps',
      '--retries=',
      '--timeout=',
    ],
    '%pre': SCRIPT,
    '%pre-install': SCRIPT,
    '%post': SCRIPT,
    '%onerror': SCRIPT,
  },
  ends: true,
  unattended: [
    ['lang'],
    ['keyboard'],
    ['rootpw', 'user'],
    ['timezone'],
    ['bootloader'],
    ['autopart', 'part'],
    ['reboot', 'poweroff'],
  ],
};

const ESXI: Language = {
  commands: {
    vmaccepteula: { options: [] },
    accepteula: { options: [] },
    rootpw: { options: ['--iscrypted'], words: [1, 1] },
    install: {
      options: [
        '--disk=',
        '--firstdisk',
        '--firstdisk=',
        '--drive=',
        '--overwritevmfs',
        '--preservevmfs',
        '--novmfsondisk',
        '--ignoressd',
        '--overwritevsan',
      ],
      needs: ['--disk=', '--firstdisk', '--firstdisk=', '--drive='],
    },
    clearpart: {
      options: ['--alldrives', '--drives=', '--ignoredrives=', '--firstdisk', '--firstdisk=', '--overwritevmfs'],
    },
    network: {
      options: [
        '--bootproto=',
        '--device=',
        '--ip=',
        '--gateway=',
        '--nameserver=',
        '--netmask=',
        '--hostname=',
        '--vlanid=',
        '--addvmportgroup=',
      ],
      needs: ['--bootproto='],
    },
    keyboard: { options: [], words: [1, 1] },
    serialnum: { options: ['--esx='], needs: ['--esx='] },
    reboot: { options: ['--noeject'] },
  },
  sections: {
    '%pre': ['--interpreter='],
    '%post': ['--interpreter=', '--timeout=', '--ignorefailure='],
    '%firstboot': ['--interpreter='],
  },
  ends: false,
  unattended: [['vmaccepteula', 'accepteula'], ['rootpw'], ['install'], ['network'], ['reboot']],
};

export interface Kickstart {
  /** What is wrong, with line numbers; empty where nothing is. */
  readonly faults: readonly string[];
  /** The text of each script. */
  readonly scripts: readonly string[];
}

/** Reads a kickstart file of Red Hat's kin, or of ESXi. */
export function readKickstart(text: string, kind: 'redhat' | 'esxi'): Kickstart {
  const { commands, sections, ends, unattended } = kind === 'esxi' ? ESXI : RED_HAT;
  const faults: string[] = [];
  const scripts: string[][] = [];
  const seen = new Set<string>();
  let section: string | undefined;
  for (const [at, line] of text.split('\n').entries()) {
    const wrong = (what: string): void => void faults.push(`line ${at + 1}: ${what}`);
    if (line.startsWith('%')) {
      if (line === '%end' && (section === undefined || !ends)) wrong('%end of nothing');
      const [name = '', ...words] = splitWords(line) ?? [];
      const options = sections[name];
      if (line !== '%end' && section !== undefined && ends) wrong(`${name} within ${section}`);
      if (line !== '%end' && options === undefined) wrong(`no section is called ${name}`);
      faultsOf(words, { options: options ?? [] }).forEach(wrong);
      section = line === '%end' ? undefined : name;
      if (section !== undefined && section !== '%packages') scripts.push([]);
    } else if (section === '%packages') {
      if (!/^(@\^?[\w.+-]+|-?[\w.+*:~^-]+)?$/.test(line)) wrong(`${line} is no package or group`);
    } else if (section !== undefined) scripts.at(-1)?.push(line);
    else if (line !== '' && !line.startsWith('#')) {
      const words = splitWords(line);
      const [name = '', ...rest] = words ?? [];
      const command = commands[name];
      if (words === undefined) wrong('a quotation mark is not closed');
      else if (command === undefined) wrong(`no command is called ${name}`);
      else if (seen.has(name) && !['network', 'repo', 'user', 'sshkey'].includes(name)) wrong(`${name} again`);
      else faultsOf(rest, command).forEach((fault) => wrong(`${name}: ${fault}`));
      if (name === 'rootpw' && rest.includes('--lock') === rest.some((word) => !word.startsWith('--')))
        wrong('rootpw: a password or --lock');
      seen.add(name);
    }
  }
  if (section !== undefined && ends) faults.push(`${section} has no %end`);
  for (const names of unattended) {
    if (!names.some((name) => seen.has(name))) faults.push(`without ${names.join(' or ')} the installer asks somebody`);
  }
  return { faults, scripts: scripts.map((lines) => lines.join('\n')) };
}

function faultsOf(words: readonly string[], { options, words: [least, most] = [0, 0], needs = [] }: Command): string[] {
  const named = words.filter((word) => word.startsWith('--'));
  const short = (word: string): string => /^--[\w-]+=?/.exec(word)?.[0] ?? word;
  const wrong = named.filter((word) => !options.includes(short(word)) || word === short(word).replace(/=?$/, '='));
  const rest = words.length - named.length;
  return [
    ...wrong.map((word) => `there is no option ${word}`),
    ...(rest < least || rest > most ? [`${rest} words`] : []),
    ...(needs.length > 0 && !named.some((word) => needs.includes(short(word)))
      ? [`one of ${needs.join(' ')} is missing`]
      : []),
  ];
}

/** As Python's shlex splits with POSIX rules and comments; undefined where a quotation mark is not closed. */
function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  const pattern = /\s*(#.*$|((?:[^\s"'\\#]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+))/y;
  for (let at = 0; at < line.trimEnd().length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const match = pattern.exec(line.trimEnd());
    if (match === null) return undefined;
    if (match[2] === undefined) break;
    words.push(
      match[2].replaceAll(
        /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g,
        (_all, double?: string, single?: string, one?: string) =>
          single ?? one ?? (double ?? '').replaceAll(/\\(["\\])/g, '$1'),
      ),
    );
  }
  return words;
}
