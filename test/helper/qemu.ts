// A real QEMU without a guest, as a process: its command line, its life and its end.
// Rule 1: the CPU never runs (-S); what a guest would do, `device.ts` does over qtest.
// Rule 2: nothing is waited for at the start. QEMU answers its first command only once the server has
//   given it the memory, and a QEMU that was refused never does: ask `exit` how it ended.
// Rule 3: TCG everywhere: under KVM the guests of the test machines hang.

import { Child, type Exit } from './child.js';
import { hasEnded, isRunning, isStopped } from './look.js';
import { Qtest } from './qtest.js';
import type { Scope } from './temp.js';

export interface QemuOptions {
  /** Gives it one ivshmem-doorbell device, which connects here. */
  readonly socket?: string;
  /** Of that device. Default 1. */
  readonly vectors?: number;
  /** Of that device. */
  readonly master?: boolean;
  /** RLIMIT_NOFILE, soft and hard. */
  readonly fdLimit?: number;
  /** More options, after the chardev and before the device. */
  readonly before?: readonly string[];
  /** More options, at the end: further devices, or others than the doorbell one. */
  readonly extra?: readonly string[];
  readonly machine?: 'q35' | 'pc';
  /** Goes before the command: `asUser`, `inCgroup`. */
  readonly as?: readonly string[];
}

export class Qemu {
  readonly qtest: Qtest;
  readonly #child: Child;

  constructor(t: Scope, options: QemuOptions) {
    this.#child = new Child(t, [...(options.as ?? []), 'qemu-system-x86_64', ...args(options)], {
      fdLimit: options.fdLimit,
    });
    this.qtest = new Qtest(this.#child);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What QEMU complained of until now. */
  get stderr(): string {
    return this.#child.stderr;
  }

  /** Resolves when QEMU has ended, whatever the way. */
  get exit(): Promise<Exit> {
    return this.#child.exit;
  }

  /** True when QEMU still answers: more than not having ended, for its main loop may hang. */
  async lives(): Promise<boolean> {
    return this.qtest.command('readl 0x0').then(
      () => true,
      () => false,
    );
  }

  /** Stops the process, like a VM that is paused by its host; it stands still on return. */
  stop(): void {
    this.#child.kill('SIGSTOP');
    while (!isStopped(this.pid) && isRunning(this.pid));
  }

  cont(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends the process without a word to anybody; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exit;
  }

  /** The same at once: on return it has ended, and nobody in this process has had the time to see it. */
  killUnseen(): void {
    this.#child.kill('SIGKILL');
    while (!hasEnded(this.pid));
  }
}

function args({
  socket,
  vectors = 1,
  master,
  before = [],
  extra = [],
  machine = 'q35',
}: QemuOptions): string[] {
  const device = `ivshmem-doorbell,chardev=c,vectors=${vectors}${master ? ',master=on' : ''}`;
  return [
    ...['-machine', machine, '-accel', 'tcg', '-S', '-m', '16M'],
    ...['-display', 'none', '-nodefaults', '-no-user-config'],
    ...['-qtest', 'stdio', '-qtest-log', '/dev/null'],
    ...(socket === undefined ? [] : ['-chardev', `socket,path=${socket},id=c`]),
    ...before,
    ...(socket === undefined ? [] : ['-device', device]),
    ...extra,
  ];
}
