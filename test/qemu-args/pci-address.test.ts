import t from 'tap';
import { formatPciAddress, parsePciAddress } from '../../src/qemu/pci-address.js';

for (const [text, slot, fn, written] of [
  ['5', 5, 0, '05.0'],
  ['05', 5, 0, '05.0'],
  ['0x5', 5, 0, '05.0'],
  ['10', 16, 0, '10.0'],
  ['1f.7', 31, 7, '1f.7'],
  ['0X1F.0', 31, 0, '1f.0'],
  ['a.1', 10, 1, '0a.1'],
] as const) {
  t.test(`'${text}' is slot ${slot}, function ${fn}`, async (t) => {
    t.same(parsePciAddress(text), { slot, fn });
    t.equal(formatPciAddress({ slot, fn }), written);
  });
}

for (const text of ['0', '00', '0x0', '0.0', '0.1', '00.7']) {
  t.test(`'${text}' is where the host bridge is`, async (t) => {
    t.equal(parsePciAddress(text), undefined);
  });
}

for (const text of ['', '20', '5.8', '5.', '.1', '-1', 'g', '005', '5.0.0', '00:05.0', '5 ']) {
  t.test(`'${text}' is no place on a bus`, async (t) => {
    t.equal(parsePciAddress(text), undefined);
  });
}
