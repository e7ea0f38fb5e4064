// What to put on QEMU's command line for a region. Source: QEMU's qemu(1), "-chardev" and "-device
// ivshmem-doorbell"; docs/system/devices/ivshmem in QEMU's tree.
//
// Rule 1: never `reconnect=`: QEMU spins on it whatever the server does.

/** A doorbell device (memory and interrupts), as command line arguments. */
export function doorbellArguments(options: {
  readonly socket: string;
  readonly vectors: number;
}): string[] {
  return [
    '-chardev',
    `socket,path=${escapeComma(options.socket)},id=ivshmem`,
    '-device',
    `ivshmem-doorbell,chardev=ivshmem,vectors=${options.vectors}`,
  ];
}

/** A plain device (memory only), as command line arguments. `path` is where QEMU can open the memory. */
export function plainArguments(options: {
  readonly path: string;
  readonly sizeBytes: number;
}): string[] {
  return [
    '-object',
    `memory-backend-file,id=ivshmem,size=${options.sizeBytes},share=on,mem-path=${escapeComma(options.path)}`,
    '-device',
    'ivshmem-plain,memdev=ivshmem',
  ];
}

/** Arguments as a line to paste into a shell. */
export function shellWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

// QEMU's option syntax separates by commas; a doubled one stands for itself.
function escapeComma(value: string): string {
  return value.replaceAll(',', ',,');
}
