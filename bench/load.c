/* Many peers in one process, that obey the receiving half of the protocol to the letter:

     load SOCKET VECTORS

   Takes commands from standard input, one a line, and answers each with `ok NANOSECONDS MESSAGES`, or
   ends with 1 and a sentence at the first message that would harm a QEMU. Peers are numbered as they
   connect; nobody reads between commands.

     join COUNT   connects so many, and reads until all who are not stopped know exactly who is there
     settle       reads until that is so
     leave A B    peers A to B-1 hang up
     stop A B     peers A to B-1 read nothing from now on
     go A B       they read again

   A descriptor that comes with a message is let go by the kernel before it reaches the process: there
   is no room for control data, and MSG_CTRUNC tells that it was there. */
#include "baseline.h"
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { IDS = 65536, GONE = 0xffff, BATCH = 256, EVENTS = 256, SILENCE_MS = 30000 };

struct peer {
  int fd, welcome, id, latest, highest, known, is_reading, is_done;
  uint16_t *told; /* doorbells by ID */
};

static struct peer *peers;
static int count, present, vectors, epoll, undone, has_new_id;
static uint64_t messages;
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void broken(const struct peer *peer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "peer %d: ", peer->id);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  exit(1);
}

static int is_welcomed(const struct peer *peer) {
  return peer->welcome == 3 && peer->told[peer->id] == vectors;
}

static int knows_exactly(const struct peer *peer) {
  if (peer->welcome < 3 || peer->known != present) return 0;
  for (int other = 0; other < count; other += 1) {
    if (peers[other].fd < 0) continue;
    if (peers[other].welcome < 2 || peer->told[peers[other].id] != vectors) return 0;
  }
  return 1;
}

static void note_whether_done(struct peer *peer) {
  int is_done = !peer->is_reading || knows_exactly(peer);
  undone += peer->is_done - is_done;
  peer->is_done = is_done;
}

static void take_welcome(struct peer *peer, int64_t number, int has_fd) {
  if (peer->welcome == 0 && (number != 0 || has_fd)) broken(peer, "version %ld", number);
  if (peer->welcome == 1) {
    if (number < 0 || number >= IDS || has_fd) broken(peer, "%ld is no ID", number);
    peer->id = number;
    has_new_id = 1;
  }
  if (peer->welcome == 2 && (number != -1 || !has_fd)) broken(peer, "no memory, but %ld", number);
  peer->welcome += 1;
}

static void take_doorbell(struct peer *peer, int id) {
  uint16_t *told = &peer->told[id];
  if (*told == GONE) broken(peer, "%d joins after it left", id);
  if (*told == vectors) broken(peer, "more than %d vectors of %d", vectors, id);
  if (*told == 0) {
    int before = peer->latest;
    if (before >= 0 && is_welcomed(peer) && peer->told[before] != vectors && peer->told[before] != GONE)
      broken(peer, "%d begins inside the vectors of %d", id, before);
    if (id <= peer->highest) broken(peer, "%d comes behind %d", id, peer->highest);
    if (id > peer->id && !is_welcomed(peer)) broken(peer, "%d comes before its own vectors", id);
    peer->latest = peer->highest = id;
  } else if (id != peer->latest)
    broken(peer, "%d goes on behind %d", id, peer->latest);
  *told += 1;
  peer->known += *told == vectors;
}

static void take_leave(struct peer *peer, int id) {
  uint16_t *told = &peer->told[id];
  if (!is_welcomed(peer)) broken(peer, "%d leaves before it has its own vectors", id);
  if (*told == 0 || *told == GONE || id == peer->id) broken(peer, "%d leaves without being there", id);
  peer->known -= *told == vectors;
  *told = GONE;
}

static void take(struct peer *peer, int64_t number, int has_fd) {
  messages += 1;
  if (peer->welcome < 3) return take_welcome(peer, number, has_fd);
  if (number < 0 || number >= IDS) broken(peer, "%ld is no ID", number);
  if (has_fd) take_doorbell(peer, number);
  else take_leave(peer, number);
}

/* Reads a part of what is there; the others want their turn, too. */
static void take_some(struct peer *peer) {
  static int64_t numbers[BATCH];
  static struct iovec parts[BATCH];
  static struct mmsghdr headers[BATCH];
  for (int index = 0; index < BATCH && parts[index].iov_base == NULL; index += 1) {
    parts[index] = (struct iovec){&numbers[index], sizeof numbers[index]};
    headers[index].msg_hdr = (struct msghdr){.msg_iov = &parts[index], .msg_iovlen = 1};
  }
  int got = recvmmsg(peer->fd, headers, BATCH, MSG_DONTWAIT, NULL);
  if (got < 0 && errno == EAGAIN) return;
  check(got, "recvmmsg");
  for (int index = 0; index < got; index += 1) {
    if (headers[index].msg_len == 0) broken(peer, "the server ended");
    if (headers[index].msg_len != sizeof numbers[index]) broken(peer, "a message in two parts");
    take(peer, numbers[index], headers[index].msg_hdr.msg_flags & MSG_CTRUNC);
  }
  note_whether_done(peer);
}

static void watch(struct peer *peer, int operation) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = peer - peers};
  check(epoll_ctl(epoll, operation, peer->fd, &event), "epoll_ctl");
}

static void connect_one(void) {
  struct peer *peer = &peers[count];
  *peer = (struct peer){.id = -1, .latest = -1, .highest = -1, .is_reading = 1};
  peer->told = calloc(IDS, sizeof *peer->told);
  if (peer->told == NULL) check(-1, "calloc");
  peer->fd = check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(connect(peer->fd, (struct sockaddr *)&address, sizeof address), "connect");
  count += 1;
  present += 1;
  undone += 1;
  watch(peer, EPOLL_CTL_ADD);
}

static void give_up(void) {
  for (int index = 0; index < count; index += 1) {
    const struct peer *peer = &peers[index];
    if (peer->fd < 0 || peer->is_done) continue;
    broken(peer, "knows %d of %d, and is told nothing more", peer->known, present);
  }
}

/* Whether somebody knows exactly who is there depends on the IDs that others have read. */
static void note_who_is_done(void) {
  for (int index = 0; index < count; index += 1)
    if (peers[index].fd >= 0 && !peers[index].is_done) note_whether_done(&peers[index]);
  has_new_id = 0;
}

static void settle(void) {
  struct epoll_event events[EVENTS];
  for (int index = 0; index < count; index += 1)
    if (peers[index].fd >= 0) note_whether_done(&peers[index]);
  while (undone > 0) {
    int ready = check(epoll_wait(epoll, events, EVENTS, SILENCE_MS), "epoll_wait");
    if (ready == 0) give_up();
    for (int index = 0; index < ready; index += 1) take_some(&peers[events[index].data.u32]);
    if (has_new_id) note_who_is_done();
  }
}

static void hang_up(struct peer *peer) {
  note_whether_done(peer);
  undone -= !peer->is_done;
  present -= 1;
  close(peer->fd);
  peer->fd = -1;
  free(peer->told);
}

static void read_or_not(struct peer *peer, int is_reading) {
  peer->is_reading = is_reading;
  watch(peer, is_reading ? EPOLL_CTL_ADD : EPOLL_CTL_DEL);
  note_whether_done(peer);
}

static int obey(const char *command, int a, int b) {
  if (strcmp(command, "join") == 0) {
    while (a-- > 0) connect_one();
    settle();
  } else if (strcmp(command, "settle") == 0)
    settle();
  else if (strcmp(command, "leave") == 0)
    for (; a < b; a += 1) hang_up(&peers[a]);
  else if (strcmp(command, "stop") == 0 || strcmp(command, "go") == 0)
    for (; a < b; a += 1) read_or_not(&peers[a], *command == 'g');
  else
    return 0;
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  struct rlimit limit;
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
  vectors = atoi(argv[2]);
  peers = calloc(IDS, sizeof *peers);
  epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  char line[64], command[16];
  while (fgets(line, sizeof line, stdin)) {
    int a = 0, b = 0;
    double start = now();
    uint64_t before = messages;
    if (sscanf(line, "%15s %d %d", command, &a, &b) < 1 || !obey(command, a, b)) return 2;
    printf("ok %.0f %lu\n", now() - start, messages - before);
    fflush(stdout);
  }
}
