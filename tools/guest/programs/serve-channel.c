// Serves the control channel of the guest: SSH to the host over one virtio-serial port.
//
// Usage: serve-channel <port>
//
// At each connection of the host it says `guest new` or `guest ready` on a line, and again for each line
// `greet`: what it says is lost when the host hangs up meanwhile, and of a host that hangs up and comes back
// at once it may see neither. A new guest, booted or restored from a template, has no identity and waits for
// a line
//     identity <seconds> <nanoseconds> <entropy> <host key> <authorized key>
// with the last three in base64. A ready one waits for the line `connect`. Either way an sshd then
// speaks to the host until one of them ends the connection.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HOST_KEY "/run/ssh/host_key"
#define AUTHORIZED_KEYS "/run/ssh/authorized_keys"

static void must(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "serve-channel: %s: %s\n", what, strerror(errno));
  exit(1);
}

static size_t from_base64(const char *text, unsigned char *out, size_t size) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned bits = 0, count = 0;
  size_t length = 0;
  for (; *text && *text != '='; text++) {
    const char *digit = strchr(digits, *text);
    if (!digit) break;
    bits = bits << 6 | (unsigned)(digit - digits);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    if (length < size) out[length++] = (unsigned char)(bits >> count);
  }
  return length;
}

static void write_file(const char *path, const unsigned char *content, size_t length) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  must(file >= 0, path);
  must(write(file, content, length) == (ssize_t)length, path);
  close(file);
}

// Machines restored from one template would otherwise all draw the same random numbers.
static void reseed(const unsigned char *entropy, size_t length) {
  struct {
    struct rand_pool_info info;
    unsigned char bytes[256];
  } pool = {.info = {.entropy_count = (int)length * 8, .buf_size = (int)length}};
  memcpy(pool.bytes, entropy, length);
  int random = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
  must(random >= 0, "/dev/urandom");
  must(ioctl(random, RNDADDENTROPY, &pool) == 0, "RNDADDENTROPY");
  must(ioctl(random, RNDRESEEDCRNG) == 0, "RNDRESEEDCRNG");
  close(random);
}

// The clock and the random numbers come first: nothing may be made of the old ones.
static void take_identity(char *line) {
  unsigned char bytes[4096];
  char *next = line;
  strsep(&next, " ");
  char *seconds = strsep(&next, " "), *nanoseconds = strsep(&next, " "), *entropy = strsep(&next, " "),
       *host_key = strsep(&next, " "), *authorized = next;
  errno = EINVAL;
  must(seconds && nanoseconds && entropy && host_key && authorized, "identity");
  struct timespec now = {atoll(seconds), atol(nanoseconds)};
  must(clock_settime(CLOCK_REALTIME, &now) == 0, "clock_settime");
  reseed(bytes, from_base64(entropy, bytes, 256));
  mkdir("/run/ssh", 0700);
  write_file(AUTHORIZED_KEYS, bytes, from_base64(authorized, bytes, sizeof bytes));
  write_file(HOST_KEY, bytes, from_base64(host_key, bytes, sizeof bytes));
}

// Reads byte by byte: what comes after the line is sshd's. Returns 0 when the host has gone.
static int read_line(int port, char *line, size_t size) {
  for (size_t length = 0; length + 1 < size;) {
    ssize_t got = read(port, line + length, 1);
    if (got <= 0) return 0;
    if (line[length] == '\n') {
      line[length] = 0;
      return 1;
    }
    length++;
  }
  return 0;
}

static void greet(int port, const char *greeting) {
  must(write(port, greeting, strlen(greeting)) > 0, "greeting");
}

static pid_t start_sshd(int *end) {
  int pair[2];
  must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
  pid_t child = fork();
  must(child >= 0, "fork");
  if (child == 0) {
    setsid();
    dup2(pair[1], 0);
    dup2(pair[1], 1);
    execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-i", "-f", "/etc/ssh/sshd_config", (char *)NULL);
    _exit(127);
  }
  close(pair[1]);
  *end = pair[0];
  return child;
}

struct flow {
  int from, to;
  size_t start, end;
  char bytes[65536];
};

// Moves what can be moved now. Returns 0 when one of the sides has ended.
static int move(struct flow *flow, short readable, short writable) {
  if (readable && flow->end == 0) {
    ssize_t got = read(flow->from, flow->bytes, sizeof flow->bytes);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return 0;
    if (got > 0) flow->end = (size_t)got;
    writable = 1;
  }
  if (writable && flow->end > 0) {
    ssize_t put = write(flow->to, flow->bytes + flow->start, flow->end - flow->start);
    if (put < 0 && errno != EAGAIN && errno != EINTR) return 0;
    if (put > 0) flow->start += (size_t)put;
    if (flow->start == flow->end) flow->start = flow->end = 0;
  }
  return 1;
}

static struct flow inward, outward;

static void relay(int port, int sshd) {
  inward = (struct flow){.from = port, .to = sshd};
  outward = (struct flow){.from = sshd, .to = port};
  fcntl(port, F_SETFL, O_NONBLOCK);
  fcntl(sshd, F_SETFL, O_NONBLOCK);
  for (;;) {
    struct pollfd ends[2] = {
        {.fd = port, .events = (short)((inward.end ? 0 : POLLIN) | (outward.end ? POLLOUT : 0))},
        {.fd = sshd, .events = (short)((outward.end ? 0 : POLLIN) | (inward.end ? POLLOUT : 0))},
    };
    if (poll(ends, 2, -1) < 0 && errno != EINTR) return;
    if (ends[0].revents & POLLHUP) return;
    if (!move(&inward, ends[0].revents & POLLIN, ends[1].revents & POLLOUT)) return;
    if (!move(&outward, ends[1].revents & (POLLIN | POLLHUP), ends[0].revents & POLLOUT)) return;
  }
}

int main(int count, char **words) {
  char line[8192];
  errno = EINVAL;
  must(count == 2, "one port is needed");
  signal(SIGPIPE, SIG_IGN);
  int port = open(words[1], O_RDWR | O_CLOEXEC);
  must(port >= 0, words[1]);
  int isNew = access(HOST_KEY, F_OK) != 0;
  const char *greeting = isNew ? "\nguest new\n" : "\nguest ready\n";
  greet(port, greeting); // waits until the host is connected
  for (;;) {
    if (!read_line(port, line, sizeof line)) return 0;
    if (strcmp(line, "greet") != 0) break;
    greet(port, greeting);
  }
  if (isNew && strncmp(line, "identity ", 9) == 0) take_identity(line);
  else if (isNew || strcmp(line, "connect") != 0) return 0;
  int sshd;
  pid_t child = start_sshd(&sshd);
  relay(port, sshd);
  close(sshd);
  close(port);
  kill(child, SIGTERM);
  waitpid(child, NULL, 0);
  return 0;
}
