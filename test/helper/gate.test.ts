import { spawnSync } from 'node:child_process';
import t from 'tap';

const gate = new URL('gate.js', import.meta.url).href;

/** Runs a script behind the gate, as the runner runs a test file. */
function run(script: string) {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', gate, '--input-type=module', '-e', script],
    { encoding: 'utf8', env: { ...process.env, NODE_V8_COVERAGE: '' } },
  );
  return { status, stderr };
}

t.test('a process that leaves a descriptor open fails and names it', async (t) => {
  const { status, stderr } = run(`import fs from 'node:fs'; fs.openSync('/etc/passwd');`);
  t.equal(status, 1);
  t.match(stderr, /leaked descriptors.*\n {2}\d+ -> \/etc\/passwd\n/);
});

t.test('a process that closes what it opens passes', async (t) => {
  const { status, stderr } = run(
    `import fs from 'node:fs'; fs.closeSync(fs.openSync('/etc/passwd'));`,
  );
  t.same({ status, stderr }, { status: 0, stderr: '' });
});

t.test('a leak fails a process that leaves by process.exit(0)', async (t) => {
  const { status } = run(`import fs from 'node:fs'; fs.openSync('/etc/passwd'); process.exit(0);`);
  t.equal(status, 1);
});

t.test('a leak does not hide another exit code behind success', async (t) => {
  const { status } = run(`import fs from 'node:fs'; fs.openSync('/etc/passwd'); process.exit(3);`);
  t.not(status, 0);
});

t.test('what Node opens for itself is no leak', async (t) => {
  const { status, stderr } = run(`
    import { execFileSync, spawn } from 'node:child_process';
    import dns from 'node:dns/promises';
    import fs from 'node:fs';
    import net from 'node:net';
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    process.on('SIGTERM', () => {});
    process.stdin.resume();
    fs.watch('/').close();
    execFileSync('true');
    await once(spawn('true'), 'exit');
    await fs.promises.readFile('/etc/passwd');
    await dns.lookup('localhost').catch(() => {});
    await once(new Worker('import("node:fs")', { eval: true }), 'exit');
    const server = net.createServer((socket) => socket.end()).listen('\\0gate-' + process.pid);
    await once(server, 'listening');
    const client = net.connect('\\0gate-' + process.pid).resume();
    await once(client, 'close');
    server.close();
    process.stdin.destroy();
  `);
  t.same({ status, stderr }, { status: 0, stderr: '' });
});

t.test('neither a forked child nor a worker is gated', async (t) => {
  const { status, stderr } = run(`
    import { fork } from 'node:child_process';
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    import fs from 'node:fs';
    if (process.execArgv.includes('--import')) process.exit(9);
    const file = fs.mkdtempSync('/tmp/gate-') + '/leak.cjs';
    fs.writeFileSync(file, 'require("fs").openSync("/etc/passwd")');
    const [code] = await once(fork(file), 'exit');
    const [workerCode] = await once(new Worker('process.exit(0)', { eval: true }), 'exit');
    fs.rmSync(file.replace('/leak.cjs', ''), { recursive: true });
    process.exitCode = code + workerCode;
  `);
  t.same({ status, stderr }, { status: 0, stderr: '' });
});
