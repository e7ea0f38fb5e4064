// Bytes for people, as `hexdump -C` prints them.

const LINE_BYTES = 16;

/** The text of consecutive bytes, which come in pieces of any multiple of 16 bytes, the last of any length. */
export class Hexdump {
  #offset: number;
  #last: Buffer | undefined;
  #isRepeating = false;

  constructor(offset: number) {
    this.#offset = offset;
  }

  /** The lines of the next bytes; equal lines are one and an asterisk. */
  lines(bytes: Buffer): string {
    let text = '';
    for (let start = 0; start < bytes.length; start += LINE_BYTES) {
      text += this.#line(bytes.subarray(start, start + LINE_BYTES));
      this.#offset += Math.min(LINE_BYTES, bytes.length - start);
    }
    return text;
  }

  /** The last line: where the bytes end. */
  end(): string {
    return this.#last === undefined ? '' : `${hexOffset(this.#offset)}\n`;
  }

  #line(bytes: Buffer): string {
    if (this.#last?.equals(bytes) === true) {
      const isFirst = !this.#isRepeating;
      this.#isRepeating = true;
      return isFirst ? '*\n' : '';
    }
    this.#isRepeating = false;
    this.#last = bytes;
    const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
    const left = digits.slice(0, 8).join(' ').padEnd(23);
    const right = digits.slice(8).join(' ').padEnd(23);
    const letters = bytes.toString('latin1').replaceAll(/[^ -~]/g, '.');
    return `${hexOffset(this.#offset)}  ${left}  ${right}  |${letters}|\n`;
  }
}

function hexOffset(offset: number): string {
  return offset.toString(16).padStart(8, '0');
}
