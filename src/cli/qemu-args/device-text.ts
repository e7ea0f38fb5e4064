// The device that is asked for, on the region that is there, as text.
import path from 'node:path';
import type { RegionDescription } from '../../protocol/answer.js';
import { quote } from '../../protocol/printable.js';
import { doorbellArguments, plainArguments, shellWords } from '../../qemu/device-options.js';
import { doorbellXml, isXmlText, MIN_SHMEM_BYTES, plainXml } from '../../qemu/libvirt-xml.js';
import { OptionsError } from '../../server/error.js';
import { formatSize } from '../../server/size.js';
import { CommandError } from '../exit.js';
import type { Wanted } from './wanted.js';

const DEFAULT_ID = 'ivshmem';
/** Where libvirt looks for the memory of a plain device, by its name. */
const LIBVIRT_DIRECTORY = '/dev/shm';

/** To be pasted. Throws OptionsError and CommandError for what the region does not have. */
export function deviceText(wanted: Wanted, region: RegionDescription): string {
  const vectors = vectorsOf(wanted, region);
  if (wanted.form === 'libvirt') return xmlOf(wanted, region, vectors);
  const { kind, form, id = DEFAULT_ID, address, isMaster } = wanted;
  const { socket, memory } = region;
  const device = { id, address, isMaster, syntax: form === 'json' ? 'json' : 'text' } as const;
  return shellWords(
    kind === 'plain'
      ? plainArguments({ ...memory, ...device })
      : doorbellArguments({ socket, vectors, ...device }),
  );
}

function vectorsOf(wanted: Wanted, region: RegionDescription): number {
  const { vectors = region.vectors } = wanted;
  if (vectors <= region.vectors) return vectors;
  throw new OptionsError(
    'vectors',
    `${vectors} is not in 1–${region.vectors}, what the region has: with more QEMU aborts under KVM`,
  );
}

function xmlOf(wanted: Wanted, { socket, memory }: RegionDescription, vectors: number): string {
  const { kind, id, address, isMaster } = wanted;
  const device = { name: id ?? DEFAULT_ID, alias: id, address, isMaster };
  const where = kind === 'plain' ? memory.path : socket;
  if (!isXmlText(where)) {
    throw new CommandError(`libvirt has no way to name ${quote(where)}; choose another path`);
  }
  if (kind === 'doorbell') return doorbellXml({ ...device, socket, vectors });
  checkForLibvirt(memory);
  const { sizeBytes } = memory;
  return plainXml({ ...device, name: path.basename(memory.path), sizeBytes });
}

function checkForLibvirt({ kind, path: memoryPath, sizeBytes }: RegionDescription['memory']): void {
  if (path.dirname(memoryPath) !== LIBVIRT_DIRECTORY) {
    throw new CommandError(
      `libvirt finds the memory of a plain device by its name in ${LIBVIRT_DIRECTORY}, and this one (${kind}) is ${quote(memoryPath)}; ` +
        'serve it with --shm-name, or take a device with doorbells',
    );
  }
  if (sizeBytes >= MIN_SHMEM_BYTES) return;
  const [least, size] = [formatSize(MIN_SHMEM_BYTES), formatSize(sizeBytes)];
  throw new CommandError(
    `libvirt takes no plain device of less than ${least}, and the region has ${size}; ` +
      'serve a larger one, or take a device with doorbells',
  );
}
