// Completion for bash, as one function.
//
// Rule 1: no program is started at a TAB: Node takes a quarter of a second.
// Rule 2: it needs bash alone; paths are readline's business, which quotes them right.
import { lastWord, withDescendants, type Command, type Option } from './command.js';
import { kindOf } from './value-name.js';

/** The text for bash-completion's directory, under the name of the program. */
export function bashCompletion(program: Command): string {
  const all = withDescendants(program);
  const under = all.slice(1).map(({ name }) => quoted(name));
  const name = `_${program.name.replaceAll('-', '_')}`;
  return `# Completion of ${program.name} for bash. Made by: npm run manual
${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  # bash makes three words of --option=value.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  local place=${program.name}${under.length === 0 ? '' : walk(under)}
  local values= file=
  COMPREPLY=()
  case "$place $prev" in
${all.flatMap(valueCases).join('\n')}
  *)
    local commands= options=
    case $place in
${all.map(placeCase).join('\n')}
    esac
    values=$commands
    if [[ $cur == -* || -z $commands$file ]]; then values=$options file=; fi
    ;;
  esac
  if [[ -n $file ]]; then
    compopt -o "$file"
  else
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
  fi
}
complete -F ${name} ${program.name}
`;
}

function walk(under: readonly string[]): string {
  return ` word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place $word" in
    ${under.join(' | ')}) place+=" $word" ;;
    esac
  done`;
}

// What may follow an option.
function valueCases(command: Command): string[] {
  const byAct = new Map<string, string[]>();
  for (const option of command.options.filter(({ value }) => value !== undefined)) {
    const act = actOf(option);
    const patterns = option.flags.map((flag) => quoted(`${command.name} ${flag}`));
    byAct.set(act, [...(byAct.get(act) ?? []), ...patterns]);
  }
  return [...byAct].map(([act, patterns]) => `  ${patterns.join(' | ')}) ${act} ;;`);
}

function actOf({ value = '', choices }: Option): string {
  if (choices.length > 0) return `values=${quoted(choices.join(' '))}`;
  const kind = kindOf(value);
  if (kind === undefined) return 'return';
  if (kind === 'user' || kind === 'group') return `values=$(compgen -${kind.charAt(0)})`;
  return `file=${kind === 'file' ? 'default' : 'dirnames'}`;
}

function placeCase({ name, commands, options, positionals }: Command): string {
  const isFile = positionals.some((positional) => kindOf(positional.name) === 'file');
  const acts = [
    ...(commands.length === 0 ? [] : [`commands=${quoted(commands.map(lastWord).join(' '))}`]),
    ...(isFile ? ['file=default'] : []),
    `options=${quoted(options.map(({ flags }) => flags.at(-1)).join(' '))}`,
  ];
  return `    ${quoted(name)}) ${acts.join(' ')} ;;`;
}

function quoted(text: string): string {
  return `'${text}'`;
}
