import t from 'tap';
import { doorbellXml, isXmlText, plainXml } from '../../src/qemu/libvirt-xml.js';
import { attributeOf, complaintsOf } from '../helper/libvirt.js';
import { need } from '../helper/need.js';

const options = { alias: 'lab-1', address: { slot: 31, fn: 7 }, isMaster: true };
const doorbell = `<shmem name='lab' role='master'>
  <model type='ivshmem-doorbell'/>
  <server path='/run/lab.sock'/>
  <msi vectors='4' ioeventfd='on'/>
  <alias name='ua-lab-1'/>
  <address type='pci' domain='0x0000' bus='0x00' slot='0x1f' function='0x7'/>
</shmem>`;
const plain = `<shmem name='lab'>
  <model type='ivshmem-plain'/>
  <size unit='MiB'>16</size>
</shmem>`;

t.test('a doorbell device has a server and vectors, and no size', async (t) => {
  t.equal(doorbellXml({ name: 'lab', socket: '/run/lab.sock', vectors: 4, ...options }), doorbell);
});

t.test('a plain device has a size, and its name is that of the memory', async (t) => {
  t.equal(plainXml({ name: 'lab', sizeBytes: 2 ** 24 }), plain);
});

const judged = need('xmllint', 'libvirt-schema');

const right: Readonly<Record<string, string>> = {
  'no device': '',
  'a doorbell device': doorbellXml({ name: 'a', socket: '/s', vectors: 1 }),
  'a doorbell device with everything': doorbell,
  'a plain device': plain,
  'a plain device with everything': plainXml({ name: 'a', sizeBytes: 2 ** 20, ...options }),
  'the largest memory': plainXml({ name: 'a', sizeBytes: 2 ** 52 }),
  'a path that has to be escaped': doorbellXml({ name: 'a&b', socket: `/<&'">`, vectors: 1 }),
  'two devices': `${doorbell}\n${plain}`,
};
for (const [what, xml] of Object.entries(right)) {
  t.test(`libvirt's schema takes ${what}`, judged, async (t) => {
    t.equal(complaintsOf(t, xml), '');
  });
}

const wrong: Readonly<Record<string, string>> = {
  'an unknown model': doorbell.replace('ivshmem-doorbell', 'ivshmem-bell'),
  'an unknown element': doorbell.replace('<msi', '<reconnect enabled="yes"/><msi'),
  'reconnect at the server': doorbell.replace(/(<server .*)\/>/, '$1><reconnect/></server>'),
  'an unknown role': doorbell.replace("role='master'", "role='first'"),
  'no name': plain.replace(" name='lab'", ''),
  'a name with a slash': plain.replace("'lab'", "'a/b'"),
  'a relative path': doorbell.replace('/run/lab.sock', 'lab.sock'),
  'a size that is none': plain.replace('16', 'much'),
  'vectors that are none': doorbell.replace("'4'", "'four'"),
  'a slot that there is not': doorbell.replace('0x1f', '0x20'),
  'a tag without an end': doorbell.replace('</shmem>', ''),
};
for (const [what, xml] of Object.entries(wrong)) {
  t.test(`libvirt's schema does not take ${what}`, judged, async (t) => {
    t.not(complaintsOf(t, xml), '');
  });
}

for (const socket of ['/plain', '/a b', '/ä/💥', `/<&>'"`, '/&amp;']) {
  t.test(`a reader of XML gets ${JSON.stringify(socket)} back`, need('xmllint'), async (t) => {
    const xml = doorbellXml({ name: 'a', socket, vectors: 1 });
    t.equal(attributeOf(t, xml, '/shmem/server/@path'), socket);
  });
}

t.test('what cannot be written is known', async (t) => {
  for (const text of ['', '/run/a b', 'ä💥', '\ufffd']) t.ok(isXmlText(text), text);
  for (const text of ['\0', 'a\x01', '\t', 'a\n', '\x1f', '\x7f', '\ufffe', '\uffff', '\ud800']) {
    t.notOk(isXmlText(text), JSON.stringify(text));
  }
});
