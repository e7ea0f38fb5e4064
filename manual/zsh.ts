// Completion for zsh, one function a command.
//
// Rule 1: no program is started at a TAB.
import { lastWord, withDescendants, type Command, type Option } from './command.js';
import { kindOf, type ValueKind } from './value-name.js';

const actions: Readonly<Record<ValueKind, string>> = {
  file: '_files',
  directory: '_files -/',
  user: '_users',
  group: '_groups',
};

/** The text of `_ivshmem`, for a directory of $fpath. */
export function zshCompletion(programs: readonly Command[]): string {
  const names = programs.map(({ name }) => name);
  return `#compdef ${names.join(' ')}
# Completion for zsh. Made by: npm run manual
${programs.flatMap(withDescendants).map(commandFunction).join('\n')}
case $service in
${programs.map((program) => `${program.name}) ${functionName(program)} ;;`).join('\n')}
esac
`;
}

function commandFunction(command: Command): string {
  const options = command.options.map(optionSpec);
  const body = command.commands.length === 0 ? leaf(command, options) : group(command, options);
  return `${functionName(command)}() {\n${body}\n}`;
}

// -s: one-letter flags may share a dash; -S: what follows -- is no option.
function leaf({ positionals }: Command, options: readonly string[]): string {
  const places = positionals.map(({ name, description, isRequired }, index) =>
    quoted(`${index + 1}:${isRequired ? '' : ':'}${plain(description)}:${actionOf(name)}`),
  );
  return `  _arguments -s -S ${[...options, ...places].join(' \\\n    ')}`;
}

function group({ commands }: Command, options: readonly string[]): string {
  const described = commands.map((one) => quoted(`${lastWord(one)}:${one.summary}`));
  const calls = commands.map((one) => `    ${lastWord(one)}) ${functionName(one)} ;;`);
  return `  local curcontext=$curcontext state line
  _arguments -C ${[...options, "'1: :->command'", "'*:: :->rest'"].join(' \\\n    ')}
  case $state in
  command)
    local -a commands=(
      ${described.join('\n      ')}
    )
    _describe command commands
    ;;
  rest)
    case $line[1] in
${calls.join('\n')}
    esac
    ;;
  esac`;
}

function optionSpec({ flags, value, choices, description }: Option): string {
  const about = `[${plain(description)}]`;
  const action = choices.length > 0 ? `(${choices.join(' ')})` : actionOf(value ?? '');
  const argument = value === undefined ? '' : `:${value}:${action}`;
  const [flag = '', ...more] = flags;
  if (more.length > 0)
    return `${quoted(`(${flags.join(' ')})`)}{${flags.join(',')}}${quoted(about + argument)}`;
  // Its value may follow a = as well.
  return quoted(
    `${flag}${value !== undefined && flag.startsWith('--') ? '=' : ''}${about}${argument}`,
  );
}

function actionOf(valueName: string): string {
  const kind = kindOf(valueName);
  return kind === undefined ? ' ' : actions[kind];
}

// Not the name of the file: what that defines is the function of this name, for all programs.
function functionName({ name }: Command): string {
  return `__${name.replaceAll(/[ -]/g, '_')}`;
}

function plain(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
