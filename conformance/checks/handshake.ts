// What a newcomer and those who are there are told, message by message, read byte by byte.
import type { MessageReader } from '../../test/helper/message-reader.js';
import { must, type Check } from '../check.js';
import { connect } from '../connection.js';
import type { Subject } from '../subject.js';

const VECTORS = 3;

/** A message as the check writes it: `1` is without, `1+` with descriptor. */
type Transcript = readonly string[];

const all = (id: number): Transcript => Array.from({ length: VECTORS }, () => `${id}+`);

export const handshake: Check = {
  name: 'handshake',
  what: 'version, ID, memory, the others, itself; read byte by byte',
  async run(subject) {
    await subject.start(['-n', String(VECTORS)]);
    const first = await connect(subject);
    await expect(subject, first, ['0', '0', '-1+', ...all(0)]);
    const second = await connect(subject);
    await expect(subject, second, ['0', '1', '-1+', ...all(0), ...all(1)]);
    await expect(subject, first, all(1));
    second.close();
    await expect(subject, first, ['1']);
    const third = await connect(subject);
    await expect(subject, third, ['0', '2', '-1+', ...all(0), ...all(2)]);
    await expect(subject, first, all(2));
  },
};

// Nothing else may come before, and what comes after is the next call's.
async function expect(subject: Subject, reader: MessageReader, all: Transcript): Promise<void> {
  const seen: string[] = [];
  const isSoFarRight = (): boolean => seen.every((text, index) => text === all[index]);
  await subject.until(`${all.join(' ')} after ${seen.join(' ')}`, () => {
    const isComplete = (): boolean => seen.length === all.length || reader.isOver;
    for (let bytes = 0; bytes < 8 * VECTORS && !isComplete() && isSoFarRight(); bytes += 1) {
      reader.read(({ number, fd }) => {
        seen.push(fd ? `${number}+` : String(number));
        fd?.close();
      }, 1);
    }
    return isComplete() || !isSoFarRight();
  });
  const isRight = seen.length === all.length && isSoFarRight();
  must(
    isRight,
    `sends ${seen.join(' ')}${reader.isOver ? ' and the end' : ''}, not ${all.join(' ')}`,
  );
}
