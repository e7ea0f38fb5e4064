// Makes a kernel call that blocks come back: a POSIX timer that signals this thread, and nobody else.
// https://man7.org/linux/man-pages/man2/timer_create.2.html (SIGEV_THREAD_ID)
//
// Rule 1: it stands from a call of `guard` until the event loop gets to a timer of 1 ms, so that it costs
//         one check a call, a thread that never returns to its loop keeps it, and an idle one has none.
// Rule 2: nobody notices but who blocks: the handler does nothing, and takes no signal that has one.
// Rule 3: it beats again and again. One beat could come just before the call that it is to end.
// A worker that is terminated leaves its timer behind; the kernel lets it rest, and frees it at exit.
import { libc, NULL, staticMemory } from './libc.js';
import { check } from './system-error.js';

const BEAT_NS = 10_000_000n;
const STANDS_MS = 1;
const SIGRTMAX = 64;
const SIG_UNBLOCK = 1;
const SIG_DFL = 0n;
const SIGEV_THREAD_ID = 4;
const CLOCK_MONOTONIC = 1;
const RTLD_DEFAULT = 0;

// struct sigaction in userland, glibc and musl: handler 0, mask 8–136, flags 136, restorer 144.
const action = staticMemory(152);
const signals = staticMemory(128);
// struct sigevent: value 0, signo 8, notify 12, thread 16.
const event = staticMemory(64);
const created = staticMemory(8);
// struct itimerspec: interval 0, value 16; each in seconds and nanoseconds.
const beating = staticMemory(32);
beating.view.setBigInt64(8, BEAT_NS, true);
beating.view.setBigInt64(24, BEAT_NS, true);
const resting = staticMemory(32);
const beatingAddress = Number(beating.address);
const restingAddress = Number(resting.address);

let isStanding = false;
let timer: number | undefined;

// Timers are the process's, not the thread's: a worker takes its own along.
process.once('exit', () => {
  if (timer !== undefined) libc.timer_delete(timer);
  timer = undefined;
  isStanding = false;
});

/**
 * For the rest of this turn of the event loop, and a millisecond of other turns, a kernel call of this
 * thread that blocks ends with EINTR within about 10 ms. Throws SystemError EAGAIN: the user has no room for one more timer (`ulimit -i`).
 */
export function guard(): void {
  if (!isStanding) stand();
}

function stand(): void {
  timer ??= createTimer();
  check(libc.timer_settime(timer, 0, beatingAddress, 0), 'timer_settime');
  isStanding = true;
  setTimeout(rest, STANDS_MS).unref();
}

function rest(): void {
  if (timer !== undefined) libc.timer_settime(timer, 0, restingAddress, 0);
  isStanding = false;
}

function createTimer(): number {
  const signal = takeSignal();
  // Blocked signals come down from whoever started the process.
  signals.view.setBigUint64(0, 1n << BigInt(signal - 1), true);
  libc.pthread_sigmask(SIG_UNBLOCK, signals.address, NULL);
  event.view.setInt32(8, signal, true);
  event.view.setInt32(12, SIGEV_THREAD_ID, true);
  event.view.setInt32(16, libc.gettid(), true);
  check(libc.timer_create(CLOCK_MONOTONIC, event.address, created.address), 'timer_create');
  return Number(created.view.getBigUint64(0, true));
}

// The highest real-time signal that nobody handles, or that another thread of ours has taken. The search
// ends at the signals that libc keeps for itself: EINVAL.
function takeSignal(): number {
  const handler = BigInt(libc.dlsym(RTLD_DEFAULT, 'abs')); // takes the number, and does nothing with it
  let signal = SIGRTMAX;
  while (![SIG_DFL, handler].includes(handlerOf(signal))) signal -= 1;
  new Uint8Array(action.view.buffer).fill(0);
  action.view.setBigUint64(0, handler, true);
  // Without SA_RESTART (flags 0): the kernel would begin the call again.
  check(libc.sigaction(signal, action.address, NULL), 'sigaction');
  return signal;
}

function handlerOf(signal: number): bigint {
  check(libc.sigaction(signal, NULL, action.address), 'sigaction');
  return action.view.getBigUint64(0, true);
}
