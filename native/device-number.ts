// The number of a device as stat tells it, from the two halves that the kernel writes elsewhere.

/** https://man7.org/linux/man-pages/man3/makedev.3.html, for halves of 12 and 20 bits, which are all that there are. */
export function deviceNumber(major: bigint, minor: bigint): bigint {
  return ((minor & 0xfff00n) << 12n) | (major << 8n) | (minor & 0xffn);
}
