/* A round trip between two processes that sleep in epoll_wait. */
#include "baseline.h"

static void wait_for(int fd) {
  static int epoll = -1;
  struct epoll_event event = {.events = EPOLLIN};
  if (epoll < 0) {
    epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }
  do
    check(epoll_wait(epoll, &event, 1, -1), "epoll_wait");
  while (drain(fd) == 0);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  round_trips(atol(argv[1]), wait_for);
}
