// The end of a server that is asked to stop.
import { must, type Check } from '../check.js';
import { Company } from '../company.js';
import { describeEnd } from '../server-process.js';

export const sigterm: Check = {
  name: 'sigterm',
  what: 'SIGTERM: nobody is told that another left, doorbells live on',
  async run(subject) {
    const server = await subject.start();
    const { peers } = await Company.of(subject, 3);
    await subject.stop(server, 'SIGTERM');
    const isAsAsked = server.end?.signal === 'SIGTERM' || server.end?.code === 0;
    must(isAsAsked, `ends with ${describeEnd(server)}`);
    for (const peer of peers) {
      await subject.until('the end of a stream', () => peer.read() >= 0 && peer.isOver);
    }
    const leaves = peers.reduce((sum, { told }) => sum + peers.length - told.size, 0);
    must(leaves === 0, `tells of ${leaves} leaves: doorbells die`);
    for (const from of peers) for (const { id } of peers) from.ring(id, 0);
    const isHeard = peers.every((peer) => peer.heard()[0] === peers.length);
    must(isHeard, 'doorbells are dead');
  },
};
