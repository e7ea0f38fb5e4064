// Where "full" begins: it depends on net.core.wmem_default and on the kernel, so it is measured.
import { MessageBatch } from '../../native/message-batch.js';
import { createSocketPair } from '../../native/unix-socket.js';

/** How many messages a socket holds that nobody reads. */
export function socketCapacity(): number {
  const [here, there] = createSocketPair();
  try {
    const batch = new MessageBatch(1024);
    while (batch.room > 0) batch.addNumber(0);
    return batch.send(here);
  } finally {
    here.close();
    there.close();
  }
}
