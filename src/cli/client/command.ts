// What somebody types into `ivshmem-client`: a line becomes a command, or an error that names the
// mistake.
//
// Rule 1: only the form is judged here; who is there is the peer's business.
import { MAX_PEER_ID, MAX_VECTORS } from '../../protocol/wire.js';
import { CommandError } from '../exit.js';
import { nearestWord } from '../suggestion.js';

/** One line, understood. */
export type ClientCommand =
  | { readonly name: 'help' | 'dump' | 'end' }
  /** `all` as the peer: every other one. */
  | { readonly name: 'ring'; readonly peer: number | 'all'; readonly vector: number | 'all' };

/** What `help` prints. */
export const commandHelp = [
  'help             this list',
  'dump             the own ID, the memory, and who is there',
  'int PEER VECTOR  ring one doorbell of a peer',
  'int PEER all     ring all doorbells of a peer',
  'int all          ring all doorbells of all other peers',
  'quit, exit       leave; so does the end of input',
] as const;

const names = { help: 'help', dump: 'dump', int: 'int', quit: 'end', exit: 'end' } as const;
const ringForms = 'int PEER VECTOR, int PEER all or int all';
const MAX_SHOWN = 40;

/** The command; undefined for an empty line. Throws CommandError. */
export function parseCommand(line: string): ClientCommand | undefined {
  const [word, ...rest] = line.split(/\s+/).filter(Boolean);
  if (word === undefined) return undefined;
  if (!isName(word)) throw unknown(word);
  const name = names[word];
  if (name === 'int') return parseRing(rest);
  refuseMore(word, rest);
  return { name };
}

function parseRing([peer, vector, ...rest]: readonly string[]): ClientCommand {
  if (peer === undefined) throw new CommandError(`int: whom? ${ringForms}`);
  if (peer === 'all') {
    refuseMore('int all', [vector ?? '', ...rest].filter(Boolean));
    return { name: 'ring', peer, vector: 'all' };
  }
  const id = number('peer ID', peer, MAX_PEER_ID);
  if (vector === undefined) throw new CommandError(`int ${id}: which vector? ${ringForms}`);
  refuseMore(`int ${id} ${shown(vector)}`, rest);
  if (vector === 'all') return { name: 'ring', peer: id, vector };
  return { name: 'ring', peer: id, vector: number('vector', vector, MAX_VECTORS - 1) };
}

function number(what: string, text: string, most: number): number {
  if (/^(\d{1,15}|0x[0-9a-f]{1,12})$/i.test(text) && Number(text) <= most) return Number(text);
  throw new CommandError(`int: '${shown(text)}' is no ${what}: 0–${most}, or all`);
}

function refuseMore(command: string, words: readonly string[]): void {
  if (words.length === 0) return;
  throw new CommandError(`${command}: nothing may follow, and '${shown(words.join(' '))}' does`);
}

function unknown(word: string): CommandError {
  const nearest = nearestWord(word, Object.keys(names));
  const hint = nearest === undefined ? 'help lists all' : `did you mean ${nearest}?`;
  return new CommandError(`unknown command '${shown(word)}'; ${hint}`);
}

function isName(word: string): word is keyof typeof names {
  return Object.hasOwn(names, word);
}

// What is typed may be anything, and is not to move anybody's cursor.
function shown(text: string): string {
  const plain = text.replaceAll(/\p{C}/gu, '?');
  return plain.length > MAX_SHOWN ? `${plain.slice(0, MAX_SHOWN)}…` : plain;
}
