// `ivshmem top`: a live screen of a server, for who debugs a lab.
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import { askControl } from '../ask-control.js';
import { controlOption, USAGE_CODE } from '../control-path.js';
import { UsageError } from '../exit.js';
import { text } from '../text-option.js';
import { checkSurplus } from '../surplus.js';

export const topOptions = {
  control: controlOption,
  interval: text('Seconds between two looks, 0.1–3600', '1'),
  region: text('The region to begin with', 'the first'),
} as const satisfies Record<string, Options>;

type TopArguments = InferredOptionTypes<typeof topOptions>;

export const topCommand: CommandModule<object, TopArguments> = {
  builder: (yargs) =>
    yargs
      .options(topOptions)
      .example('$0 top', 'q quits, ? helps')
      .example('$0 top --region lab --interval 5', 'Over a slow line')
      .epilogue(
        `Exit code 0: asked to end; 1: the server could not be asked when it began; ${USAGE_CODE}.`,
      ),
  handler: top,
};

async function top(given: ArgumentsCamelCase<TopArguments>): Promise<void> {
  checkSurplus(given);
  const intervalMs = 1_000 * secondsOf(given.interval ?? '1');
  demandTerminal();
  const { runTop } = await import('./run-top.js');
  await askControl(given.control, (client) => runTop({ client, intervalMs, region: given.region }));
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds >= 0.1 && seconds <= 3_600) return seconds;
  throw new UsageError(`--interval: '${text}' is no number of seconds in 0.1–3600`);
}

function demandTerminal(): void {
  if (process.env['TERM'] === 'dumb') {
    throw new UsageError('TERM is dumb: a live screen needs more; use ivshmem status');
  }
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new UsageError('standard input and output are no terminal; use ivshmem status');
}
