// `ivshmem status`: a server's regions and who is in them.
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import type { ServerStatus } from '../../control/status.js';
import { askControl, noSuchRegion } from '../ask-control.js';
import { controlOption, USAGE_CODE } from '../control-path.js';
import { print, printJson } from '../print.js';
import { statusText } from './status-text.js';
import { checkSurplus } from '../surplus.js';

export const statusOptions = {
  control: controlOption,
  json: { type: 'boolean', description: 'Print one JSON object instead of tables' },
} as const satisfies Record<string, Options>;

type StatusArguments = InferredOptionTypes<typeof statusOptions> & { REGION: string | undefined };

export const statusCommand: CommandModule<object, StatusArguments> = {
  builder: (yargs) =>
    yargs
      .positional('REGION', { type: 'string', description: 'This region only' })
      .options(statusOptions)
      .example(
        '$0 status',
        'Who is there, what they have not read, what they were rung and did not take',
      )
      .example('$0 status lab --json', 'One region, for programs')
      .epilogue(
        `Exit code 0: the server has answered; 1: it has not, or has no such region; ${USAGE_CODE}.`,
      ),
  handler: status,
};

async function status(given: ArgumentsCamelCase<StatusArguments>): Promise<void> {
  checkSurplus(given);
  await askControl(given.control, async (client) => {
    const told = only(await client.status(), given.REGION);
    await (given.json ? printJson(told) : print(statusText(told)));
  });
}

function only(told: ServerStatus, name: string | undefined): ServerStatus {
  if (name === undefined) return told;
  const regions = told.regions.filter((region) => region.name === name);
  if (regions.length === 0) throw noSuchRegion(name, told);
  return { ...told, regions };
}
