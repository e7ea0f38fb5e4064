// The man page of a command, section 1.
//
// Rule 1: no date and no version: a page changes when what it says does.
import { withDescendants, type Command, type Option, type Positional } from './command.js';
import { exitStatus, ofDefaultSocket, proseOf, type Prose } from './prose.js';
import { bold, italic, item, paragraphs, prose, section, sentence } from './roff.js';

/** What `man` calls it: `ivshmem-peer-ring`. */
export function pageName({ name }: Command): string {
  return name.replaceAll(' ', '-');
}

/** `parent` is the command that it is under. */
export function manPage(command: Command, parent: Command | undefined): string {
  const text = proseOf[command.name] ?? {};
  const around = command.options.some(isDefaultSocket) ? ofDefaultSocket : undefined;
  return lines([
    ...heading(pageName(command), 1, command.summary),
    ...section('SYNOPSIS', [synopsis(command)]),
    ...section('DESCRIPTION', paragraphs(descriptionOf(command, text))),
    ...section('ARGUMENTS', command.positionals.flatMap(positionalItem)),
    ...section('COMMANDS', commandItems(command)),
    ...section('OPTIONS', command.options.flatMap(optionItem)),
    ...section('EXIT STATUS', textItems({ ...exitStatus, ...text.exitStatus })),
    ...section('ENVIRONMENT', textItems({ ...around?.environment, ...text.environment })),
    ...section('FILES', textItems({ ...around?.files, ...text.files })),
    ...section('EXAMPLES', command.examples.flatMap(exampleItem)),
    ...section('SEE ALSO', seeAlso(command, parent, text)),
  ]);
}

/** The page's head and its NAME, from which whatis(1) knows it. */
export function heading(page: string, number: number, summary: string): string[] {
  // Names that are upper-case stay so.
  const half = summary.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
  return [
    '.\\" Made by: npm run manual',
    `.TH ${page.toUpperCase().replaceAll('-', '\\-')} ${number} "" ivshmem "ivshmem manual"`,
    // A command or a path that does not fit in the line is not to be torn apart.
    '.nh',
    '.ad l',
    ...section('NAME', [`${page.replaceAll('-', '\\-')} \\- ${prose(half)}`]),
  ];
}

/** The text of a page. */
export function lines(page: readonly string[]): string {
  return `${page.join('\n')}\n`;
}

function synopsis({ name, commands, positionals }: Command): string {
  const places = positionals.map(({ name: place, isRequired }) =>
    isRequired ? italic(place) : `[${italic(place)}]`,
  );
  const command = commands.length === 0 ? [] : [italic('COMMAND')];
  return [bold(name), ...command, ...places, `[${italic('OPTION')}]...`].join(' ');
}

function descriptionOf(command: Command, text: Prose): string[] {
  const [first = sentence(command.summary), ...more] =
    command.commands.length > 0 ? command.description : [undefined, ...command.description];
  return [first, ...(text.description ?? []), ...more.filter((one) => one !== undefined)];
}

function positionalItem({ name, description, default: value }: Positional): string[] {
  return item(italic(name), prose(withDefault(description, value)));
}

function optionItem({ flags, value, choices, description, default: given }: Option): string[] {
  const one = choices.length > 0 ? choices.map(bold).join('|') : italic(value ?? '');
  const tag = flags.map(bold).join(', ') + (value === undefined ? '' : ` ${one}`);
  return item(tag, prose(withDefault(description, given)));
}

function withDefault(description: string, value: string | undefined): string {
  const text = sentence(description);
  return value === undefined ? text : `${text} Default: ${value}.`;
}

function commandItems(command: Command): string[] {
  const under = withDescendants(command)
    .slice(1)
    .flatMap((each) => item(`${bold(pageName(each))}(1)`, prose(sentence(each.summary))));
  const typed = command.dialogue.flatMap(([line, what]) => item(bold(line), prose(sentence(what))));
  return typed.length === 0 ? under : ['One a line on standard input:', ...typed];
}

function textItems(texts: Readonly<Record<string, string>>): string[] {
  return Object.entries(texts).flatMap(([tag, text]) => item(bold(tag), prose(text)));
}

function exampleItem([line, what]: readonly [string, string]): string[] {
  return item(bold(line), prose(sentence(what)));
}

function seeAlso(command: Command, parent: Command | undefined, text: Prose): string[] {
  const family = [...(parent ? [parent] : []), ...command.commands].map(
    (relative) => `${pageName(relative)}(1)`,
  );
  const pages = [...new Set([...family, ...(text.seeAlso ?? []), 'qemu(1)'])];
  return [pages.map(prose).join(',\n')];
}

function isDefaultSocket({ flags, default: value }: Option): boolean {
  return flags.includes('--socket') && value !== undefined;
}
