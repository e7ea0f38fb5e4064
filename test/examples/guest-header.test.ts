// The C header for guests: it compiles without a warning, and says of literal bytes what is true.
//
// Rule 1: C++ is tried where there is a compiler for it, and needed nowhere.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';

const directory = fileURLToPath(new URL('../../../examples/guest', import.meta.url));
const strict = ['-Wall', '-Wextra', '-Werror', '-pedantic', '-O2', '-I', directory];
const c = ['cc', '-std=c99', ...strict];
const cxx = ['g++', '-std=c++11', '-x', 'c++', ...strict];

/** Judges its standard input as the beginning of a memory of so many bytes: `judge 4096`. */
const judge = `
#include "ivshmem-header.h"
#include <stdio.h>
#include <stdlib.h>

static unsigned char memory[4096];

int main(int argc, char **argv)
{
    struct ivshmem_header header;
    size_t length = fread(memory, 1, sizeof memory, stdin);
    int fault = ivshmem_header_check(memory, strtoull(argv[argc - 1], NULL, 0), &header);
    printf("%d", fault);
    if (fault == 0)
        printf(" %s %u %llu", header.label, (unsigned)header.vectors,
               (unsigned long long)header.region_size);
    return length == 0;
}
`;

const right = '495653484d454d00040302010100000080000000020000000010000000000000'.concat(
  '6c6162'.padEnd(192, '0'),
);

/** The right bytes with others at an offset. */
function withBytes(offset: number, hex: string): string {
  return right.slice(0, 2 * offset) + hex + right.slice(2 * offset + hex.length);
}

const cases: readonly (readonly [title: string, hex: string, says: string, size?: number])[] = [
  ['what is right', right, '0 lab 2 4096'],
  ['reserved bytes in use', withBytes(96, 'ff'.repeat(32)), '0 lab 2 4096'],
  ['a longer header', withBytes(16, '00010000'), '0 lab 2 4096'],
  ['a label of 63 bytes', withBytes(32, '78'.repeat(63)), `0 ${'x'.repeat(63)} 2 4096`],
  ['4 GiB and a page', withBytes(24, '0010000001000000'), '0 lab 2 4294971392', 2 ** 32 + 4096],
  ['zeroes', '00'.repeat(128), '-1'],
  ['another magic', withBytes(7, '01'), '-1'],
  ['a mark of the other byte order', withBytes(8, '01020304'), '-2'],
  ['another mark', withBytes(8, '00'), '-2'],
  ['version 0', withBytes(12, '00000000'), '-3'],
  ['version 2', withBytes(12, '02000000'), '-3'],
  ['a header of 127 bytes', withBytes(16, '7f000000'), '-4'],
  ['a header larger than the memory', withBytes(16, '01100000'), '-4'],
  ['another memory', withBytes(24, '0020000000000000'), '-4'],
  ['less memory than a header', right, '-4', 127],
  ['no vectors', withBytes(20, '00000000'), '-5'],
  ['2049 vectors', withBytes(20, '01080000'), '-5'],
  ['an empty label', withBytes(32, '000000'), '-6'],
  ['a label without an end', withBytes(32, '78'.repeat(64)), '-6'],
  ['bytes behind the end of the label', withBytes(36, '78'), '-6'],
];

/** Compiles the judge, and asks it about every case. */
function judgeAll(t: Test, [compiler = '', ...flags]: readonly string[]): void {
  const place = temp(t);
  writeFileSync(`${place}/judge.c`, judge);
  execFileSync(compiler, [...flags, '-o', `${place}/judge`, `${place}/judge.c`]);
  for (const [title, hex, says, size = 4096] of cases) {
    const input = Buffer.from(hex, 'hex');
    const stdout = execFileSync(`${place}/judge`, [String(size)], { input, encoding: 'utf8' });
    t.equal(stdout, says, title);
  }
}

t.test('the header is C99 without a warning, and names what is wrong', need('cc'), async (t) => {
  judgeAll(t, c);
});

t.test('the header is C++ without a warning, and judges the same', async (t) => {
  if (spawnSync('g++', ['--version']).error) t.pass('there is no compiler for it here');
  else judgeAll(t, cxx);
});
