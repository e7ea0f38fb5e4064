// SIGHUP: the regions become what their configuration says now.
//
// Rule 1: a configuration with an error changes nothing.
// Rule 2: what was asked and not done is said, one line each, with the way to have it.
import type { Applied, Daemon, RefusedChange } from '../server/daemon.js';
import type { Unchanged } from '../server/change.js';
import type { ServerOptions } from '../server/options.js';
import { formatSize } from '../server/size.js';
import { flagOf } from './complaint.js';
import { messageOf } from './failure.js';
import type { Log } from './log.js';

/** Reads what the regions are to be. Rejects with an error for people when that cannot be. */
export type ReadRegions = () => Promise<readonly ServerOptions[]>;

/** From now on SIGHUP reads the regions and applies them. */
export function reloadOnSignal(daemon: Daemon, read: ReadRegions, log: Log): void {
  process.on('SIGHUP', () => {
    void reload(daemon, read, log);
  });
}

async function reload(daemon: Daemon, read: ReadRegions, log: Log): Promise<void> {
  let regions: readonly ServerOptions[];
  try {
    regions = await read();
  } catch (error) {
    // A file may have several errors, one line each.
    for (const line of messageOf(error, keyOf).split('\n')) log.error({ event: 'config' }, line);
    log.error({ event: 'reload' }, 'nothing was changed');
    return;
  }
  logApplied(await daemon.apply(regions), log);
}

const REMEDY =
  'attached VMs have what is there: give the region another name, or take it out, reload, and put it in again';

function logRefused({ region, unchanged = [], error }: RefusedChange, log: Log): void {
  for (const { option, is, asked } of unchanged) {
    const key = keyOf(option);
    log.warn(
      { event: 'refused-change', region, option: key, is, asked },
      `${region}: ${key} stays ${shown(option, is)}, and does not become ${shown(option, asked)}; ${REMEDY}`,
    );
  }
  if (error === undefined) return;
  log.error({ event: 'refused-change', region }, `${region}: ${messageOf(error, keyOf)}`);
}

/** An option as it is written in a configuration. */
function keyOf(option: string): string {
  return flagOf(option).slice('--'.length);
}

function shown(option: Unchanged['option'], value: Unchanged['is']): string {
  if (value === undefined) return 'none';
  if (option === 'memMode') return `0${Number(value).toString(8)}`;
  if (option === 'size' || option === 'hugePageBytes') return formatSize(Number(value));
  return String(value);
}

function logApplied({ added, removed, kept, refused }: Applied, log: Log): void {
  for (const change of refused) logRefused(change, log);
  const parts = Object.entries({ added, removed, kept })
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${what} ${names.join(', ')}`);
  log.info({ event: 'reload', added, removed, kept }, `reloaded: ${parts.join('; ')}`);
}
