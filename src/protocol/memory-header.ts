// The header at offset 0 of a memory: whose memory it is, for guests and programs that meet it.
// The format, byte by byte: docs/memory-header.md. For guests: examples/guest/ivshmem-header.h.
//
// Rule 1: all numbers are little-endian, each at an offset that no later header changes.
// Rule 2: guests go on writing: what is judged is a copy.
// Rule 3: what a later header may have (reserved bytes in use, fields behind ours) is passed over.
import { MemoryHeaderError, type MemoryHeaderErrorCode } from './memory-header-error.js';
import { MAX_VECTORS } from './wire.js';

/** Bytes in a header as it is written. */
export const MEMORY_HEADER_BYTES = 128;
/** The most bytes of UTF-8 in a label. */
export const MAX_LABEL_BYTES = 63;

const MAGIC = new TextEncoder().encode('IVSHMEM\0');
const BYTE_ORDER_MARK = 0x01020304;
const VERSION = 1;
// A double counts exactly up to here.
const MAX_SIZE_BYTES = 2 ** 53;

const at = { byteOrder: 8, version: 12, headerBytes: 16, vectors: 20, sizeBytes: 24, label: 32 };
const LABEL_FIELD_BYTES = 64;

/** What a header tells. */
export interface MemoryHeader {
  /** 1–63 bytes of UTF-8 that can be printed. */
  readonly label: string;
  /** Size of the memory, in bytes. */
  readonly sizeBytes: number;
  /** Vectors of the region that the memory was made for, 1–2048. */
  readonly vectors: number;
}

/** The 128 bytes. Throws MemoryHeaderError ERR_IVSHMEM_HEADER_SIZE, _VECTORS, _LABEL. */
export function encodeMemoryHeader({ label, sizeBytes, vectors }: MemoryHeader): Uint8Array {
  const isSize = Number.isInteger(sizeBytes) && sizeBytes <= MAX_SIZE_BYTES;
  if (!isSize || sizeBytes < MEMORY_HEADER_BYTES) {
    const range = `${MEMORY_HEADER_BYTES}–2^53`;
    throw wrong('SIZE', `a memory with a header has ${range} bytes, not ${sizeBytes}`);
  }
  checkVectors(vectors);
  checkLabel(label);
  const bytes = new Uint8Array(MEMORY_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(at.byteOrder, BYTE_ORDER_MARK, true);
  view.setUint32(at.version, VERSION, true);
  view.setUint32(at.headerBytes, MEMORY_HEADER_BYTES, true);
  view.setUint32(at.vectors, vectors, true);
  view.setBigUint64(at.sizeBytes, BigInt(sizeBytes), true);
  bytes.set(new TextEncoder().encode(label), at.label);
  return bytes;
}

/** Whether the magic is there: whether to read on. */
export function hasMemoryHeader(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, index) => bytes[index] === byte);
}

/**
 * Reads the header that `bytes` begin with: the whole memory, or its beginning and how large it is.
 * Throws MemoryHeaderError for the first thing that is wrong.
 */
export function decodeMemoryHeader(bytes: Uint8Array, memoryBytes = bytes.length): MemoryHeader {
  const copy = new Uint8Array(bytes.subarray(0, MEMORY_HEADER_BYTES));
  if (copy.length < MEMORY_HEADER_BYTES) {
    throw wrong('SIZE', `${copy.length} bytes are no header, which has ${MEMORY_HEADER_BYTES}`);
  }
  const view = new DataView(copy.buffer);
  checkForm(copy, view);
  checkSizes(view, memoryBytes);
  const vectors = checkVectors(view.getUint32(at.vectors, true));
  return { label: checkLabel(labelIn(copy)), sizeBytes: memoryBytes, vectors };
}

/** Why a text is no label, in words that can be printed; undefined for one. */
export function labelFault(text: string): string | undefined {
  const { length } = new TextEncoder().encode(text);
  if (length < 1 || length > MAX_LABEL_BYTES) {
    return `it has ${length} bytes of UTF-8, not 1–${MAX_LABEL_BYTES}`;
  }
  // Controls, formats, unassigned and private ones, halves of a pair; what breaks a line; and what
  // stands for bytes that were no UTF-8.
  const [character] = /[\p{C}\p{Zl}\p{Zp}\ufffd]/u.exec(text) ?? [];
  if (character === undefined) return undefined;
  const digits = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return `it has U+${digits}, which is not for printing`;
}

function checkForm(copy: Uint8Array, view: DataView): void {
  if (!hasMemoryHeader(copy)) {
    throw wrong('MAGIC', `the memory begins with ${hexOf(copy.subarray(0, 8))}, not with a header`);
  }
  const mark = view.getUint32(at.byteOrder, true);
  if (mark !== BYTE_ORDER_MARK) {
    const found = hexOf(copy.subarray(at.byteOrder, at.version));
    throw wrong('BYTE_ORDER', `the byte order mark is ${found}, not 04 03 02 01`);
  }
  const version = view.getUint32(at.version, true);
  if (version !== VERSION) {
    throw wrong('VERSION', `the header is of version ${version}, not ${VERSION}`);
  }
}

function checkSizes(view: DataView, memoryBytes: number): void {
  const headerBytes = view.getUint32(at.headerBytes, true);
  if (headerBytes < MEMORY_HEADER_BYTES || headerBytes > memoryBytes) {
    const range = `${MEMORY_HEADER_BYTES}–${memoryBytes}`;
    throw wrong('SIZE', `the header's own size is ${headerBytes} bytes, not ${range}`);
  }
  const sizeBytes = view.getBigUint64(at.sizeBytes, true);
  if (sizeBytes === BigInt(memoryBytes)) return;
  throw wrong('SIZE', `the header is of a memory of ${sizeBytes} bytes, not ${memoryBytes}`);
}

function checkVectors(vectors: number): number {
  if (Number.isInteger(vectors) && vectors >= 1 && vectors <= MAX_VECTORS) return vectors;
  throw wrong('VECTORS', `the vectors are ${vectors}, not 1–${MAX_VECTORS}`);
}

function checkLabel(label: string): string {
  const fault = labelFault(label);
  if (fault === undefined) return label;
  throw wrong('LABEL', `the label is none: ${fault}`);
}

function labelIn(copy: Uint8Array): string {
  const field = copy.subarray(at.label, at.label + LABEL_FIELD_BYTES);
  const text = field.subarray(0, field.includes(0) ? field.indexOf(0) : undefined);
  if (field.subarray(text.length).some((byte) => byte !== 0)) {
    throw wrong('LABEL', 'the label has bytes behind its end');
  }
  // What is no UTF-8 becomes U+FFFD, and a byte order mark stays: neither is of a label.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(text);
}

type Which = MemoryHeaderErrorCode extends `ERR_IVSHMEM_HEADER_${infer Name}` ? Name : never;

function wrong(which: Which, message: string): MemoryHeaderError {
  return new MemoryHeaderError(`ERR_IVSHMEM_HEADER_${which}`, message);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
