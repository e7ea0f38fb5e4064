// The judge of XML for libvirt: libvirt's own schema of a domain.
// Rule 1: a device is judged inside a domain that is right without it.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { temp, type Scope } from './temp.js';

const schema = '/usr/share/libvirt/schemas/domain.rng';

/** What is wrong with a domain that has these devices; empty when nothing is. */
export function complaintsOf(t: Scope, devices: string): string {
  const file = `${temp(t)}/domain.xml`;
  writeFileSync(
    file,
    `<domain type='kvm'>
  <name>lab</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
${devices}
  </devices>
</domain>
`,
  );
  try {
    execFileSync('xmllint', ['--noout', '--relaxng', schema, file], { stdio: 'pipe' });
    return '';
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr);
  }
}

/** What an attribute says, as a reader of XML sees it. */
export function attributeOf(t: Scope, xml: string, path: string): string {
  const file = `${temp(t)}/shmem.xml`;
  writeFileSync(file, xml);
  const text = execFileSync('xmllint', ['--xpath', `string(${path})`, file], { encoding: 'utf8' });
  return text.slice(0, -1);
}
