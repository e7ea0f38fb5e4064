// Another user, for the tests that a superuser would pass unasked.

const NOBODY = 65_534;

/** Runs the action as `nobody` where we are root, without root's capabilities; else as we are. */
export function unprivileged<Result>(action: () => Result): Result {
  if (process.getuid?.() !== 0) return action();
  process.seteuid?.(NOBODY);
  try {
    return action();
  } finally {
    process.seteuid?.(0);
  }
}
