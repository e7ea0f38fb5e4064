// A guest that boots Debian's systemd, with a shell of root's on its console.
// Rule 1: what is done to its disks is gone with it.
import type { Test } from 'tap';
import { Guest, type GuestResult } from './guest.js';
import { packageDisk, systemDisk } from './systemd-disk.js';

const KERNEL_OPTIONS =
  'console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check random.trust_cpu=on ' +
  '8250.nr_uarts=1 cryptomgr.notests rcupdate.rcu_expedited=1 ' +
  'root=/dev/nvme0n1 rootfstype=ext4 rw init=/lib/systemd/systemd systemd.show_status=no';

/** Boots one; resolves when its shell answers, which is when all that is to be started was. */
export async function bootSystemd(t: Test, name: string): Promise<Guest> {
  const [{ kernel, disk }, ivshmem] = await Promise.all([systemDisk(), packageDisk(t)]);
  const guest = await Guest.start(t, name, [
    ...['-M', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', '512M'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
    ...['-kernel', kernel, '-append', KERNEL_OPTIONS],
    ...[disk, ivshmem].flatMap((file, index) => [
      ...['-drive', `if=none,id=d${index},file=${file},format=raw,snapshot=on`],
      ...['-device', `nvme,drive=d${index},serial=${index}`],
    ]),
  ]);
  await guest.run('dmesg -n 1');
  return guest;
}

/**
 * Runs a block of a page as its reader types it, with bash, who stops at the first command that fails;
 * resolves with how it ended and what it printed. Blocks share files, not variables.
 */
export function follow(guest: Guest, block: string): Promise<GuestResult> {
  // Were it on standard input, its commands could read it.
  return guest.run(
    `bash -eu -o pipefail /dev/fd/9 9<<'END-OF-BLOCK' </dev/null\n${block.trimEnd()}\nEND-OF-BLOCK`,
  );
}
