// `npm run bench`: what this library costs, beside the same in C.
//
// Rule 1: a bound that is missed is told, and is no failure: machines differ, and so do their days.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from 'ivshmem';
import yargs from 'yargs';
import { loadPair, pairNames } from './catalogue.js';
import { describeMachine } from './machine.js';
import { measure, type Result } from './measure.js';
import { table } from './table.js';

const ROUNDS = 11;
const QUICK_ROUNDS = 2;
const MEMORY_BYTES = 64 * 1024 ** 2;
const EXIT_USAGE = 2;

const { only, quick, json } = yargs(process.argv.slice(2))
  .scriptName('npm run bench --')
  .usage('$0 [OPTION…]\n\nMeasures pairs, ours and the same in C, in turn. Needs cc.')
  .option('only', { array: true, choices: pairNames, default: pairNames, describe: 'These pairs' })
  .option('quick', {
    boolean: true,
    default: false,
    describe: 'Few rounds of few operations: no figures',
  })
  .option('json', { boolean: true, default: false, describe: 'For programs' })
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
  if (json) console.log(JSON.stringify({ machine, results }));
  else console.log(`${lines(machine)}\n\n${table(results)}`);
} finally {
  rmSync(directory, { recursive: true });
}

async function measureAll(): Promise<Result[]> {
  const socket = join(directory, 'socket');
  await using server = await Server.listen({ socket, size: MEMORY_BYTES, vectors: 1 });
  const results: Result[] = [];
  for (const name of only) {
    if (!json) console.error(`measuring ${name}`);
    const options = { socket, memory: server.memory.path, directory, isQuick: quick };
    const rounds = quick ? QUICK_ROUNDS : ROUNDS;
    results.push(await measure(name, await loadPair(name), { ...options, rounds }));
  }
  return results;
}

function lines(machine: Readonly<Record<string, string>>): string {
  return Object.entries(machine)
    .map(([name, value]) => `${name.padEnd(13)}  ${value}`)
    .join('\n');
}
