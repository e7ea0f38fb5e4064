// A program that uses up its user's descriptors in flight: it sends them to itself and never reads. It
// tells why it can send no more, and stays.
import { createEventfd } from '../../native/eventfd.js';
import { MessageRows, MessageBatch } from '../../native/message-batch.js';
import { SystemError } from '../../native/system-error.js';
import { createSocketPair } from '../../native/unix-socket.js';

const batch = new MessageBatch(1);
const rows = new MessageRows([{ number: 0, fd: createEventfd() }]);
const ends = [];
try {
  for (;;) {
    const pair = createSocketPair();
    ends.push(pair);
    do {
      batch.clear();
      batch.addRows(rows, 0, 1);
    } while (batch.send(pair[0]) === 1);
  }
} catch (error) {
  if (!(error instanceof SystemError)) throw error;
  console.log(error.code);
}
setInterval(() => undefined, 1_000);
