// `ivshmem events`: what has happened lately, and what happens.
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import type { ControlClient } from '../control/client.js';
import type { EventLine } from '../control/followed-events.js';
import { printableIn } from '../protocol/printable.js';
import { askControl } from './ask-control.js';
import { controlOption, USAGE_CODE } from './control-path.js';
import { CommandError } from './exit.js';
import { print, printJson } from './print.js';
import { checkSurplus } from './surplus.js';
import { timeText } from './time-text.js';

export const eventsOptions = {
  control: controlOption,
  follow: { type: 'boolean', alias: 'f', description: 'Go on with what happens, until Ctrl-C' },
  region: { type: 'string', requiresArg: true, description: 'Those of this region only' },
  json: { type: 'boolean', description: 'Print a JSON object a line, with all that concerns it' },
} as const satisfies Record<string, Options>;

type EventsArguments = InferredOptionTypes<typeof eventsOptions>;

export const eventsCommand: CommandModule<object, EventsArguments> = {
  builder: (yargs) =>
    yargs
      .options(eventsOptions)
      .example('$0 events', 'The last events, 1,000 at most')
      .example('$0 events --follow --json', 'All that comes, for programs')
      .epilogue(
        `Exit code 0: that was all, or Ctrl-C; 1: the server could not be asked, or has ended; ${USAGE_CODE}.`,
      ),
  handler: events,
};

async function events(given: ArgumentsCamelCase<EventsArguments>): Promise<void> {
  checkSurplus(given);
  const { follow = false, region, json = false } = given;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      stop.abort();
    });
  await askControl(given.control, async (client) => {
    const isAsked = await filterOf(client, region);
    try {
      for await (const event of client.events({ follow, signal: stop.signal })) {
        if (!isAsked(event)) continue;
        await (json ? printJson(event) : print(lineOf(printableIn(event))));
      }
    } catch (error) {
      if (stop.signal.aborted) return;
      throw error;
    }
    if (follow && !stop.signal.aborted) throw new CommandError('the server has ended');
  });
}

// What was lost may have been of any region; and what there is only one of, its events do not name.
async function filterOf(
  client: ControlClient,
  region: string | undefined,
): Promise<(event: EventLine) => boolean> {
  if (region === undefined) return () => true;
  const { regions } = await client.status();
  if (!regions.some(({ name }) => name === region)) await client.region(region);
  const isOnly = regions.length === 1;
  return ({ event, region: of = isOnly ? region : undefined }) => of === region || event === 'lost';
}

function lineOf({ time, level = 'warn', msg = '' }: EventLine): string {
  const clock = time === undefined ? '--:--:--' : timeText(new Date(time));
  return `${clock} ${level} ${msg}\n`;
}
