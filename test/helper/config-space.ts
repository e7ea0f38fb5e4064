// The PCI configuration space of one function on bus 0, reached through ports 0xcf8 and 0xcfc.
// Rule 1: it is what firmware and the guest's PCI core would do: find, place BARs, enable.
// Rule 2: it knows PCI and nothing of ivshmem.

import type { Qtest } from './qtest.js';

export class ConfigSpace {
  readonly #qtest: Qtest;
  readonly #slot: number;

  private constructor(qtest: Qtest, slot: number) {
    this.#qtest = qtest;
    this.#slot = slot;
  }

  /** Finds the first function 0 with this device ID (upper half) and vendor ID (lower half). */
  static async find(qtest: Qtest, deviceAndVendor: number): Promise<ConfigSpace> {
    for (let slot = 0; slot < 32; slot++) {
      const config = new ConfigSpace(qtest, slot);
      if ((await config.#read(0)) === deviceAndVendor) return config;
    }
    throw new Error(`no PCI device ${deviceAndVendor.toString(16)} on bus 0`);
  }

  async placeBar(bar: number, address: number): Promise<void> {
    await this.#write(0x10 + 4 * bar, address);
  }

  /** Places a 64-bit BAR and gives its size. */
  async placeBar64(bar: number, address: number): Promise<number> {
    const register = 0x10 + 4 * bar;
    await this.#write(register, 0xffff_ffff);
    await this.#write(register + 4, 0xffff_ffff);
    const [low, high] = await Promise.all([this.#read(register), this.#read(register + 4)]);
    await this.#write(register, address % 2 ** 32);
    await this.#write(register + 4, Math.floor(address / 2 ** 32));
    // The bits that cannot be set are those below the size; the lowest four are flags.
    return 2 ** 64 - (high * 2 ** 32 + (low - (low % 16)));
  }

  /** Memory and bus mastering on, INTx off. */
  async enable(): Promise<void> {
    await this.#write(4, 0x406);
  }

  /** Has each vector's table entry filled in, then turns MSI-X on; gives the number of vectors, 0 without MSI-X. */
  async enableMsix(fill: (vector: number) => Promise<void>): Promise<number> {
    const capability = await this.#capability(0x11);
    if (capability === undefined) return 0;
    const header = await this.#read(capability);
    const vectors = ((header >>> 16) & 0x7ff) + 1;
    await Promise.all(Array.from({ length: vectors }, (_, vector) => fill(vector)));
    await this.#write(capability, (header | 0x8000_0000) >>> 0);
    return vectors;
  }

  async #capability(id: number): Promise<number | undefined> {
    let offset = (await this.#read(0x34)) & 0xfc;
    while (offset !== 0) {
      const header = await this.#read(offset);
      if ((header & 0xff) === id) return offset;
      offset = (header >>> 8) & 0xfc;
    }
    return undefined;
  }

  async #read(register: number): Promise<number> {
    const [, value] = await Promise.all([this.#select(register), this.#qtest.read(0xcfc, 'in')]);
    return value;
  }

  async #write(register: number, value: number): Promise<void> {
    await Promise.all([this.#select(register), this.#qtest.write(0xcfc, value, 'out')]);
  }

  async #select(register: number): Promise<void> {
    await this.#qtest.write(0xcf8, (0x8000_0000 | (this.#slot << 11) | register) >>> 0, 'out');
  }
}
