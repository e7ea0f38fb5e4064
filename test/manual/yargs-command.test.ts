import t from 'tap';
import type { CommandBuilder } from 'yargs';
import { readCommand } from '../../manual/yargs-command.js';

const read = (builder: CommandBuilder, command = 'ring <PEER> [VECTOR]') => {
  const module = { command, describe: 'Ring', builder, handler: () => undefined };
  return readCommand(module, 'ivshmem peer');
};

t.test('what a builder tells yargs is noted', async (t) => {
  const command = await read((yargs) =>
    yargs
      .usage('$0 ring\n\nRing a doorbell.')
      .positional('PEER', { description: 'Whom' })
      .positional('VECTOR', { description: 'Where', default: 0 })
      .option('follow', { alias: 'f', type: 'boolean', description: 'Go on' })
      .options({ kind: { choices: ['a', 'b'], defaultDescription: 'a' } })
      .example('$0 peer ring 1', 'Ring')
      .epilogue('That is all.'),
  );
  const { options, ...rest } = command;
  t.same(rest, {
    name: 'ivshmem peer ring',
    summary: 'Ring',
    description: ['Ring a doorbell.', 'That is all.'],
    positionals: [
      { name: 'PEER', description: 'Whom', isRequired: true, default: undefined },
      { name: 'VECTOR', description: 'Where', isRequired: false, default: '0' },
    ],
    commands: [],
    dialogue: [],
    examples: [['ivshmem peer ring 1', 'Ring']],
  });
  t.match(options, [
    { flags: ['-f', '--follow'], value: undefined, description: 'Go on' },
    { flags: ['--kind'], value: 'a|b', choices: ['a', 'b'], default: 'a' },
    { flags: ['-h', '--help'] },
    { flags: ['-V', '--version'] },
  ]);
});

t.test('what cannot be noted is an error, and not missing from the page', async (t) => {
  await t.rejects(
    read((yargs) => yargs.group(['a'], 'Group:')),
    /group is not a function/,
  );
  await t.rejects(
    read((yargs) => yargs.positional('OTHER', {})),
    /ivshmem peer ring: OTHER has no place/,
  );
});
