// Completion for fish, one rule for each word that may be typed.
//
// Rule 1: no program is started at a TAB.
import { lastWord, withDescendants, type Command, type Option } from './command.js';
import { kindOf, type ValueKind } from './value-name.js';

const values: Readonly<Record<ValueKind, string>> = {
  file: '-r -F',
  directory: "-x -a '(__fish_complete_directories)'",
  user: "-x -a '(__fish_complete_users)'",
  group: "-x -a '(__fish_complete_groups)'",
};

/** The text for fish's directory of completions, under the name of the program and `.fish`. */
export function fishCompletion(program: Command): string {
  const all = withDescendants(program);
  const place = `__${program.name.replaceAll('-', '_')}_place`;
  const rules = all.flatMap((command) => {
    const condition = quoted(`test (${place}) = "${command.name}"`);
    return rulesOf(command).map((rule) => `complete -c ${program.name} -n ${condition} ${rule}`);
  });
  return `# Completion of ${program.name} for fish. Made by: npm run manual
function ${place}
    set -l place ${program.name}
    for word in (commandline -opc)[2..-1]
        if contains -- "$place $word" ${all.map(({ name }) => quoted(name)).join(' ')}
            set place "$place $word"
        end
    end
    echo $place
end
complete -c ${program.name} -f
${rules.join('\n')}
`;
}

function rulesOf({ commands, options, positionals }: Command): string[] {
  const isFile = positionals.some(({ name }) => kindOf(name) === 'file');
  return [
    ...commands.map((one) => `-a ${lastWord(one)} -d ${quoted(one.summary)}`),
    ...(isFile ? ['-F'] : []),
    ...options.map(optionRule),
  ];
}

function optionRule({ flags, value, choices, description }: Option): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  return [...names, ...valueOf(value, choices), `-d ${quoted(description)}`].join(' ');
}

function valueOf(value: string | undefined, choices: readonly string[]): string[] {
  if (value === undefined) return [];
  if (choices.length > 0) return [`-x -a ${quoted(choices.join(' '))}`];
  const kind = kindOf(value);
  return [kind === undefined ? '-x' : values[kind]];
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}
