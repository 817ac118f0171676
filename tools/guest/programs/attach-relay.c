// Joins a SOCK_SEQPACKET socket for a peer that has byte streams alone.
//
// Usage: attach-relay <socket>
//
// Each message is a frame on standard input and output: its length in four bytes, the highest first, then
// itself. The first one on standard output is empty: it tells that the socket is joined. The end of the input
// is passed on; the end of the socket ends the relay.
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char frame[4 + 65536];

static void must(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "attach-relay: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int read_all(char *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t got = read(0, bytes + done, length - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    done += (size_t)got;
  }
  return 1;
}

static void write_all(const char *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t put = write(1, bytes + done, length - done);
    if (put < 0 && errno == EINTR) continue;
    must(put > 0, "write");
    done += (size_t)put;
  }
}

static int send_frame(int peer) {
  uint32_t size;
  if (!read_all(frame, 4)) return 0;
  memcpy(&size, frame, 4);
  size_t length = ntohl(size);
  errno = EMSGSIZE;
  must(length <= sizeof frame - 4, "frame");
  if (!read_all(frame, length)) return 0;
  must(send(peer, frame, length, MSG_NOSIGNAL) == (ssize_t)length, "send");
  return 1;
}

static int receive_frame(int peer) {
  ssize_t got = recv(peer, frame + 4, sizeof frame - 4, 0);
  if (got <= 0) return 0;
  uint32_t size = htonl((uint32_t)got);
  memcpy(frame, &size, 4);
  write_all(frame, 4 + (size_t)got);
  return 1;
}

int main(int count, char **words) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  errno = EINVAL;
  must(count == 2 && strlen(words[1]) < sizeof address.sun_path, "one socket is needed");
  strcpy(address.sun_path, words[1]);
  int peer = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  must(peer >= 0, "socket");
  must(connect(peer, (struct sockaddr *)&address, sizeof address) == 0, words[1]);
  write_all("\0\0\0\0", 4);
  int input = 0;
  for (;;) {
    struct pollfd ends[2] = {{.fd = input, .events = POLLIN}, {.fd = peer, .events = POLLIN}};
    if (poll(ends, 2, -1) < 0) {
      must(errno == EINTR, "poll");
      continue;
    }
    if (ends[1].revents && !receive_frame(peer)) return 0;
    if (ends[0].revents && !send_frame(peer)) {
      shutdown(peer, SHUT_WR);
      input = -1;
    }
  }
}
