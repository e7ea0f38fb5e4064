// SIGHUP: the regions become what their configuration says now.
//
// Rule 1: a configuration with an error changes nothing.
// Rule 2: what was asked and not done is said, one line each, with the way to have it.
import type { ServiceManager } from '../control/service-manager.js';
import type { ReloadOutcome } from '../control/source.js';
import type { ReloadReport } from '../protocol/answer.js';
import { printable } from '../protocol/printable.js';
import type { Daemon, RefusedChange } from '../server/daemon.js';
import type { Unchanged, UnchangedOption } from '../server/change.js';
import type { ServerOptions } from '../server/options.js';
import { formatSize } from '../server/size.js';
import { flagOf } from './complaint.js';
import { messageOf } from './failure.js';
import type { Log } from './log.js';

/** What a configuration asks for. */
export interface AskedRegions {
  readonly regions: readonly ServerOptions[];
  /** What else it asks for and cannot have, a line each. */
  readonly problems: readonly string[];
  /** Called when that was done which can be. */
  readonly onApplied?: () => void;
}

/** Reads what is to be. Rejects with an error for people when that cannot be. */
export type ReadRegions = () => Promise<AskedRegions>;

const NOTHING_CHANGED = 'nothing was changed';
// An answer to who asks has room for 16 KiB.
const MAX_TOLD = 15;
const MAX_TOLD_CHARACTERS = 200;
const MAX_SUMMARY_CHARACTERS = 1_000;

let asked = false;
const note = (): void => {
  asked = true;
};

/** From now on SIGHUP does not end the process, and waits for `reloadOnSignal`. */
export function holdReloads(): void {
  process.on('SIGHUP', note);
}

/**
 * From now on SIGHUP reads the regions and applies them, and whoever asks is told what came of it. What is
 * returned does the same, and resolves with that.
 */
export function reloadOnSignal(
  daemon: Daemon,
  read: ReadRegions,
  log: Log,
  manager?: ServiceManager,
): () => Promise<ReloadOutcome> {
  let report: ReloadReport = { asked: 0, done: 0, summary: 'never', problems: [] };
  const tell = (more: Partial<ReloadReport> = {}): void => {
    report = { ...report, ...more };
    for (const server of daemon.servers) server.reload = report;
  };
  let reading: Promise<void> | undefined;
  let isApplied = true;
  const readAll = async (): Promise<void> => {
    while (report.done < report.asked) {
      const done = report.asked;
      manager?.reloading();
      const outcome = await reload(daemon, read, log);
      manager?.reloaded();
      const summary = asLine(outcome.summary, MAX_SUMMARY_CHARACTERS);
      tell({ done, summary, problems: few(outcome.problems) });
      isApplied = outcome.isApplied;
    }
    reading = undefined;
  };
  const act = async (): Promise<ReloadOutcome> => {
    tell({ asked: report.asked + 1 });
    // One after the other, and what is read is what the file says then: many requests are one.
    reading ??= readAll();
    await reading;
    const { summary, problems } = report;
    return { isApplied, summary, problems };
  };
  tell();
  const onSignal = (): void => void act();
  process.on('SIGHUP', onSignal).off('SIGHUP', note);
  if (asked) onSignal();
  return act;
}

function few(problems: readonly string[]): string[] {
  const told = problems.slice(0, MAX_TOLD).map((text) => asLine(text, MAX_TOLD_CHARACTERS));
  const rest = problems.length - told.length;
  return rest > 0 ? [...told, `and ${rest} more, which the log tells`] : told;
}

function asLine(text: string, most: number): string {
  const line = text.length > most ? `${text.slice(0, most)}…` : text;
  return printable(line);
}

async function reload(daemon: Daemon, read: ReadRegions, log: Log): Promise<ReloadOutcome> {
  let asked: AskedRegions;
  try {
    asked = await read();
  } catch (error) {
    // A file may have several errors, one line each.
    const problems = messageOf(error, keyOf).split('\n');
    for (const line of problems) log.error({ event: 'config' }, line);
    log.error({ event: 'reload' }, NOTHING_CHANGED);
    return { isApplied: false, summary: NOTHING_CHANGED, problems };
  }
  const { added, removed, kept, refused } = await daemon.apply(asked.regions);
  asked.onApplied?.();
  for (const line of asked.problems) log.warn({ event: 'refused-change' }, line);
  const problems = [...asked.problems, ...refused.flatMap((change) => logRefused(change, log))];
  const summary = summaryOf({ added, removed, kept });
  log.info({ event: 'reload', added, removed, kept }, summary);
  return { isApplied: true, summary, problems };
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
