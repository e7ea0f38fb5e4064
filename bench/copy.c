/* 64 MiB copied into the shared memory; the first copies have all pages there. */
#include "baseline.h"

#define SIZE (64L << 20)

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  long operations = atol(argv[1]);
  int fd = check(open(argv[2], O_RDWR | O_CLOEXEC), "open");
  char *target = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char *source = malloc(SIZE);
  if (target == MAP_FAILED || source == NULL) check(-1, "mmap");
  memset(source, 1, SIZE);
  double start = 0;
  for (long count = 0; count < 2 * operations; count += 1) {
    if (count == operations) start = now();
    memcpy(target, source, SIZE);
    __asm__ volatile("" : : "r"(target) : "memory"); /* each copy counts */
  }
  printf("%f\n", (now() - start) / operations);
}
