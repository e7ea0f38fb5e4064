/* A doorbell rung that nobody reads. */
#include "baseline.h"

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  long operations = atol(argv[1]);
  int fd = doorbell();
  double start = 0;
  for (long count = 0; count < 2 * operations; count += 1) {
    if (count == operations) start = now();
    ring(fd);
  }
  printf("%f\n", (now() - start) / operations);
}
