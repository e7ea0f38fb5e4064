// What could not be looked at, said plainly: a doctor that saw half of the lab has not found it healthy.
import { readProcFile } from '../../../../native/proc-file.js';
import { LOOK_AT_ALL, shown, type Check, type Complaint } from '../finding.js';
import { Holders } from '../holders.js';
import { isSocketAt } from '../leads-to.js';
import { keyAt } from '../regions.js';
import { isRunning, listenersOf } from '../running.js';
import type { Scene } from '../scene.js';
import { claimsTo, type Claim } from '../../served.js';

export const hidden: Check = {
  name: 'hidden',
  about: 'every QEMU with an ivshmem device, and every server, may be looked at',
  look: (scene) => [
    ...absent(scene),
    ...ofOtherUsers(scene),
    ...withManyMappings(scene),
    ...withOptionFile(scene),
    ...silentServers(scene),
    ...unasked(scene),
    ...outside(scene),
  ],
};

function unasked({ unasked: count }: Scene): Complaint[] {
  if (count === 0) return [];
  return [
    {
      severity: 'note',
      subject: count === 1 ? '1 socket' : `${count} sockets`,
      message: 'that QEMUs name are too many to be asked: nothing is known of their regions',
      remedy: 'name those that matter with --socket',
    },
  ];
}

function absent({ named }: Scene): Complaint[] {
  return named
    .filter((socket) => isSocketAt(socket) === false)
    .map((socket) => ({
      severity: 'warning',
      subject: shown(socket),
      message: 'it was named, and there is no socket',
      remedy: 'name the socket of a server, or start one there (ivshmem serve --socket PATH)',
    }));
}

function withManyMappings({ qemus }: Scene): Complaint[] {
  return qemus
    .filter(({ isOpen, hasAllMemories }) => isOpen && !hasAllMemories)
    .map(({ subject }) => ({
      severity: 'note',
      subject,
      message: 'it has too many mappings, or is too slow to tell them: its memory is not looked at',
      remedy: `see whether the server of its region is the one that it was started with`,
    }));
}

function ofOtherUsers({ qemus, seesAllProcesses, mayLookAtAll }: Scene): Complaint[] {
  const closed = qemus.filter(({ isOpen }) => !isOpen).length;
  const isRoot = process.geteuid?.() === 0;
  // Then servers are hidden as well, perhaps.
  const isRefused = isRoot && seesAllProcesses && !mayLookAtAll;
  if (closed === 0 && !isRefused) return [];
  const ofQemus = closed === 1 ? '1 QEMU' : `${closed} QEMUs`;
  return [
    {
      severity: 'note',
      subject: isRefused ? `other processes (${ofQemus})` : ofQemus,
      message: isRoot
        ? 'what they have open may not be looked at: this root lacks CAP_SYS_PTRACE'
        : 'of other users: what they have open cannot be looked at',
      remedy: isRoot ? LOOK_AT_ALL : `run this as root to look at ${closed} more`,
    },
  ];
}

function withOptionFile({ qemus }: Scene): Complaint[] {
  return qemus
    .filter(({ hasOptionFile }) => hasOptionFile)
    .map(({ subject }) => ({
      severity: 'note',
      subject,
      message: 'it has options in a file (-readconfig): reconnect= and vectors= there are not seen',
      remedy: 'look into that file, or give its device on the command line',
    }));
}

function silentServers({ sockets, regions }: Scene): Complaint[] {
  const known = new Set(regions.flatMap((region) => [...region.sockets, ...region.socketKeys]));
  const unknown = sockets.filter((socket) => !known.has(socket) && !known.has(keyAt(socket) ?? ''));
  const claims = claimsTo(unknown);
  const holders = new Holders();
  return [...claims].flatMap(([socket, claim]) => {
    if (!claim.isServed) return [];
    const stopped = claim.holders.find(isStopped);
    if (stopped !== undefined) return [stoppedServer(socket, stopped)];
    if (!isRunning(claim, holders)) return [notRunning(socket, listenersOf(claim, holders))];
    return [isOfAnother(claim) ? untold(socket) : silent(socket)];
  });
}

function notRunning(socket: string, listeners: string): Complaint {
  return {
    severity: 'note',
    subject: shown(socket),
    message: `${listeners} listens, is not seen to be a server, and may start one for who connects: nobody is asked`,
    remedy: 'look again when a VM has come, as root, or name the control socket of its server',
  };
}

function isOfAnother({ target }: Claim): boolean {
  const own = process.geteuid?.() ?? 0;
  return own !== 0 && target !== undefined && Number(target.uid) !== own;
}

function untold(socket: string): Complaint {
  return {
    severity: 'note',
    subject: shown(socket),
    message: "it is another user's, and what its server serves is not told to this one",
    remedy: 'run this as root',
  };
}

function silent(socket: string): Complaint {
  return {
    severity: 'note',
    subject: shown(socket),
    message: 'its server does not say what it serves: vectors are not compared',
    remedy:
      'see whether it hangs; serve it by ivshmem serve, with --control or a socket for host commands',
  };
}

function stoppedServer(socket: string, pid: number): Complaint {
  return {
    severity: 'error',
    subject: shown(socket),
    message: `its server (process ${pid}) is stopped: who joins waits`,
    remedy: `kill -CONT ${pid}`,
  };
}

// By job control, or by a debugger. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
function isStopped(pid: number): boolean {
  return /^State:\s*[Tt]/m.test(readProcFile(`/proc/${pid}/status`) ?? '');
}

function outside({ seesAllProcesses }: Scene): Complaint[] {
  if (seesAllProcesses) return [];
  return [
    {
      severity: 'note',
      subject: 'this container',
      message: 'what runs outside of it cannot be seen',
      remedy: 'run this on the host',
    },
  ];
}
