// SIGHUP: the regions become what their configuration says now.
//
// Rule 1: a configuration with an error changes nothing.
// Rule 2: what was asked and not done is said, one line each, with the way to have it.
import { isPrintable, quote } from '../protocol/printable.js';
import type { Daemon, RefusedChange } from '../server/daemon.js';
import type { Unchanged, UnchangedOption } from '../server/change.js';
import type { ServerOptions } from '../server/options.js';
import { formatSize } from '../server/size.js';
import { flagOf } from './complaint.js';
import { messageOf } from './failure.js';
import type { Log } from './log.js';

/** Reads what the regions are to be. Rejects with an error for people when that cannot be. */
export type ReadRegions = () => Promise<readonly ServerOptions[]>;

const NOTHING_CHANGED = 'nothing was changed';
// An answer to who asks has room for so many.
const MAX_TOLD = 20;
const MAX_TOLD_CHARACTERS = 300;

/** From now on SIGHUP reads the regions and applies them, and whoever asks is told what came of it. */
export function reloadOnSignal(daemon: Daemon, read: ReadRegions, log: Log): void {
  let count = 0;
  const report = (summary: string, problems: readonly string[] = []): void => {
    const told = problems.slice(0, MAX_TOLD).map(asLine);
    for (const server of daemon.servers) server.reload = { count, summary, problems: told };
  };
  report('never');
  process.on('SIGHUP', () => {
    void reload(daemon, read, log).then(({ summary, problems }) => {
      count += 1;
      report(summary, problems);
    });
  });
}

function asLine(text: string): string {
  const line = text.slice(0, MAX_TOLD_CHARACTERS);
  return isPrintable(line) ? line : quote(line);
}

interface Outcome {
  readonly summary: string;
  readonly problems: readonly string[];
}

async function reload(daemon: Daemon, read: ReadRegions, log: Log): Promise<Outcome> {
  let regions: readonly ServerOptions[];
  try {
    regions = await read();
  } catch (error) {
    // A file may have several errors, one line each.
    const problems = messageOf(error, keyOf).split('\n');
    for (const line of problems) log.error({ event: 'config' }, line);
    log.error({ event: 'reload' }, NOTHING_CHANGED);
    return { summary: NOTHING_CHANGED, problems };
  }
  const { added, removed, kept, refused } = await daemon.apply(regions);
  const problems = refused.flatMap((change) => logRefused(change, log));
  const summary = summaryOf({ added, removed, kept });
  log.info({ event: 'reload', added, removed, kept }, summary);
  return { summary, problems };
}

function summaryOf(names: Readonly<Record<string, readonly string[]>>): string {
  const parts = Object.entries(names)
    .filter(([, regions]) => regions.length > 0)
    .map(([what, regions]) => `${what} ${regions.join(', ')}`);
  return `reloaded: ${parts.join('; ')}`;
}

const REMEDY =
  'attached VMs have what is there: give the region another name, or take it out, reload, and put it in again';

// Returns the lines.
function logRefused({ region, unchanged = [], error }: RefusedChange, log: Log): string[] {
  const lines = unchanged.map((one) => logUnchanged(region, one, log));
  if (error === undefined) return lines;
  const line = `${region}: ${messageOf(error, keyOf)}`;
  log.error({ event: 'refused-change', region }, line);
  return [...lines, line];
}

function logUnchanged(region: string, unchanged: Unchanged, log: Log): string {
  if (unchanged.option === 'vms') {
    const { vm, message, remedy } = unchanged;
    const line = `${region}: ${message}; ${remedy}`;
    log.warn({ event: 'refused-change', region, vm }, line);
    return line;
  }
  const { option, is, asked } = unchanged;
  const key = keyOf(option);
  const line = `${region}: ${key} stays ${shown(option, is)}, and does not become ${shown(option, asked)}; ${REMEDY}`;
  log.warn({ event: 'refused-change', region, option: key, is, asked }, line);
  return line;
}

/** An option as it is written in a configuration. */
function keyOf(option: string): string {
  return flagOf(option).slice('--'.length);
}

function shown(option: UnchangedOption['option'], value: UnchangedOption['is']): string {
  if (value === undefined) return 'none';
  if (option === 'memMode') return `0${Number(value).toString(8)}`;
  if (option === 'size' || option === 'hugePageBytes') return formatSize(Number(value));
  return String(value);
}
