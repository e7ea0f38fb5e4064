// A worker that tries what only the main thread may do, with the path `workerData`, and tells the codes.
import { parentPort, workerData } from 'node:worker_threads';
import { Peer, Server } from '../../src/index.js';
import { openDescriptors } from '../helper/descriptor-balance.js';

const socket = workerData as string;
const code = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;
const before = openDescriptors();
const codes = [
  await Peer.connect({ socket }).catch(code),
  await Server.listen({ socket: `${socket}.other`, size: 4096, vectors: 1 }).catch(code),
];
parentPort?.postMessage({ codes, before, after: openDescriptors() });
