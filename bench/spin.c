/* A round trip between two processes that never sleep. */
#include "baseline.h"

static void wait_for(int fd) {
  while (drain(fd) == 0)
    ;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  round_trips(atol(argv[1]), wait_for);
}
