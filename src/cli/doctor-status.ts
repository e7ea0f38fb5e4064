// The server that a doctor looks at, if there is one.
import type { AskStatus } from '../control/doctor/scene.js';

/** How to ask it. */
export function doctorStatus(_control: string | undefined): AskStatus {
  return () => Promise.resolve(undefined);
}
