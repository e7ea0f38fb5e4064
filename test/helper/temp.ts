// A directory of a test's own, removed with it.
// Not tap's `t.testdir`: a UNIX socket's path holds 107 bytes, and that one is made of the test's name.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What of a tap test the helpers need: a place to say what is to be undone at its end. */
export interface Scope {
  teardown(undo: () => unknown): void;
}

/** Makes an empty directory with a short path; it goes, with what is in it, when the test ends. */
export function temp(t: Scope): string {
  const directory = mkdtempSync(join(tmpdir(), 'ivshmem-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}
