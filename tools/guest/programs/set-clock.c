// Sets the guest's clock, to a nanosecond: one kept ready for hours has gone wrong.
//
// Usage: set-clock <seconds> <nanoseconds>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int count, char **words) {
  if (count != 3) {
    fprintf(stderr, "set-clock: seconds and nanoseconds are needed\n");
    return 1;
  }
  struct timespec now = {atoll(words[1]), atol(words[2])};
  if (clock_settime(CLOCK_REALTIME, &now) == 0) return 0;
  perror("set-clock");
  return 1;
}
