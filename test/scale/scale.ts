// What the tests of scale share: how big they are, and a server with its readers.
//
// Rule 1: the suite runs the short form (seconds), `npm run test:scale` the long one (minutes).
// Rule 2: the readers are bench/load.c: they end at the first message that would harm a QEMU, and settle
//         only when each knows exactly who is there, by every vector.
import { chownSync } from 'node:fs';
import { Crowd } from '../../bench/crowd.js';
import { startServer, type Daemon } from '../../bench/daemon.js';
import { compile } from '../../bench/program.js';
import { temp, type Scope } from '../helper/temp.js';

export const isLong = process.env['IVSHMEM_TEST_SCALE'] === 'long';

/** The one for the form that is run. */
export function sized<Value>(short: Value, long: Value): Value {
  return isLong ? long : short;
}

export const MiB = 1024 ** 2;

/** Tells a figure of the long form; it belongs to a machine and a day, so no test asserts it. */
export function figure(text: string): void {
  if (isLong) console.error(text);
}

export interface SceneOptions {
  readonly vectors: number;
  /** The server's user; default ours. */
  readonly uid?: number;
  /** What goes before the server's command. */
  readonly before?: readonly string[];
}

export interface Scene {
  readonly daemon: Daemon;
  readonly crowd: Crowd;
}

/** A server and a crowd that has not joined yet; both end with the test. */
export async function openScene(t: Scope, options: SceneOptions): Promise<Scene> {
  const { vectors, uid, before = [] } = options;
  const programs = temp(t);
  const directory = temp(t);
  if (uid !== undefined) chownSync(directory, uid, uid);
  const daemon = await startServer({ directory, vectors, before });
  t.teardown(() => daemon[Symbol.asyncDispose]());
  const crowd = new Crowd(await compile('load', programs), daemon.socket, vectors);
  t.teardown(() => crowd[Symbol.asyncDispose]());
  return { daemon, crowd };
}
