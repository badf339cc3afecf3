/*
 * A wall clock that a test can set, for every process that is started below a folder of its own:
 * loaded by /etc/ld.so.preload, which no environment can take away. What the C library tells of
 * CLOCK_REALTIME is moved by as many seconds as the double in /etc/wall-step says at that moment;
 * the monotonic clock, the kernel's stamps and the rest of the machine stay as they are.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile double *moved_by;

__attribute__((constructor)) static void open_step(void) {
  int fd = open("/etc/wall-step", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void *page = mmap(NULL, sizeof(double), PROT_READ, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) moved_by = page;
  close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  int result = (int)syscall(SYS_clock_gettime, clock, at);
  if (result != 0 || moved_by == NULL) return result;
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) at->tv_sec += (time_t)*moved_by;
  return 0;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  (void)zone;
  struct timespec now;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  if (at != NULL) *at = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
  return result;
}

time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at != NULL) *at = now.tv_sec;
  return now.tv_sec;
}
