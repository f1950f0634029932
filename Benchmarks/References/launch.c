#define _GNU_SOURCE

#include "BenchmarkReferences.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

pid_t launch_start(char *const *arguments, const char *output, int death_signal) {
  volatile int failure = 0;
  pid_t pid = vfork();
  if (pid == 0) {
    int file = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file >= 0 && dup2(file, STDOUT_FILENO) >= 0 && dup2(file, STDERR_FILENO) >= 0 &&
        prctl(PR_SET_PDEATHSIG, death_signal) == 0)
      execv(arguments[0], arguments);
    failure = errno;
    _exit(127);
  }
  if (pid < 0) return -errno;
  if (failure == 0) return pid;
  waitpid(pid, NULL, 0);
  return -failure;
}

int launch_nodes(char *const *command, const char *folder, const char *group, int count,
                 pid_t *pids) {
  char name[64], log[PATH_MAX];
  char *arguments[64];
  int length = 0;
  for (; command[length]; length++) {
    if (length == 59) return -E2BIG;
    arguments[length] = command[length];
  }
  char *own[] = {"--name", name, "--log", log, NULL};
  memcpy(arguments + length, own, sizeof own);
  for (int i = 0; i < count; i++) {
    snprintf(name, sizeof name, "%s-%d", group, i + 1);
    snprintf(log, sizeof log, "%s/%s.ndjson", folder, name);
    pids[i] = launch_start(arguments, "/dev/null", SIGKILL);
    if (pids[i] < 0) return (int)pids[i];
  }
  return 0;
}

static int is_ready(const char *folder, const char *group, long number) {
  static const char word[] = "\"kind\":\"node.ready\"";
  char log[PATH_MAX], text[4096];
  snprintf(log, sizeof log, "%s/%s-%ld.ndjson", folder, group, number);
  int file = open(log, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t size = read(file, text, sizeof text);
  close(file);
  return size > 0 && memmem(text, (size_t)size, word, sizeof word - 1) != NULL;
}

/* The number in GROUP-NUMBER.ndjson; 0 for any other name. */
static long number_in(const char *name, const char *group) {
  size_t length = strlen(group);
  if (strncmp(name, group, length) != 0 || name[length] != '-') return 0;
  return strtol(name + length + 1, NULL, 10);
}

static long milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Follows the folder until nobody is missing any more. */
static int follow(int watch, const char *folder, const char *group, int count, char *ready,
                  long until) {
  int missing = 0;
  for (int i = 1; i <= count; i++) missing += !(ready[i] = (char)is_ready(folder, group, i));
  while (missing > 0) {
    long left = until - milliseconds();
    struct pollfd entry = {.fd = watch, .events = POLLIN};
    if (left <= 0 || poll(&entry, 1, (int)left) == 0) return -ETIMEDOUT;
    _Alignas(struct inotify_event) char events[65536];
    ssize_t size = read(watch, events, sizeof events);
    for (char *next = events; next < events + size;) {
      const struct inotify_event *event = (const struct inotify_event *)next;
      next += sizeof *event + event->len;
      long number = event->len > 0 ? number_in(event->name, group) : 0;
      if (number < 1 || number > count || ready[number] || !is_ready(folder, group, number))
        continue;
      ready[number] = 1;
      missing--;
    }
  }
  return 0;
}

int launch_await(const char *folder, const char *group, int count, int timeout_ms) {
  int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  char *ready = calloc((size_t)count + 1, 1);
  int result = -ENOMEM;
  if (watch < 0 || inotify_add_watch(watch, folder, IN_MODIFY) < 0) result = -errno;
  else if (ready) result = follow(watch, folder, group, count, ready, milliseconds() + timeout_ms);
  free(ready);
  if (watch >= 0) close(watch);
  return result;
}

void launch_end(pid_t pid, int signal) {
  kill(pid, signal);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
}

int launch_free_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return -errno;
  int failed = bind(connection, (struct sockaddr *)&address, size) != 0 ||
               getsockname(connection, (struct sockaddr *)&address, &size) != 0;
  int result = failed ? -errno : ntohs(address.sin_port);
  close(connection);
  return result;
}
