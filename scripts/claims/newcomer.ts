/** What people who had not seen the program stumbled over, and what comes now: a row of that walk each. */
import { shows, type Claim } from './claim.ts';

/** Starts a lab on ports of its own and runs the rest of the line beside it; `$L` is a verb of it, `$N` its address for nodes. */
function besideLab(command: string): string {
  return [
    'D=$(mktemp -d); bin/razor-mk.cjs lab --port 0 --image-port 0 --people-port 0 --db $D/lab.db --events >$D/out 2>&1 & P=$!',
    'trap "kill $P; wait $P 2>/dev/null; rm -rf $D" EXIT',
    'for i in $(seq 100); do grep -q ready $D/out && break; sleep 0.2; done',
    `export RAZOR_MK_LAB_URL=$(sed -n 's/.*"peopleUrl":"\\([^"]*\\)".*/\\1/p' $D/out)`,
    `N=$(sed -n 's/.*"nodesUrl":"\\([^"]*\\)".*/\\1/p' $D/out); L="bin/razor-mk.cjs lab"`,
    command,
  ].join('; ');
}

const refused = (command: string): string => `{ ${command} 2>&1 || echo "status $?"; }`;

const REGISTER = `curl -s $N/razor/api/node/register --data-urlencode 'json_hash={"@hw_id":"080027AABBCC","@last_state":"idle","@attributes_hash":{"mk_hw_nic_count":"1"}}' >/dev/null`;

export const claims: readonly Claim[] = [
  {
    id: 'newcomer-lab-file',
    area: 'newcomer',
    says: 'rows 1, 2: a plain copy of the database of a running lab is refused; lab backup gives a whole one; files are private',
    command: besideLab(
      `cp $D/lab.db $D/copy.db; ${refused('bin/razor-mk.cjs lab --db $D/copy.db --port 0 --image-port 0 --people-port 0')}; $L backup $D/whole.db; stat -c %a $D/lab.db $D/whole.db`,
    ),
    minutes: 2,
    check: shows(/copy/, /^600\n600$/m),
  },
  {
    id: 'newcomer-names',
    area: 'newcomer',
    says: 'row 3: tags that no rule gives and settings that nothing reads are refused with the near ones; commas part tags',
    command: besideLab(
      `$L model add --label m --template debian >/dev/null; ${refused('$L policy add --label two --model m --tags nisc_2')}; ${refused('$L model add --label x --template debian --set root_passwrd=x')}; $L policy add --label ok --model m --tags nics_2,cpus_1`,
    ),
    minutes: 2,
    check: shows(
      /did you mean nics_2\?[^]*status 65/,
      /did you mean root_password[^]*status 65/,
      /"nics_2",\s+"cpus_1"/,
    ),
  },
  {
    id: 'newcomer-why-not',
    area: 'newcomer',
    says: 'row 4: lab node explain and facts --tags say which tag is missing, which fact decides, and what it would take',
    command: besideLab(
      `$L model add --label m --template debian >/dev/null; $L policy add --label two --model m --tags nics_2 >/dev/null; ${REGISTER}; $L node explain 080027AABBCC; { bin/razor-mk.cjs facts --tags nics_99 || [ $? = 1 ]; }`,
    ),
    minutes: 2,
    check: shows(
      /lacks nics_2: mk_hw_nic_count is "1"; wanted: reads "2"; from \/sys\/class\/net \(rule nics\)\n +it would take: mk_hw_nic_count = "2"/,
      /lacks nics_99: mk_hw_nic_count is "\d+"/,
    ),
  },
  {
    id: 'newcomer-search',
    area: 'newcomer',
    says: 'rows 5, 12, 13: a search looks at every node, and says when none of them is meant; equal events folded',
    command: besideLab(
      `${REGISTER}; for i in 1 2 3 4; do curl -s "$N/razor/api/node/checkin?hw_id=080027AABBCC&last_state=idle" >/dev/null; done; curl -s "$RAZOR_MK_LAB_URL/?q=080027"; curl -s $RAZOR_MK_LAB_URL/log; curl -s "$RAZOR_MK_LAB_URL/?q=no-such-node"`,
    ),
    minutes: 2,
    check: shows(/08:00:27:aa:bb:cc/i, /4 times since/, /No node of 1 is one of them/),
  },
  {
    id: 'newcomer-kept',
    area: 'newcomer',
    says: 'row 6: with a database silent nodes are kept unless asked otherwise',
    command: besideLab('$L status --format json'),
    minutes: 2,
    check: shows(/"nodeExpireMs": ?0\b/),
  },
  {
    id: 'newcomer-templates',
    area: 'newcomer',
    says: 'row 11: lab template has installers of this decade: Ubuntu autoinstall, SLES 15, Windows, Fedora CoreOS',
    command: besideLab('$L template --format json'),
    minutes: 2,
    check: shows(/"ubuntu"/, /SUSE Linux Enterprise Server 12 and 15/, /"windows"/, /"fedora_coreos"/),
  },
  {
    id: 'newcomer-vm',
    area: 'newcomer',
    says: 'row 21: the order of the README boots the image that was just built, and a missing one is named',
    command: `grep -n 'lab vm --image build/image' README.md; ${refused('bin/razor-mk.cjs lab vm --image build/none.iso')}; bin/razor-mk.cjs help lab vm`,
    minutes: 1,
    check: shows(/lab vm --image build\/image/, /none\.iso/, /--image IMAGE/),
  },
  {
    id: 'newcomer-demo',
    area: 'newcomer',
    says: 'row 24: on a terminal of 80 columns no line of the demonstration is wider, and the page has its address',
    command: `script -qec 'stty cols 80; bin/razor-mk.cjs demo' /dev/null | tr -d '\\r' | sed 's/\\x1b\\[[0-9;]*m//g'`,
    minutes: 2,
    needs: ['script'],
    check: (output) =>
      shows(/page while this runs: http/, /why it fitted/, /what would miss/)(output) ??
      output
        .split('\n')
        .filter((line) => [...line].length > 80)
        .map((line) => `wider than 80: ${line}`)[0],
  },
  {
    id: 'newcomer-diff',
    area: 'newcomer',
    says: 'rows 8, 23: facts --diff last finds the running agent, and nothing differs; a dry run leaves no directory behind',
    command: besideLab(
      'export TMPDIR=$D/tmp; mkdir $TMPDIR; bin/razor-mk.cjs run --server $N --checkin-skew 0 --interval 1 >$D/agent 2>&1 & A=$!; for i in $(seq 100); do grep -q registered $D/agent && break; sleep 0.2; done; bin/razor-mk.cjs facts --diff last && echo same; kill $A; wait $A; ls $TMPDIR | grep -c razor-mk-state || true',
    ),
    minutes: 2,
    check: shows(/^same$/m, /^0$/m),
  },
  {
    id: 'newcomer-status',
    area: 'newcomer',
    says: 'rows 9, 10: run --once tells whether a turn was answered; values that cannot be used are refused',
    command: `${refused('bin/razor-mk.cjs run --once --server http://127.0.0.1:1 >/dev/null')}; ${refused('bin/razor-mk.cjs run --port 99999')}; ${refused('bin/razor-mk.cjs run --config nofile.yaml')}`,
    minutes: 2,
    check: shows(/^status 69$/m, /99999 is not between[^]*status 64/, /nofile.yaml does not exist[^]*status 66/),
  },
  {
    id: 'newcomer-help',
    area: 'newcomer',
    says: 'rows 14, 16: help VERB, groups and examples; suggestions from the whole tree, and none that is far',
    command: `bin/razor-mk.cjs help run; ${refused('bin/razor-mk.cjs replay')}; ${refused('bin/razor-mk.cjs facts explain')}; ${refused('bin/razor-mk.cjs facts --formt json')}; ${refused('bin/razor-mk.cjs')}`,
    minutes: 2,
    check: shows(
      /^Options:[^]*^Server:[^]*^Examples:/m,
      /unknown verb replay; did you mean facts --from/,
      /facts explain: NAME is missing/,
      /unknown option --formt; did you mean --format\?/,
      /help VERB shows/,
    ),
  },
  {
    id: 'newcomer-facts',
    area: 'newcomer',
    says: 'row 15: globs, beginnings, one fact a line; a missing name hides no other; an absent fact is explained',
    command: `bin/razor-mk.cjs facts memorys 'kernel*' --format line; ${refused('bin/razor-mk.cjs facts nosuch kernel')}; bin/razor-mk.cjs facts explain mk_lldp`,
    minutes: 2,
    check: shows(
      /^memorysize=/m,
      /^kernelrelease=/m,
      /\{"kernel":"Linux"\}[^]*status 65/,
      /^ +absent +it is asked with --all only/m,
    ),
  },
  {
    id: 'newcomer-launcher',
    area: 'newcomer',
    says: 'rows 17, 18: one launcher from any directory; npm link leaves no change in git; completion for three shells',
    command:
      'C=$PWD; (cd / && "$C/bin/razor-mk.cjs" facts kernel); npx razor-mk facts kernel; npm link --prefix build/linked >/dev/null 2>&1; git status --short; bin/razor-mk.cjs --get-completions facts explain seri; for s in bash zsh fish; do bin/razor-mk.cjs completion $s | head -n 1; done',
    minutes: 2,
    check: (output) =>
      shows(/^\{"kernel":"Linux"\}$/m, /^serialnumber$/m, /completion fish/)(output) ??
      (/^ M /m.test(output) ? 'git has a change' : undefined),
  },
  {
    id: 'newcomer-doctor',
    area: 'newcomer',
    says: 'row 19: what doctor found of discovery is printed as lines',
    command: 'bin/razor-mk.cjs doctor --next-server-file /nonexistent --resolv-conf /dev/null || true',
    minutes: 1,
    check: (output) => (output.split('\n').some((line) => line.length > 250) ? 'a line is longer than 250' : undefined),
  },
  {
    id: 'newcomer-remedies',
    area: 'newcomer',
    says: 'row 20: the remedy is that of the cause; RAZOR_MK_LAB_URL; policy edit; log --limit',
    command: besideLab(
      `${refused('bin/razor-mk.cjs lab --host 192.0.2.77 --port 0 --image-port 0 --people-port 0')}; ${refused('bin/razor-mk.cjs lab --db $D/lab.db --port 0 --image-port 0 --people-port 0')}; $L model add --label m --template debian >/dev/null; $L policy add --label p --model m >/dev/null; $L policy edit p --maximum 7; $L log --limit 1; ${refused('$L broker add --name b --url example.com')}`,
    ),
    minutes: 2,
    check: shows(
      /no interface of this machine has the address[^]*Give an address that/,
      /another lab has it open[^]*Stop the other lab/,
      /"maximum": 7/,
      /url: must be a URL/,
    ),
  },
];
