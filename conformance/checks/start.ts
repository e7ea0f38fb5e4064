// A start where something is in the way: a living server, or what a dead one left.
import { existsSync, fstatSync, readSync, writeSync } from 'node:fs';
import type { Fd } from '../../native/fd.js';
import { must, type Check } from '../check.js';
import { Company } from '../company.js';
import { receiveMemory } from '../connection.js';

const MARK = 'living';

/** A memory that VMs live on: its size and content must stay. */
class LivingMemory {
  readonly #fd: Fd;
  readonly #sizeBytes: number;

  constructor(fd: Fd) {
    this.#fd = fd;
    this.#sizeBytes = fstatSync(fd.rawFd).size;
    writeSync(fd.rawFd, MARK, 0);
  }

  check(): void {
    const { size } = fstatSync(this.#fd.rawFd);
    must(size === this.#sizeBytes, `truncates the living memory to ${size} bytes: SIGBUS in VMs`);
    const content = Buffer.alloc(MARK.length);
    readSync(this.#fd.rawFd, content, { position: 0 });
    must(content.toString('latin1') === MARK, 'overwrites the living memory');
  }
}

export const startedTwice: Check = {
  name: 'started-twice',
  what: 'started again with the names of a living server',
  async run(subject) {
    await subject.start();
    const memory = new LivingMemory(await receiveMemory(subject));
    const isNamed = existsSync(subject.shmPath);
    const company = await Company.of(subject, 2);
    const flags = ['-F'];
    const second = await subject.run(flags);
    await subject.reasonOf(second, flags);
    memory.check();
    must(existsSync(subject.shmPath) === isNamed, 'removes the name of the living memory');
    must(existsSync(subject.socket), 'removes the socket of the living server');
    must(company.read() === 0, 'joins the living server for a moment');
    await company.prove();
  },
};

export const crashLeftover: Check = {
  name: 'crash-leftover',
  what: 'started again after a kill -9 that left the socket',
  async run(subject) {
    const first = await subject.start();
    const memory = new LivingMemory(await receiveMemory(subject));
    await subject.stop(first, 'SIGKILL');
    await subject.start();
    memory.check();
    await (await Company.of(subject, 2)).prove();
  },
};
