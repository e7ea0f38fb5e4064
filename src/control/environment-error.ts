// What the service manager put into our environment, and cannot be.

/** A variable that makes no sense: called wrongly. The message names it. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';

  constructor(variable: string, message: string) {
    super(`${variable}: ${message}`);
  }
}
