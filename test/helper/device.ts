// The ivshmem device of a real QEMU, used as a guest's driver would use it.
// Rule 1: only what the hardware offers a guest: PCI configuration, BARs, MSI-X. It asks no server.
// Rule 2: an interrupt is a write of 0xbeef0000 + vector to that vector's mailbox in guest RAM.
import { ConfigSpace } from './config-space.js';
import { Qemu, type QemuOptions } from './qemu.js';
import type { Qtest } from './qtest.js';
import type { RingingPeer } from './rings.js';
import type { Scope } from './temp.js';

// Addresses that no RAM (16 MiB) and nothing else of the machine uses; at the last there is room for 64 GiB.
const registers = 0xe000_0000;
const ivPosition = registers + 8;
const doorbell = registers + 12;
const msixTable = 0xe010_0000;
const memory = 0x10_0000_0000;
const mailboxes = 0x10_0000;
const mark = 0xbeef_0000;

export class Device implements RingingPeer {
  readonly qemu: Qemu;
  /** IVPosition: the peer ID that the server gave; 0 for a plain device. */
  readonly id: number;
  /** MSI-X vectors; 0 for a plain device. */
  readonly vectors: number;
  /** The size of BAR2, in bytes. */
  readonly memorySize: number;
  readonly #qtest: Qtest;

  private constructor(qemu: Qemu, id: number, vectors: number, memorySize: number) {
    this.qemu = qemu;
    this.#qtest = qemu.qtest;
    this.id = id;
    this.vectors = vectors;
    this.memorySize = memorySize;
  }

  /** Starts a QEMU and sets up its one ivshmem device, doorbell or plain; rejects when QEMU ends instead. */
  static async start(t: Scope, options: QemuOptions): Promise<Device> {
    return Device.setUp(new Qemu(t, options));
  }

  /** Starts several at once and gives them by ascending peer ID. */
  static async startAll(t: Scope, count: 2, options: QemuOptions): Promise<[Device, Device]>;
  static async startAll(
    t: Scope,
    count: 3,
    options: QemuOptions,
  ): Promise<[Device, Device, Device]>;
  static async startAll(t: Scope, count: number, options: QemuOptions): Promise<Device[]> {
    const starts = Array.from({ length: count }, () => Device.start(t, options));
    return (await Promise.all(starts)).sort((a, b) => a.id - b.id);
  }

  /** Sets up the one ivshmem device of a QEMU that runs already. */
  static async setUp(qemu: Qemu): Promise<Device> {
    const { qtest } = qemu;
    const config = await ConfigSpace.find(qtest, 0x1110_1af4);
    const memorySize = await config.placeBar64(2, memory);
    await config.placeBar(0, registers);
    await config.placeBar(1, msixTable);
    await config.enable();
    const vectors = await config.enableMsix(async (vector) => {
      const entry = Buffer.alloc(16);
      entry.writeUInt32LE(mailboxes + 4 * vector, 0);
      entry.writeUInt32LE(mark + vector, 8);
      await qtest.writeBytes(msixTable + 16 * vector, entry);
    });
    return new Device(qemu, await qtest.read(ivPosition), vectors, memorySize);
  }

  async ring(peer: number, vector: number): Promise<void> {
    await this.#qtest.write(doorbell, peer * 2 ** 16 + vector);
  }

  async heard(): Promise<number[]> {
    const bytes = await this.#qtest.readBytes(mailboxes, 4 * this.vectors);
    const words = Array.from({ length: this.vectors }, (_, v) => bytes.readUInt32LE(4 * v));
    return words.flatMap((word, vector) => (word === mark + vector ? [vector] : []));
  }

  /**
   * QEMU answers us and serves doorbells in one loop. A doorbell that was rung before a question is
   * served at the latest in the turn that answers it; the second question belongs to a later turn.
   */
  async settle(): Promise<void> {
    await this.#qtest.read(ivPosition);
    await this.#qtest.read(ivPosition);
  }

  async forget(): Promise<void> {
    await this.settle();
    await this.#qtest.writeBytes(mailboxes, Buffer.alloc(4 * this.vectors));
  }

  /** Reads the shared memory. */
  async read(offset: number, length: number): Promise<Buffer> {
    return this.#qtest.readBytes(memory + offset, length);
  }

  /** Reads text from the shared memory. */
  async readText(offset: number, length: number): Promise<string> {
    return (await this.read(offset, length)).toString();
  }

  /** Writes the shared memory. */
  async write(offset: number, data: Buffer | string): Promise<void> {
    await this.#qtest.writeBytes(memory + offset, Buffer.from(data));
  }
}
