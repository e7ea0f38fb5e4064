// A page of the documentation, as its reader follows it: commands, in a place of their own.
//
// Rule 1: the page's directory stands for /tmp and for /dev/shm's names, so that pages do not meet.
// Rule 2: some commands are wrapped, because a reader has several terminals: `ivshmem serve` goes on in
//   the background once it is ready (unless the page itself waits for that), `npx ivshmem` is it, too,
//   QEMU is what the test says, and of npm only `npm start` and `npm run compare -- …` do something:
//   the suite that runs this is `npm ci && npm test`. Packages are installed only if one is missing.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child, type Exit } from './child.js';
import { temp, type Scope } from './temp.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const cli = `${root}dist/src/cli`;

export interface PageOptions {
  /** What becomes of `qemu-system-x86_64`: bash, which finds the real one in $real. */
  readonly qemu: string;
  /** Whether servers end with a run, and not with the test. Default true. */
  readonly isOneRun?: boolean;
}

/** One page that is followed. */
export class Page {
  /** What stands for /tmp. */
  readonly directory: string;
  readonly #t: Scope;
  readonly #isOneRun: boolean;
  #runs = 0;

  constructor(t: Scope, { qemu, isOneRun = true }: PageOptions) {
    this.#t = t;
    this.#isOneRun = isOneRun;
    this.directory = temp(t);
    mkdirSync(`${this.directory}/bin`);
    writeFileSync(this.#pids, '');
    for (const [name, script] of Object.entries(wrappers(this.directory, qemu))) {
      writeFileSync(`${this.directory}/bin/${name}`, `#!/bin/bash\n${script}\n`);
      chmodSync(`${this.directory}/bin/${name}`, 0o755);
    }
    t.teardown(() => {
      this.#endServers();
    });
  }

  /** Runs commands, the first that fails being the last; resolves with their end. */
  async run(commands: string): Promise<Exit> {
    const script = `${this.directory}/page-${(this.#runs += 1)}.sh`;
    const names = commands
      .replaceAll('/tmp/', `${this.directory}/`)
      .replaceAll(/(--shm-name |\/dev\/shm\/)/g, `$1test-${process.pid}-`);
    const trap = this.#isOneRun ? `trap 'kill $(cat ${this.#pids}) || :' EXIT\n` : '';
    writeFileSync(script, `set -eux -o pipefail\n${trap}${names}`);
    const path = `${this.directory}/bin:${process.env['PATH'] ?? ''}`;
    const env = { ...process.env, PATH: path };
    const exit = await new Child(this.#t, ['bash', script], { env }).exit;
    return { ...exit, stderr: exit.stderr + this.#log };
  }

  /** What the servers in the background have said. */
  get #log(): string {
    const file = `${this.directory}/log`;
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  get #pids(): string {
    return `${this.directory}/pids`;
  }

  #endServers(): void {
    for (const pid of readFileSync(this.#pids, 'latin1').split('\n').slice(0, -1)) {
      try {
        process.kill(Number(pid), 'SIGTERM');
      } catch (error) {
        // The page ended it.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }
}

function wrappers(directory: string, qemu: string): Record<string, string> {
  const node = process.execPath;
  return {
    'ivshmem-client': `exec ${node} ${cli}/ivshmem-client.js "$@"`,
    'ivshmem-server': `exec ${node} ${cli}/ivshmem-server.js "$@"`,
    ivshmem: `
      [[ $1 == serve ]] || exec ${node} ${cli}/ivshmem.js "$@"
      if [[ "$*" == *--ready-fd* ]]; then
        echo $$ >>${directory}/pids
        exec ${node} ${cli}/ivshmem.js "$@"
      fi
      mkfifo ${directory}/up.$$
      ${node} ${cli}/ivshmem.js "$@" --ready-fd 9 9>${directory}/up.$$ \
        >${directory}/out.$$ 2>>${directory}/log &
      echo $! >>${directory}/pids
      read -r _ <${directory}/up.$$`,
    npm: `
      [[ $1 != start ]] || ivshmem serve --socket ${directory}/npm.sock
      [[ "$1 $2 $3" != 'run compare --' ]] || exec ${node} ${root}dist/conformance/run.js "\${@:4}"`,
    'qemu-system-x86_64': `
      real=$(PATH=\${PATH#*:} command -v qemu-system-x86_64)
      ${qemu}`,
    npx: '[[ $1 == ivshmem ]] && exec "$@"',
    sudo: 'exec "$@"',
    'apt-get': `
      real=$(PATH=\${PATH#*:} command -v apt-get)
      case $1 in
        update) apt-cache show linux-image-cloud-amd64 >/dev/null 2>&1 && exit ;;
        install)
          packages=()
          for word in "\${@:2}"; do [[ $word == -* ]] || packages+=("$word"); done
          dpkg-query -W "\${packages[@]}" >/dev/null 2>&1 && exit ;;
      esac
      exec "$real" "$@"`,
  };
}
