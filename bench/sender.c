/* The least that can tell peers of each other: a server that knows no limit and no error, and tells
   nobody of a leave. When all have left it begins anew.

     sender SOCKET MEMORY VECTORS

   All joins are one array of messages, and each peer has a place in it. Says `ready` once it listens. */
#include "baseline.h"
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { IDS = 65536, BATCH = 1024, EVENTS = 256 };

struct row {
  struct iovec part;
  int64_t number;
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};

static struct peer {
  int fd, welcome, next, is_waiting;
} *peers;
static struct mmsghdr *headers; /* the joins */
static int count, present, vectors, epoll;
static struct mmsghdr welcomes[3];
static struct row welcome_rows[3];

static void encode(struct mmsghdr *header, struct row *row, int64_t number, int fd) {
  row->number = number;
  row->part = (struct iovec){&row->number, sizeof row->number};
  header->msg_hdr = (struct msghdr){.msg_iov = &row->part, .msg_iovlen = 1};
  if (fd < 0) return;
  header->msg_hdr.msg_control = row->control;
  header->msg_hdr.msg_controllen = CMSG_LEN(sizeof fd);
  struct cmsghdr *control = (struct cmsghdr *)row->control;
  *control = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
  memcpy(CMSG_DATA(control), &fd, sizeof fd);
}

static int send_rows(int fd, struct mmsghdr *rows, int length) {
  int sent = sendmmsg(fd, rows, length < BATCH ? length : BATCH, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno == EAGAIN) return 0;
  return check(sent, "sendmmsg");
}

static void await_room(struct peer *peer, int is_waiting) {
  if (peer->is_waiting == is_waiting) return;
  peer->is_waiting = is_waiting;
  struct epoll_event event = {.events = is_waiting ? EPOLLOUT : 0, .data.u32 = peer - peers};
  check(epoll_ctl(epoll, EPOLL_CTL_MOD, peer->fd, &event), "epoll_ctl");
}

static void forget(struct peer *peer) {
  close(peer->fd);
  peer->is_waiting = 1;
  present -= 1;
  if (present == 0) count = 0;
}

static void serve(struct peer *peer) {
  if (peer->welcome < 3) {
    welcome_rows[1].number = peer - peers;
    peer->welcome += send_rows(peer->fd, welcomes + peer->welcome, 3 - peer->welcome);
  }
  int end = count * vectors;
  while (peer->next < end) {
    int sent = send_rows(peer->fd, headers + peer->next, end - peer->next);
    peer->next += sent;
    if (sent == 0) return await_room(peer, 1);
  }
  await_room(peer, 0);
}

static void accept_all(int listener) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct row *rows = calloc(vectors, sizeof *rows);
    for (int vector = 0; vector < vectors; vector += 1)
      encode(&headers[count * vectors + vector], &rows[vector], count, doorbell());
    peers[count] = (struct peer){.fd = fd};
    struct epoll_event event = {.data.u32 = count};
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    count += 1;
    present += 1;
  }
  for (int index = 0; index < count; index += 1)
    if (!peers[index].is_waiting) serve(&peers[index]);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  struct rlimit limit;
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  vectors = atoi(argv[3]);
  peers = calloc(IDS, sizeof *peers);
  headers = calloc((size_t)limit.rlim_max, sizeof *headers);
  int memory = check(open(argv[2], O_RDWR | O_CLOEXEC), "open");
  encode(&welcomes[0], &welcome_rows[0], 0, -1);
  encode(&welcomes[1], &welcome_rows[1], 0, -1);
  encode(&welcomes[2], &welcome_rows[2], -1, memory);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
  int listener = check(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  check(bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
  check(listen(listener, IDS - 1), "listen");
  epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = IDS};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
  printf("ready\n");
  fflush(stdout);
  struct epoll_event events[EVENTS];
  for (;;) {
    int ready = check(epoll_wait(epoll, events, EVENTS, -1), "epoll_wait");
    for (int index = 0; index < ready; index += 1) {
      uint32_t who = events[index].data.u32;
      if (who == IDS) accept_all(listener);
      else if (events[index].events & EPOLLOUT) serve(&peers[who]);
      else forget(&peers[who]);
    }
  }
}
