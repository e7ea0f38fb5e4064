// `ivshmem evict`: cuts a peer off, which goes on without harm; the others are told that it left.
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import { MAX_PEER_ID } from '../protocol/wire.js';
import { OptionsError } from '../server/error.js';
import { askControl } from './ask-control.js';
import { controlOption, USAGE_CODE } from './control-path.js';
import { integerIn } from './flags.js';
import { print, printJson } from './print.js';
import { checkSurplus } from './surplus.js';

export const evictOptions = {
  control: controlOption,
  json: { type: 'boolean', description: 'Print who it was as one JSON object' },
} as const satisfies Record<string, Options>;

type EvictArguments = InferredOptionTypes<typeof evictOptions> & {
  REGION: string | undefined;
  PEER: string | undefined;
};

export const evictCommand: CommandModule<object, EvictArguments> = {
  builder: (yargs) =>
    yargs
      .positional('REGION', { type: 'string', description: 'The region, by name' })
      .positional('PEER', { type: 'string', description: 'The peer ID, 0–65535' })
      .options(evictOptions)
      .example(
        '$0 evict lab 3',
        'The others are told that peer 3 left; its VM keeps memory and doorbells',
      )
      .epilogue(
        'Exit code 0: it is cut off; 1: there is no such peer, or it would be harmed: it has not read ' +
          'what it was sent, or its peer ID is given by the configuration; or the server did not answer, and will not ' +
          `do it later either; ${USAGE_CODE}.`,
      ),
  handler: evict,
};

async function evict(given: ArgumentsCamelCase<EvictArguments>): Promise<void> {
  checkSurplus(given);
  const { REGION = '', PEER = '' } = given;
  if (REGION === '')
    throw new OptionsError('REGION', 'it is empty; allowed: a name that ivshmem status shows');
  const id = integerIn('PEER', PEER, 0, MAX_PEER_ID);
  await askControl(given.control, async (client) => {
    const evicted = await client.evict(REGION, id);
    const { pid, uid } = evicted;
    const text = `peer ${id} of ${REGION} (pid ${pid}, uid ${uid}) is cut off; it keeps its memory and its doorbells\n`;
    await (given.json ? printJson(evicted) : print(text));
  });
}
