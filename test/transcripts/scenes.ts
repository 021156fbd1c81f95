/** The command lines of each transcript. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../platform/process/verb.ts';
import { startLab } from '../../lab/lab-server.ts';

export interface Place {
  readonly directory: string;
  /** Directory of recorded machines. */
  readonly captures: string;
  /** Page and management API of the scene's lab; empty without one. */
  readonly url: string;
}

export interface Step {
  readonly words: readonly string[];
  readonly host?: Partial<Host>;
}

export interface Scene {
  /** What has to run meanwhile. */
  readonly open?: (directory: string) => Promise<{ readonly url: string; close(): Promise<void> }>;
  readonly steps: (place: Place) => Step[];
}

const TERMINAL: Partial<Host> = { interactive: true, columns: 60 };
const COLOURS: Partial<Host> = { ...TERMINAL, colour: true };

/** A command line by its words, which blanks separate; `…` in a word stands for a blank. */
function step(line: string, host: Partial<Host> = {}): Step {
  return { words: line.split(' ').map((word) => word.replaceAll('…', ' ')), host };
}

const facts: Scene = {
  steps({ captures, directory }) {
    const from = `--from ${captures}/qemu-four-buses.tar.gz`;
    const other = `${captures}/firecracker.tar.gz`;
    writeFileSync(
      join(directory, 'old.json'),
      '{"kernel":"Linux","uptime_seconds":"1","gone":"a\\n b","memorysize":"1 GB"}',
    );
    writeFileSync(join(directory, 'no.json'), '[1]');
    return [
      step(`facts ${from}`),
      ...['table', 'json', 'yaml', 'line', 'facter'].map((format) =>
        step(`facts kernel* os_* --format ${format} ${from}`),
      ),
      step(`facts kernel --format facter ${from}`),
      step(`facts kernel virtual --format facter ${from}`),
      step(`facts mk_disk ${from}`, TERMINAL),
      step(`facts mk_hw_fw ${from}`, COLOURS),
      step(`facts kernelrelase ${from}`),
      step(`facts kernel uptme ${from}`),
      step(`facts mk_bmc_address ${from}`),
      step(`facts --match ^QEMU ${from} --format line`),
      step(`facts --match nothing-has-this ${from}`),
      step(`facts --match ( ${from}`),
      step(`facts mk_hw_cpu* --exclude _count$ ${from} --format line`),
      step(`facts --lenient kernel no_such ${from}`),
      step(`facts --structured ${from}`),
      step(`facts --structured --format yaml ${from}`),
      step(`facts --inventory ${from}`, TERMINAL),
      step(`facts --missing ${from}`),
      step(`facts --second-opinion ${from}`),
      step(`facts --diff ${other} ${from}`),
      step(`facts --diff ${directory}/old.json kernel ${from}`, COLOURS),
      step(`facts --diff ${captures}/qemu-four-buses.tar.gz ${from}`),
      step(`facts --diff ${directory}/no.json ${from}`),
      step(`facts --diff ${directory}/none.json ${from}`),
      step(`facts --diff last --state-dir ${directory} ${from}`),
      step(`facts --interval 0.05 ${from}`),
      step(`facts --interval 3601 ${from}`),
      step(`facts --rules x.json ${from}`),
      step(`facts --hardware lshw mk_hw_cpu_count ${from}`),
      step(`facts --from ${directory}/none.tar.gz`),
      step('facts --formt json'),
      step('facts --format xml'),
    ];
  },
};

const explained: Scene = {
  steps({ captures, directory }) {
    const from = `--from ${captures}/qemu-four-buses.tar.gz`;
    return [
      step(
        `facts explain memorysize macaddress mk_hw_cpu_count mk_lldp mk_boot_mac uptime_seconds ${from} --state-dir ${directory}`,
      ),
      step(`facts explain mk_hw_nic7_serial mk_bmc_address netmask_bond0 ${from} --state-dir ${directory}`),
      step(`facts explain mk_tpm_version kernel --json ${from} --state-dir ${directory}`),
      step(`facts explain mk_hw_nic_count --exclude nothing|mk_hw_(a|nic_count)|[|b] ${from}`),
      step(`facts explain mk_hw_nic_count kernel --exclude ^(kernel|\\(x)$|nic_count ${from}`),
      step(`facts explain kernl ${from} --state-dir ${directory}`),
      step('facts explain'),
      step(`facts identity ${from}`),
      step(`facts identity ${from} --json`),
      step(`facts identity ${from}`, COLOURS),
      step(`facts identity --identity-exclude eth0,eth1 ${from}`),
      step(`facts identity --identity-include lo,,nothing ${from}`),
      step(`facts identity --from ${captures}/firecracker.tar.gz`),
      step(`facts identity --root ${directory}`),
    ];
  },
};

/** Rules as servers print them, for `facts --tags --rules FILE`. */
const RULES: Readonly<Record<string, unknown>> = {
  razor: {
    response: [
      {
        '@name': 'big',
        '@tag': 'big',
        '@tag_matchers': [{ '@key': 'mk_hw_cpu_count', '@compare': 'like', '@value': '^[0-9]+$', '@inverse': 'false' }],
      },
      {
        '@name': 'not_dell',
        '@tag': 'not_dell',
        '@tag_matchers': [{ '@key': 'manufacturer', '@compare': 'equal', '@value': 'Dell Inc.', '@inverse': 'true' }],
      },
      {
        '@name': 'four',
        '@tag': 'four',
        '@tag_matchers': [
          { '@key': 'mk_hw_cpu_count', '@compare': 'equal', '@value': '4', '@inverse': false },
          { '@key': 'no_such_fact', '@compare': 'like', '@value': '.', '@inverse': 'false' },
        ],
      },
    ],
  },
  server: {
    items: [
      { name: 'small', rule: ['<', ['num', ['fact', 'memorysize_mb']], 1024] },
      {
        name: 'large',
        rule: ['and', ['>=', ['num', ['fact', 'memorysize_mb']], 1024], ['=', ['fact', 'os.family'], 'Debian']],
      },
      { name: 'virtual', rule: ['in', ['fact', 'virtual'], 'kvm', 'qemu'] },
    ],
  },
  lab: {
    tags: [
      { name: 'x', matchers: [{ key: 'kernel', compare: 'equal', value: 'Linux' }] },
      { tag: 'nameless', matchers: [] },
    ],
  },
  one: { name: 'single', tag: 'lonely', matchers: [{ key: 'kernel', compare: 'equal', value: 'Hurd' }] },
  compare: [{ name: 'bad', matchers: [{ key: 'kernel', compare: 'is', value: 'Linux' }] }],
  pattern: [{ name: 'bad', matchers: [{ key: 'kernel', compare: 'like', value: '(' }] }],
  matcher: [{ name: 'bad', matchers: ['kernel'] }],
  expression: [{ name: 'bad', rule: ['xor', true, false] }],
  nothing: [{ name: 'no rule at all' }],
  empty: [],
  number: 7,
};

const tags: Scene = {
  steps({ captures, directory }) {
    const from = `--from ${captures}/qemu-four-buses.tar.gz --state-dir ${directory}`;
    for (const [name, rules] of Object.entries(RULES))
      writeFileSync(join(directory, `${name}.json`), JSON.stringify(rules));
    writeFileSync(join(directory, 'broken.json'), '{');
    return [
      step(`facts --tags ${from}`),
      step(`facts --tags --format json ${from}`),
      step(`facts --tags --exclude mk_hw_cpu_count ${from}`),
      ...[...Object.keys(RULES), 'broken', 'missing'].map((name) =>
        step(`facts --tags --rules ${directory}/${name}.json ${from}`),
      ),
      step(`facts --tags big four nothing --rules ${directory}/razor.json ${from}`),
      step(`facts --tags big --rules ${directory}/razor.json ${from}`),
      step(`facts --tags four lrge --rules ${directory}/server.json --format json ${from}`),
      step(`facts --tags large --rules ${directory}/server.json ${from}`),
      step(`facts --tags --rules ${directory}/razor.json --dialect razor-server ${from}`),
      step(`facts --tags --rules ${directory}/razor.json --dialect hanlon ${from}`),
      step(`facts --tags --dialect rzor ${from}`),
    ];
  },
};

const words: Scene = {
  steps: () =>
    [
      'fcts',
      'replay',
      'anonymise',
      'server start',
      'lab polcy',
      'lab node explin x',
      'image inspect',
      'lab backup --format json',
      'facts explain --json',
      'image bild',
      'lab vm --machines 9',
      'lab vm --machines 0',
      'lab vm --machines 1.5',
      'lab herd --nodes 50 --interval 10 --outage 20 --seed 3',
      'lab herd --nodes 20 --interval 5 --outage 0 --skew 0 --json',
      'lab herd --skew -1',
      'lab herd --real --seconds 0',
      'lab herd --nodes 0',
      'lab herd --interval 0',
      'lab herd --outage -1',
      'lab ipxe --server http://x/',
      'lab ipxe --server lab:80800000',
      'lab ipxe --server 192.0.2.10',
      'lab ipxe --server [2001:db8::1]:8026 --dialect hanlon',
      'lab ipxe --dialect razor-server --server lab.example:8150',
      'lab ipxe --menu bios',
      'lab ipxe --menu uefi',
      'completion bash',
      'completion tcsh',
      'help nothing',
      'help facts explain',
      '--get-completions lab pol',
      '--get-completions facts --form',
      'explain-reply /no/such/reply.json',
      'lab policy --lab ftp://x',
      'lab key --out /proc/no/such',
    ].map((line) => step(line)),
};

const LAB_STEPS = [
  'lab status --format table',
  'lab template --format table',
  'lab template',
  'lab node --format table',
  'lab policy --format table',
  'lab tag --format table',
  'lab model add --label bookworm --template debian',
  'lab model add --label small --template redhat --format table',
  'lab model add --label small --template discover',
  'lab model add --label x',
  'lab model add --label x --template debain',
  'lab model add --label locked --template debian --set root_passwrd=x',
  'lab model add --label locked --template debian --set root_passwrd=x --force',
  'lab model add --label odd --template debian --set novalue',
  'lab model --format table',
  'lab tag add --name big --tag big --match memorysize_mb~^[3-9]\\d{4,} kernel=Linux virtual!=kvm os!~^Win',
  'lab tag add --name bad --tag bad --match nonsense',
  'lab tag add --name expr --tag expr --rule ["=",["fact","kernel"],"Linux"]',
  'lab tag add --name expr2 --tag expr2 --rule nonsense',
  'lab tag --format table',
  'lab tag get big',
  'lab broker add --name cmdb --url http://cmdb.example/nodes',
  'lab broker add --name bad --url nothing',
  'lab broker --format table',
  'lab policy add --label first --model bookworm --tags big,expr --maximum 3 --broker cmdb',
  'lab policy add --label second --model small --tags big --disabled',
  'lab policy add --label third --model small --line 0',
  'lab policy add --label none --model nothing',
  'lab policy add --label nowhere --model small --tags no_such_tag',
  'lab policy --format table',
  'lab policy edit first --maximum 10 --tags expr',
  'lab policy edit first --maximum -1',
  'lab policy enable second',
  'lab policy disable first --format table',
  'lab policy move second 0',
  'lab policy move second nowhere',
  'lab policy move second',
  'lab policy get secon',
  'lab policy get fir --format table',
  'lab policy get nothing',
  'lab policy --format table',
  'lab policy remove third',
  'lab policy remove third',
  'lab broker remove cmdb',
  'lab model remove bookworm',
  'lab model remove locked',
  'lab image --format table',
  'lab image add /no/such.iso',
  'lab image add /no/such.iso --type floppy',
  'lab image remove nothing',
  'lab active-model --format table',
  'lab node get nothing',
  'lab node explain nothing',
  'lab node force nothing reboot',
  'lab node paint x',
  'lab log --limit 5 --format table',
  'lab log --limit 0',
  'lab log --node nothing',
  'lab backup --token-file x',
];

/** Verbs of the lab, in this order; each adds to what those before it left. */
const lab: Scene = {
  async open() {
    const running = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 } });
    return { url: running.peopleUrl, close: () => running.close() };
  },
  steps: ({ url, directory }) => [
    ...LAB_STEPS.map((line) => step(`${line} --lab ${url}`)),
    step(`lab model --lab ${url}`, TERMINAL),
    step(`lab tag --lab ${url}`, COLOURS),
    step(`lab node --lab http://127.0.0.1:9 --token-file ${directory}/none`),
  ],
};

/** By the name of the transcript. */
export const SCENES: Readonly<Record<string, Scene>> = { facts, explained, tags, words, lab };
