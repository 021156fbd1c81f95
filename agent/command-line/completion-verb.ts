/** The verb `completion`: prints the script that teaches a shell to complete razor-mk. */
import { defineVerb, type Host } from '../../platform/process/verb.ts';

/** The word with which those scripts ask this program. */
export const ASKS = '--get-completions';

/** They complete files themselves where razor-mk has no words of its own, and quote what needs it. */
const SCRIPTS = {
  bash: `# razor-mk completion bash >> ~/.bashrc
_razor_mk() {
  local -a words found
  local current prefix word
  # bash parts words at : and = too; and gives back only what stands behind the last of them
  read -a words <<< "\${COMP_LINE:0:COMP_POINT}"
  [[ "\${COMP_LINE:0:COMP_POINT}" == *[[:space:]] ]] && words+=('')
  current=\${words[\${#words[@]}-1]}
  prefix=\${current%"\${current##*[:=]}"}
  COMPREPLY=()
  mapfile -t found < <(razor-mk ${ASKS} "\${words[@]:1}" 2>/dev/null)
  for word in "\${found[@]}"; do
    printf -v word %q "\${word#"$prefix"}"
    COMPREPLY+=("$word")
  done
}
complete -o default -F _razor_mk razor-mk
`,
  zsh: `#compdef razor-mk
# razor-mk completion zsh >> ~/.zshrc
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_razor_mk() {
  local -a found
  found=(\${(f)"$(razor-mk ${ASKS} "\${(@Q)words[2,$CURRENT]}" 2>/dev/null)"})
  if (( $#found )); then compadd -a found; else _files; fi
}
compdef _razor_mk razor-mk
`,
  fish: `# razor-mk completion fish > ~/.config/fish/completions/razor-mk.fish
function __razor_mk
    set -l words (commandline -opc)
    set -l found (razor-mk ${ASKS} $words[2..-1] (commandline -ct) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c razor-mk -f -a '(__razor_mk)'
`,
} as const;

type Shell = keyof typeof SCRIPTS;

export const verb = defineVerb({
  usage: '[shell]',
  examples: [
    ['completion bash >> ~/.bashrc', 'for every new shell'],
    ['completion fish > ~/.config/fish/completions/razor-mk.fish', 'the same for fish'],
  ],
  options: (yargs) =>
    yargs.positional('shell', {
      choices: Object.keys(SCRIPTS) as Shell[],
      describe: 'which shell; that of $SHELL by default',
    }),
  run: (args, host) => {
    host.out(SCRIPTS[args.shell ?? shellOf(host)]);
    return Promise.resolve(0);
  },
});

function shellOf(host: Host): Shell {
  const name = /([^/]*)$/.exec(host.env['SHELL'] ?? '')?.[1] ?? '';
  return Object.hasOwn(SCRIPTS, name) ? (name as Shell) : 'bash';
}
