// A package that is needed here, and that the installation does without.

/** The system lacks it; the message says how to have it, or how to do without. */
export class MissingPackageError extends Error {
  override readonly name = 'MissingPackageError';
}
