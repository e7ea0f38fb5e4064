// What is told of one look: made when it is first asked for, and once for all who share it.
//
// Rule 1: bytes, not text: of what many have not read yet there is one copy.
import { ControlError } from '../control-error.js';
import type { PeerStatus, RegionStatus, ServerStatus } from '../status.js';
import type { WholeLook } from './asker.js';
import type { Details } from './details.js';
import { metricsOf } from './metrics.js';
import { statusOf } from './server-status.js';

/** One look, in the words of operators. */
export class LookText {
  readonly #look: WholeLook;
  readonly #details: Details;
  readonly #json = new Map<object, Uint8Array<ArrayBuffer>>();
  #made: ServerStatus | undefined;
  #metrics: ReturnType<typeof metricsOf> | undefined;

  constructor(look: WholeLook, details: Details) {
    this.#look = look;
    this.#details = details;
  }

  /** All of it, as JSON. */
  get status(): Uint8Array<ArrayBuffer> {
    return this.#bytesOf(this.#status);
  }

  /** One region, as JSON. Throws ControlError (no such region). */
  region(name: string): Uint8Array<ArrayBuffer> {
    return this.#bytesOf(this.#region(name));
  }

  /** One peer. Throws ControlError (no such region, no such peer). */
  peer(region: string, id: number): PeerStatus {
    const peer = this.#region(region).peers.find((one) => one.id === id);
    if (peer) return peer;
    throw new ControlError('ERR_IVSHMEM_NO_SUCH_PEER', `no peer has the ID ${id}`);
  }

  /** For Prometheus. */
  get metrics(): ReturnType<typeof metricsOf> {
    this.#metrics ??= metricsOf(this.#look);
    return this.#metrics;
  }

  get #status(): ServerStatus {
    this.#made ??= statusOf(this.#look, this.#details);
    return this.#made;
  }

  #region(name: string): RegionStatus {
    const { regions } = this.#status;
    const region = regions.find((one) => one.name === name);
    if (region) return region;
    const names = regions.map((one) => one.name).join(', ');
    throw new ControlError(
      'ERR_IVSHMEM_NO_SUCH_REGION',
      `there is no region '${name}'; there are: ${names}`,
    );
  }

  #bytesOf(value: object): Uint8Array<ArrayBuffer> {
    let bytes = this.#json.get(value);
    if (bytes === undefined) {
      bytes = Buffer.from(JSON.stringify(value));
      this.#json.set(value, bytes);
    }
    return bytes;
  }
}
