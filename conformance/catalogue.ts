// The checks that there are, in the order of the table.
import type { Check } from './check.js';
import { access } from './checks/access.js';
import { manyDescriptors, outOfDescriptors } from './checks/descriptors.js';
import { sigterm } from './checks/end.js';
import { daemon, directory, help, verbose } from './checks/flags.js';
import { connectFlood } from './checks/flood.js';
import { handshake } from './checks/handshake.js';
import { connectAndClose, hangUpAnywhere } from './checks/hang-up.js';
import { leaveInJoin, leaves } from './checks/leave.js';
import { shortConnections } from './checks/short-connections.js';
import { largeSizes, nonsenseSizes, oddSizes } from './checks/size.js';
import { doesNotRead, slowReaders } from './checks/slow.js';
import { crashLeftover, startedTwice } from './checks/start.js';
import { garbageSent, halfClosed } from './checks/trouble.js';
import { manyVectors, nonsenseVectors, tooManyVectors } from './checks/vectors.js';

export const checks: readonly Check[] = [
  handshake,
  connectAndClose,
  hangUpAnywhere,
  connectFlood,
  garbageSent,
  ...halfClosed,
  leaves,
  leaveInJoin,
  doesNotRead,
  slowReaders,
  outOfDescriptors,
  ...manyDescriptors,
  shortConnections,
  startedTwice,
  crashLeftover,
  sigterm,
  daemon,
  access,
  ...largeSizes,
  oddSizes,
  nonsenseSizes,
  directory,
  manyVectors,
  tooManyVectors,
  nonsenseVectors,
  help,
  verbose,
];
