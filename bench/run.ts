// `npm run bench`: what this library and its server cost, beside the least that does the same.
//
// Rule 1: a bound that is missed is told, and is no failure: machines differ, and so do their days.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import yargs from 'yargs';
import { pairs } from './catalogue.js';
import { describeMachine } from './machine.js';
import { measure, type Result } from './measure.js';
import { table } from './table.js';

const EXIT_USAGE = 2;
const names = Object.keys(pairs);

const { only, quick, json } = yargs(process.argv.slice(2))
  .scriptName('npm run bench --')
  .usage('$0 [OPTION…]\n\nMeasures pairs, ours and the other, in turn. Needs cc.')
  .option('only', {
    array: true,
    requiresArg: true,
    choices: names,
    default: names,
    describe: 'These pairs',
  })
  .option('quick', {
    boolean: true,
    default: false,
    describe: 'Few rounds of little work: no figures',
  })
  .option('json', { boolean: true, default: false, describe: 'For programs' })
  .example('$0', 'Everything; takes some minutes')
  .example('$0 --only ring spin', 'Two pairs')
  .strict()
  .version(false)
  .locale('en')
  .fail((message) => {
    console.error(`bench: ${message.replaceAll(/\s+/g, ' ')}; see --help`);
    process.exit(EXIT_USAGE);
  })
  .parseSync();

const directory = mkdtempSync(join(tmpdir(), 'ivshmem-bench-'));
try {
  const machine = describeMachine();
  const results = await measureAll();
  if (json) console.log(JSON.stringify({ machine, isQuick: quick, results }));
  else console.log(`${lines(machine)}\n\n${table(results)}`);
  if (quick) console.error('quick: a sixteenth of the peers, a round or two: no figures');
} finally {
  rmSync(directory, { recursive: true });
}

async function measureAll(): Promise<Result[]> {
  const results: Result[] = [];
  for (const [name, pair] of Object.entries(pairs)) {
    if (!only.includes(name)) continue;
    if (!json) console.error(`measuring ${name}`);
    results.push(...(await measure(name, pair, { directory, isQuick: quick })));
  }
  return results;
}

function lines(machine: Readonly<Record<string, string>>): string {
  return Object.entries(machine)
    .map(([name, value]) => `${name.padEnd(13)}  ${value}`)
    .join('\n');
}
