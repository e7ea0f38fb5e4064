// `npm run compare`: drives a server that takes the example server's flags, and ours, through the same
// loads and faults, and prints what works.
//
// Rule 1: the exit code is about ours: 0 when all works, 1 when something does not, 2 for a wrong call.
import { accessSync, constants, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { checks } from './catalogue.js';
import { judge, type Verdict } from './judge.js';
import { table, text, type Row } from './table.js';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;
const OURS = 'ours';
const ours = fileURLToPath(new URL('../src/cli/ivshmem-server.js', import.meta.url));

const args = yargs(process.argv.slice(2))
  .scriptName('npm run compare --')
  .usage(
    '$0 [SERVER] [OPTION…]\n\nDrives SERVER, a program that takes the flags of the example server in ' +
      "QEMU's tree, and ours through the same loads and faults. Without SERVER, ours alone.",
  )
  .option('only', { array: true, string: true, describe: 'These checks (SERVER goes first)' })
  .option('long', {
    boolean: true,
    default: false,
    describe: 'Checks that take a quarter of a minute and more, too',
  })
  .option('wait', {
    number: true,
    requiresArg: true,
    default: 15,
    describe: 'Seconds for what should happen at once',
  })
  .option('json', { boolean: true, default: false, describe: 'For programs' })
  .example('$0', 'ours alone')
  .example('$0 /usr/local/bin/ivshmem-server --long', 'that one and ours, everything')
  .example('$0 ./my-server --only handshake leaves', 'two checks')
  .epilogue(`Checks:\n${checkList()}`)
  .wrap(110)
  .strictOptions()
  .parserConfiguration({ 'parse-positional-numbers': false })
  .version(false)
  .locale('en')
  .fail((message) => usage(message))
  .parseSync();

const servers = serversOf(args._.map(String));
if (!(args.wait > 0)) usage(`--wait ${args.wait}: it takes more than 0 seconds`);
if (args.only?.length === 0) usage('--only: the names of checks are missing');
const unknown = args.only?.filter((name) => !checks.some((check) => check.name === name)) ?? [];
if (unknown.length > 0) usage(`there is no check ${unknown.join(', ')}`);
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
try {
  const rows = await judgeAll();
  if (args.json) console.log(JSON.stringify({ servers, checks: rows }));
  else console.log(table(rows, { isColoured: isForPeople() }));
  const isFlawless = rows.every(({ verdicts }) => verdicts[OURS]?.verdict === 'works');
  process.exitCode = isFlawless ? 0 : EXIT_FAILED;
} catch (error) {
  if (!interrupt.signal.aborted) throw error;
  process.exitCode = EXIT_INTERRUPTED;
}

async function judgeAll(): Promise<Row[]> {
  const { only, long, wait } = args;
  const wanted = checks.filter(({ name, isLong = false }) =>
    only === undefined ? long || !isLong : only.includes(name),
  );
  const rows: Row[] = [];
  for (const check of wanted) {
    const verdicts: Record<string, Verdict> = {};
    for (const [server, argv] of Object.entries(servers)) {
      const verdict = await judge(check, { argv, waitMs: wait * 1000, signal: interrupt.signal });
      verdicts[server] = verdict;
      if (!args.json) console.error(`${check.name}, ${server}: ${text(verdict)}`);
    }
    rows.push({ name: check.name, what: check.what, verdicts });
  }
  return rows;
}

/** What to start for each, by the name that it has in the table. */
function serversOf(paths: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const [path, ...more] = paths;
  if (more.length > 0) usage(`one server at a time, and not also ${more.join(' ')}`);
  const all = { [OURS]: [process.execPath, ours] };
  if (path === undefined) return all;
  try {
    accessSync(path, constants.X_OK);
    if (!statSync(path).isFile()) throw new Error('not a file');
  } catch {
    usage(`${path} is not a program that can be started`);
  }
  const name = basename(path);
  return { ...all, [name === OURS ? path : name]: [resolve(path)] };
}

function checkList(): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .map(({ name, what, isLong = false }) => {
      return `  ${name.padEnd(width)}  ${what}${isLong ? ' (--long)' : ''}`;
    })
    .join('\n');
}

function isForPeople(): boolean {
  return process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
}

function usage(message: string): never {
  console.error(`compare: ${message.replaceAll(/\s+/g, ' ')}; see --help`);
  process.exit(EXIT_USAGE);
}
