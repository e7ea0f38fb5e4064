// `ivshmem doctor`: looks at this machine and at a running lab for what makes labs fail.
//
// Rule 1: to look harms nobody: see src/control/doctor/scene.ts.
// Rule 2: the exit code is for scripts: 1 where an error was found, and a warning is none.
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import { ControlClient } from '../control/client.js';
import { ControlError } from '../control/control-error.js';
import { examine } from '../control/doctor/examine.js';
import { readScene, type SceneOptions } from '../control/doctor/scene.js';
import { isTrustedAt } from '../control/held-socket.js';
import { OptionsError } from '../server/error.js';
import { controlOption, controlPath } from './control-path.js';
import { defaultSocket, socketPath } from './default-socket.js';
import { reportOf } from './doctor-report.js';
import { CommandError, EXIT_SYSTEM } from './exit.js';
import { print, printJson, ReadersEnd } from './print.js';
import { checkSurplus } from './surplus.js';

export const doctorOptions = {
  control: controlOption,
  socket: {
    type: 'string',
    array: true,
    requiresArg: true,
    description: 'Path of a socket of VMs to look at; may be given more than once',
    defaultDescription: '$XDG_RUNTIME_DIR/ivshmem.sock, for root /run/ivshmem.sock',
  },
  json: { type: 'boolean', description: 'Print one array of findings' },
} as const satisfies Record<string, Options>;

type DoctorArguments = InferredOptionTypes<typeof doctorOptions>;

export const doctorCommand: CommandModule<object, DoctorArguments> = {
  builder: (yargs) =>
    yargs
      .options(doctorOptions)
      .example('$0 doctor', 'Look at this machine, and at the server if one runs')
      .example('$0 doctor --socket /run/lab.sock', 'And at the QEMUs and files of this socket')
      .example('$0 doctor --json', 'For scripts')
      .epilogue(
        'Exit code 0: no error was found, warnings perhaps; 1: at least one error, or it could not look; ' +
          '2: called wrongly. Nothing is changed, nobody is signalled or started, no socket of VMs is connected to. ' +
          'Only root sees what other users have open.',
      ),
  handler: doctor,
};

async function doctor(given: ArgumentsCamelCase<DoctorArguments>): Promise<void> {
  checkSurplus(given);
  const sockets = (given.socket ?? [defaultSocket()]).map((one) =>
    path.resolve(shortEnough(socketPath(one))),
  );
  // Without it every look is at nothing.
  if (!existsSync('/proc/self')) throw new CommandError(NO_PROC);
  const named = given.socket === undefined ? [] : sockets;
  const scene = await readScene({ sockets, named, ...serverFor(given.control) });
  const findings = await examine(scene);
  if (findings.some(({ severity }) => severity === 'error')) process.exitCode = EXIT_SYSTEM;
  try {
    if (given.json === true) await printJson(findings);
    else await print(reportOf(findings, { isColoured: isColourWanted() }));
  } catch (error) {
    if (!(error instanceof ReadersEnd)) throw error;
  }
}

const NO_PROC =
  '/proc is not there, and nothing can be looked at without it; mount it: mount -t proc proc /proc';

// Of several servers none was meant; the rest of the machine is looked at all the same.
function serverFor(
  given: string | undefined,
): Pick<SceneOptions, 'askStatus' | 'control' | 'isServerExpected'> {
  try {
    const client = new ControlClient(controlPath(given));
    return {
      askStatus: () => client.status(),
      control: path.resolve(client.path),
      // At a default place, where everybody may make files, a stranger's means nothing.
      isServerExpected: given !== undefined || isTrustedAt(client.path),
    };
  } catch (error) {
    if (given !== undefined || !(error instanceof OptionsError)) throw error;
    const several = new ControlError('ERR_IVSHMEM_SEVERAL', error.message);
    return { askStatus: () => Promise.reject(several) };
  }
}

// https://man7.org/linux/man-pages/man7/unix.7.html: sun_path, and the zero at its end.
function shortEnough(socket: string): string {
  const bytes = Buffer.byteLength(socket);
  if (bytes <= 107) return socket;
  throw new OptionsError('socket', `a path of ${bytes} bytes is no socket; allowed: 1–107 bytes`);
}

function isColourWanted(): boolean {
  const { NO_COLOR, TERM } = process.env;
  return process.stdout.isTTY && !NO_COLOR && TERM !== 'dumb';
}
