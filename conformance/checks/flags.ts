// The other flags.
import { existsSync, fstatSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { must, type Check } from '../check.js';
import { Company } from '../company.js';
import { receiveMemory } from '../connection.js';
import { isListening, isRunning } from '../../test/helper/look.js';
import { describeEnd } from '../server-process.js';
import { hasMark } from '../stray.js';

export const help: Check = {
  name: 'help',
  what: '-h: the flags, and exit code 0',
  async run(subject) {
    const server = await subject.run(['-h']);
    await subject.until('its output ends', () => server.hasSaidAll);
    const { stdout, stderr } = server;
    must(server.end?.code === 0, `ends with ${describeEnd(server)}`);
    const missing = 'hvFpSMmln'
      .split('')
      .filter((flag) => !`${stdout}${stderr}`.includes(`-${flag}`));
    must(missing.length === 0, `says nothing of -${missing.join(', -')}`);
    must(!existsSync(subject.socket), 'serves, too');
  },
};

export const verbose: Check = {
  name: 'verbose',
  what: '-F -v: something is said when a peer joins',
  async run(subject) {
    const server = await subject.start(['-v']);
    await Company.of(subject, 1);
    await subject.until('something is said', () => server.stdout + server.stderr !== '');
  },
};

export const directory: Check = {
  name: 'directory',
  what: '-m DIRECTORY: the memory is there, and not under its name',
  async run(subject) {
    const path = `${subject.directory}/memory`;
    mkdirSync(path);
    await subject.start(['-m', path]);
    const { size, dev } = fstatSync((await receiveMemory(subject)).rawFd);
    must(dev === statSync(path).dev && !existsSync(subject.shmPath), 'the memory is elsewhere');
    must(size === 4 * 1024 ** 2, `the memory has ${size} bytes`);
  },
};

export const daemon: Check = {
  name: 'daemon',
  what: 'without -F: ends with 0 when the socket accepts, leaves a pid file, goes on SIGTERM',
  async run(subject) {
    const parent = await subject.run([]);
    must(parent.end?.code === 0, `the start ends with ${describeEnd(parent)} ${parent.stderr}`);
    must(isListening(subject.socket), 'ends before the socket accepts connections');
    must(existsSync(subject.pidFile), 'there is no pid file');
    const pid = Number(readFileSync(subject.pidFile, 'latin1'));
    // Another program's process may have that ID: it is not signalled.
    must(hasMark(pid, subject.mark), `the pid file says ${pid}, which is not the daemon`);
    await (await Company.of(subject, 2)).prove();
    process.kill(pid, 'SIGTERM');
    await subject.until('the daemon ends on SIGTERM', () => !isRunning(pid));
    for (const [what, left] of Object.entries({
      'its socket': subject.socket,
      'its pid file': subject.pidFile,
      'the name of its memory': subject.shmPath,
    })) {
      must(!existsSync(left), `leaves ${what}`);
    }
  },
};
