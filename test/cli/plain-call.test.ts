// What is taken without yargs means what it means to yargs.
import t from 'tap';
import yargs from 'yargs';
import { plainCall } from '../../src/cli/plain-call.js';
import { serveOptions } from '../../src/cli/serve-options.js';

const plain = [
  [],
  ['--socket', '/tmp/s'],
  ['--socket', '/tmp/s', '--host-socket', 'h', '--size', '64M', '--vectors', '4'],
  ['--allow-excess-vectors', '--max-peers', '007', '--socket-mode', '0660'],
  ['--label', 'bläu ✓', '--vectors', '2'],
  ['--log-format', 'json', '--log-level', 'warn', '--ready-fd', '3', '--hugepages', '2M'],
  ['--fd', '0'],
  ['--size', ' 4M', '--mem-path', '=', '--shm-name', 'a b', '--socket-group', '{}'],
] as const;

for (const words of plain) {
  t.test(`serve ${words.join(' ')}: as yargs takes it`, async (t) => {
    const {
      _: rest,
      $0,
      ...given
    } = await yargs([...words])
      .options(serveOptions)
      .strict()
      .parserConfiguration({ 'parse-numbers': false, 'strip-dashed': true })
      .version(false)
      .help(false)
      .parseAsync();
    t.strictSame(rest, []);
    t.type($0, 'string');
    t.strictSame(plainCall(words, serveOptions), given);
  });
}

for (const words of [
  ['--help'],
  ['--version'],
  ['--tea', '1'],
  ['--toString', '1'],
  ['-h'],
  ['surplus'],
  ['--socket'],
  ['--socket', '--size', '4M'],
  ['--socket', '-'],
  ['--socket', ''],
  ['--socket', '"quoted"'],
  ['--socket', 'a', '--socket', 'b'],
  ['--socket=a'],
  ['--log-level', 'loud'],
  ['--label', ''],
  ['--label', "'quoted'"],
  ['--allow-excess-vectors', 'yes'],
  ['--no-allow-excess-vectors'],
  ['--size', '4M', '--'],
  ['--logLevel', 'warn'],
]) {
  t.test(`serve ${words.join(' ')}: yargs has to look`, async (t) => {
    t.equal(plainCall(words, serveOptions), undefined);
  });
}
