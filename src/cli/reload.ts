// `ivshmem reload`: a server reads its configuration again, and says what came of it.
//
// By its control socket if it has one, and by a signal otherwise.
//
// Rule 1: the process that is signalled is the one that the kernel says is listening, never one that only
//         a file or the server's own word names.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import { errno, SystemError } from '../../native/system-error.js';
import type { AnsweredRegion } from '../peer/ask.js';
import { PeerError } from '../peer/peer-error.js';
import type { ReloadReport } from '../protocol/answer.js';
import { printableIn } from '../protocol/printable.js';
import { askControl } from './ask-control.js';
import { askServer, type NamedSockets } from './ask-server.js';
import { controlOption, USAGE_CODE } from './control-path.js';
import { CommandError, EXIT_SYSTEM } from './exit.js';
import { nobodyListens } from './host-socket.js';
import { print } from './print.js';
import { controlOfMeant } from './reload-target.js';
import { withRemedy } from './remedy.js';
import { text } from './text-option.js';
import { checkSurplus } from './surplus.js';

export const reloadOptions = {
  control: controlOption,
  socket: text(
    'Path of the socket of any region of the server',
    '$XDG_RUNTIME_DIR/ivshmem.sock, for root /run/ivshmem.sock',
  ),
  'host-socket': text(
    'Path of its socket for host commands, which is asked',
    "the socket's, and .host",
  ),
} as const satisfies Record<string, Options>;

type ReloadArguments = ArgumentsCamelCase<InferredOptionTypes<typeof reloadOptions>>;

export const reloadCommand: CommandModule<object, InferredOptionTypes<typeof reloadOptions>> = {
  builder: (yargs) =>
    yargs
      .options(reloadOptions)
      .example(
        '$0 reload --socket /run/ivshmem/lab.sock',
        'Read the file again, and say what came of it',
      )
      .epilogue(
        `Exit code 0: all is as the file says; 1: the server, or some of the file, did not allow it; ${USAGE_CODE}.`,
      ),
  handler: reload,
};

const ANSWER_MS = 60_000;
const PAUSE_MS = 20;
const GONE = 'this region is there no more: name a socket of one that stays, or look into the log';

async function reload(given: ReloadArguments): Promise<void> {
  checkSurplus(given);
  try {
    const control = await controlFor(given);
    const report = await (control === undefined
      ? reloaded(given)
      : askControl(control, (client) => client.reload()));
    if (report === undefined) return;
    const { summary, problems } = printableIn(report);
    for (const problem of problems) console.error(`ivshmem reload: ${problem}`);
    if (problems.length > 0) process.exitCode = EXIT_SYSTEM;
    await print(`${summary}\n`);
  } catch (error) {
    throw withRemedy(error);
  }
}

// Who names a socket means it. Through the control socket it can be asked even by who may not join.
async function controlFor({ control, socket, hostSocket }: ReloadArguments) {
  if (control !== undefined) return control;
  return socket === undefined && hostSocket === undefined ? controlOfMeant() : undefined;
}

async function reloaded(named: NamedSockets): Promise<ReloadReport> {
  const { reload: before, visiblePid } = await askListener(named);
  if (before === undefined) {
    throw new CommandError(
      'this server has no configuration file: it was started without --config',
    );
  }
  signal(visiblePid);
  const end = performance.now() + ANSWER_MS;
  for (;;) {
    const report = await reportOf(named);
    if (report !== undefined && report.done > before.asked) return report;
    if (performance.now() > end)
      throw new CommandError('the server does not say; look into its log');
    await sleep(PAUSE_MS);
  }
}

// To who connected before the server began to listen on a socket of systemd's, the kernel names systemd: it is
// asked again then. (In another PID namespace the two differ for ever.)
async function askListener(named: NamedSockets): Promise<AnsweredRegion> {
  const region = await askServer(named);
  return region.visiblePid === region.pid ? region : askServer(named);
}

// Undefined: ask again. The region that is asked may be one that the file has no more.
async function reportOf(named: NamedSockets): Promise<ReloadReport | undefined> {
  try {
    return (await askServer(named)).reload;
  } catch (error) {
    if (error instanceof PeerError && error.code === 'ERR_IVSHMEM_HANG_UP') return undefined;
    const { cause = error } = error as Error;
    if (!nobodyListens(cause)) throw error;
    return { asked: Infinity, done: Infinity, summary: 'reloaded', problems: [GONE] };
  }
}

function signal(pid: number): void {
  if (pid === 0) {
    throw new CommandError(
      "the server's process cannot be seen from here (another PID namespace); send it SIGHUP there",
    );
  }
  try {
    process.kill(pid, 'SIGHUP');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SystemError(code === 'EPERM' ? errno.EPERM : errno.ESRCH, 'kill', `process ${pid}`);
  }
}
