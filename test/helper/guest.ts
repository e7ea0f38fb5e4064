// A real guest: Linux under QEMU, and what its console says to what is typed there.
// Rule 1: the console is the only way in; a command's end is told by the guest's own shell.
// Rule 2: a guest that fails shows its console: in the error, and when the test has failed.
// Rule 3: TCG only: under KVM the guests of the test machines hang.
import type { Test } from 'tap';
import { Child } from './child.js';
import { guestImage } from './guest-image.js';
import { until } from './until.js';

const KERNEL_OPTIONS =
  'console=ttyS0 quiet panic=-1 nokaslr mitigations=off tsc=reliable no_timer_check ' +
  'random.trust_cpu=on 8250.nr_uarts=1 cryptomgr.notests rcupdate.rcu_expedited=1 intel_iommu=on';
// With both processors busy otherwise, a guest boots in half a minute.
const COMMAND_MS = 120_000;

/** What a guest has. */
export interface GuestOptions {
  /** QEMU's options for its devices. */
  readonly devices: readonly string[];
  /** Default: the one that `boot/build` made. */
  readonly initramfs?: string;
  /** More of the kernel's command line. */
  readonly kernelOptions?: string;
}

/** How a command in a guest ended. */
export interface GuestResult {
  readonly code: number;
  readonly output: string;
}

/** One guest with a shell. */
export class Guest {
  readonly #child: Child;
  #console = '';
  #seen = 0;

  private constructor(t: Test, name: string, argv: readonly string[]) {
    t.teardown(() => {
      if (!t.passing()) console.error(`--- console of guest ${name}\n${this.#console}\n---`);
    });
    this.#child = new Child(t, ['qemu-system-x86_64', ...argv]);
    this.#child.stdout.setEncoding('latin1').on('data', (text: string) => (this.#console += text));
  }

  /** Boots one; resolves when its shell answers. */
  static async boot(t: Test, name: string, options: GuestOptions): Promise<Guest> {
    const guest = await Guest.start(t, name, argumentsOf(options));
    await guest.run('dmesg -n 1');
    return guest;
  }

  /** The same by these arguments of QEMU's, which give the guest's console our standard streams. */
  static async start(t: Test, name: string, argv: readonly string[]): Promise<Guest> {
    const guest = new Guest(t, name, argv);
    // Behind the prompt it asks the terminal where the cursor is.
    await guest.#appears('the prompt', /guest# /);
    // From here on the shell is no terminal's: it neither echoes nor prompts.
    guest.#child.stdin.write('stty -echo; sh 2>&1 | cat\n');
    await guest.do('true');
    return guest;
  }

  /** What its console has shown until now. */
  get console(): string {
    return this.#console;
  }

  /** Runs a command to its end. */
  async run(command: string): Promise<GuestResult> {
    this.#seen = this.#console.length;
    this.#child.stdin.write(`${command}\necho "<end" $?">"\n`);
    const [text, code] = await this.#appears(command, /<end (\d+)>\r?\n/);
    const output = text.slice(0, text.lastIndexOf('<end')).replaceAll('\r', '');
    return { code: Number(code), output };
  }

  /** Runs a command that must succeed; gives what it printed. */
  async do(command: string): Promise<string> {
    const { code, output } = await this.run(command);
    if (code !== 0) throw new Error(`'${command}' in the guest ended with ${code}: ${output}`);
    return output;
  }

  /** What its kernel complained of: warnings with a trace, and worse. */
  async complaints(): Promise<string[]> {
    const log = await this.do('dmesg');
    return log
      .split('\n')
      .filter((line) =>
        /BUG:|Oops|WARNING:|Call Trace|refcount|probe of .* failed|conflicting memory types/.test(
          line,
        ),
      );
  }

  /** Ends it as a crash of its host would; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exit;
  }

  /** Resolves with what the console shows up to what matches, and the match's first group. */
  async #appears(what: string, pattern: RegExp): Promise<[text: string, group: string]> {
    const match = await until(
      what,
      () => {
        if (!this.#child.alive) throw new Error(`the guest ended: ${this.#child.stderr}`);
        return pattern.exec(this.#console.slice(this.#seen)) ?? undefined;
      },
      COMMAND_MS,
    ).catch((cause: unknown) => {
      throw new Error(`the guest's console:\n${this.#console}`, { cause });
    });
    return [
      this.#console.slice(this.#seen).slice(0, match.index + match[0].length),
      match[1] ?? '',
    ];
  }
}

/** A device with the doorbells of a region, at 0000:00:ADDR.0. */
export function doorbellDevice(socket: string, vectors: number, addr = 4): string[] {
  return [
    ...['-chardev', `socket,path=${socket},id=c${addr}`],
    ...['-device', `ivshmem-doorbell,chardev=c${addr},vectors=${vectors},addr=${addr}`],
  ];
}

/** What to type in a guest so that the kernel gives a device to programs that are drivers. */
export function bindToVfio(address: string): string {
  return [
    'modprobe vfio-pci',
    'modprobe vfio_iommu_type1',
    `echo vfio-pci >/sys/bus/pci/devices/${address}/driver_override`,
    `echo ${address} >/sys/bus/pci/drivers_probe`,
  ].join('\n');
}

/** A device without doorbells; `backend` is the object that its memory is, without an ID. */
export function plainDevice(backend: string, addr: number): string[] {
  const device = `ivshmem-plain,memdev=m${addr},addr=${addr}`;
  return ['-object', `${backend},id=m${addr}`, '-device', device];
}

function argumentsOf({
  devices,
  initramfs = `${guestImage}/initramfs`,
  kernelOptions = '',
}: GuestOptions): string[] {
  return [
    ...['-M', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', '128M'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
    ...['-kernel', `${guestImage}/vmlinuz`, '-initrd', initramfs],
    ...['-append', `${KERNEL_OPTIONS} ${kernelOptions}`, '-device', 'intel-iommu', ...devices],
  ];
}
