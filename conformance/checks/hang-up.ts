// Clients that hang up early.
import { MessageReceiver } from '../../native/message-receiver.js';
import { must, type Check } from '../check.js';
import { Company } from '../company.js';
import { connect } from '../connection.js';

const receiver = new MessageReceiver();
const CLIENTS = 100;
const VECTORS = 2;
const ATTACHED = 2;
const BYTES = 8 * (3 + VECTORS * (ATTACHED + 1));

export const connectAndClose: Check = {
  name: 'connect-and-close',
  what: `${CLIENTS} clients that connect and close at once`,
  async run(subject) {
    await subject.start();
    const company = await Company.of(subject, ATTACHED);
    for (let client = 0; client < CLIENTS; client += 1) (await connect(subject)).close();
    await company.prove();
  },
};

export const hangUpAnywhere: Check = {
  name: 'hang-up-anywhere',
  what: 'clients that hang up after each byte of their handshake',
  async run(subject) {
    await subject.start(['-n', String(VECTORS)]);
    const company = await Company.of(subject, ATTACHED, { vectors: VECTORS });
    for (let wanted = 0; wanted <= BYTES; wanted += 1) {
      const client = await connect(subject);
      let bytes = 0;
      while (bytes < wanted)
        await subject.until(`byte ${bytes + 1} of a handshake`, () => {
          // Never beyond a message: its descriptor comes with its first byte.
          const received = receiver.receive(
            client.socket,
            Math.min(wanted - bytes, 8 - (bytes % 8)),
          );
          received?.fd?.close();
          must(received?.bytes.length !== 0, 'hangs up on a newcomer');
          bytes += received?.bytes.length ?? 0;
          return received !== undefined;
        });
      client.close();
      company.read();
    }
    await company.prove();
  },
};
