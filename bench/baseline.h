/* What the C programs share. Each is called as PROGRAM OPERATIONS MEMORY, does the work twice, and
   says how many nanoseconds one operation of the second time took. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Ends the program if a call failed. */
static inline long check(long result, const char *call) {
  if (result < 0) {
    perror(call);
    exit(1);
  }
  return result;
}

static inline double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

/* Created as the server creates doorbells. */
static inline int doorbell(void) {
  return check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
}

static inline void ring(int fd) {
  uint64_t one = 1;
  check(write(fd, &one, sizeof one), "write");
}

/* The count, or 0 if nobody rang. */
static inline uint64_t drain(int fd) {
  uint64_t count = 0;
  if (read(fd, &count, sizeof count) < 0 && errno != EAGAIN) check(-1, "read");
  return count;
}

/* Two processes ring each other; `wait_for` takes the next ring of a doorbell. */
static inline void round_trips(long operations, void (*wait_for)(int fd)) {
  int there = doorbell(), back = doorbell();
  pid_t partner = check(fork(), "fork");
  if (partner == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (long count = 0; count < 2 * operations; count += 1) {
      wait_for(there);
      ring(back);
    }
    _exit(0);
  }
  double start = 0;
  for (long count = 0; count < 2 * operations; count += 1) {
    if (count == operations) start = now();
    ring(there);
    wait_for(back);
  }
  printf("%f\n", (now() - start) / operations);
  check(waitpid(partner, NULL, 0), "waitpid");
}
