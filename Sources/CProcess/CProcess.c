#define _GNU_SOURCE

#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static void raise_limit(int resource) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(resource, &limit);
}

void cprocess_normalise(void) {
  // Whoever uses one of them by mistake gets an error: it is open for what nobody does with it.
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
    if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
      open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
  for (int number = 1; number < NSIG; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0 || action.sa_handler != SIG_IGN) continue;
    if (number == SIGHUP || number == SIGINT || number == SIGQUIT) continue;
    signal(number, SIG_DFL);
  }
  signal(SIGXFSZ, SIG_IGN);
  // The Swift runtime takes it for a crash: it prints a backtrace, and the process goes on.
  struct sigaction quit;
  if (sigaction(SIGQUIT, NULL, &quit) == 0 && quit.sa_handler != SIG_IGN) signal(SIGQUIT, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
  raise_limit(RLIMIT_FSIZE);
  raise_limit(RLIMIT_CPU);
}

// Linux 5.9 has close_range; before it, one descriptor at a time.
static void close_from(unsigned first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  long limit = sysconf(_SC_OPEN_MAX);
  for (long descriptor = first; descriptor < limit; descriptor++) close((int)descriptor);
}

// A pipe that is opened through /proc for both is read like any other, but its reader is a writer
// too, so that there is no end. A socket cannot be opened like this, and is passed on as it is.
static int open_input(int pipe) {
  if (pipe < 0) return open("/dev/null", O_RDONLY);
  char path[32] = "/proc/self/fd/";
  char digits[12];
  size_t length = strlen(path), count = 0;
  for (unsigned rest = (unsigned)pipe; rest > 0 || count == 0; rest /= 10)
    digits[count++] = (char)('0' + rest % 10);
  while (count > 0) path[length++] = digits[--count];
  int opened = open(path, O_RDWR);
  return opened < 0 && errno == ENXIO ? dup(pipe) : opened;
}

// Runs in the child, in the parent's memory: system calls only. Returns the errno of what failed.
static int become(const struct cprocess_child *child, pid_t parent) {
  if (setpgid(0, 0) != 0) return errno;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
  // The parent may have died before the death signal was set.
  if (getppid() != parent) return ESRCH;

  int input = open_input(child->input);
  if (input < 0 || dup2(input, STDIN_FILENO) < 0) return errno;
  int output = open(child->output, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (output < 0) return errno;
  if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) return errno;
  if (child->network >= 0 && setns(child->network, CLONE_NEWNET) != 0) return errno;
  if (child->folder != NULL && chdir(child->folder) != 0) return errno;
  // Now, and not on exec: the kernel lets the parent go on before it has closed them, and a port that
  // the parent then lets go of would still be taken.
  close_from(3);

  if (child->open_files != 0) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return errno;
    limit.rlim_cur = child->open_files;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return errno;
  }

  // exec keeps ignored signals ignored, blocked ones blocked and pending ones pending: a Ctrl-C that
  // came before the child had left the terminal's process group would end it. Ignoring a signal
  // forgets a pending one. The C library's sigaction refuses two signals; the kernel's structure
  // begins with the handler, is all zeros for the default, and is shorter than this.
  void (*actions[8])(int) = {SIG_IGN};
  for (int number = 1; number < NSIG; number++) {
    actions[0] = SIG_IGN;
    syscall(SYS_rt_sigaction, number, actions, NULL, (NSIG - 1) / 8);
    actions[0] = SIG_DFL;
    syscall(SYS_rt_sigaction, number, actions, NULL, (NSIG - 1) / 8);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(child->path, child->arguments, child->environment);
  return errno;
}

pid_t cprocess_spawn(const struct cprocess_child *child) {
  // No handler of the parent may run in the child while it shares the parent's memory.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);

  volatile int failure = 0;
  pid_t parent = getpid();
  pid_t pid = vfork();
  if (pid == 0) {
    failure = become(child, parent);
    _exit(127);
  }
  int failed = pid < 0 ? errno : failure;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed == 0) return pid;
  if (pid > 0) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
  }
  return -failed;
}

int cprocess_pidfd_open(pid_t pid) {
  // Linux 5.3; the descriptor is always closed on exec.
  long descriptor = syscall(SYS_pidfd_open, pid, 0);
  return descriptor < 0 ? -errno : (int)descriptor;
}

int cprocess_pidfd_signal(int pidfd, int signal) {
  return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int cprocess_pidfd_reap(int pidfd, int *code, int *signal) {
  idtype_t type = (idtype_t)P_PIDFD;
  siginfo_t information = {.si_pid = 0};
  if (waitid(type, (id_t)pidfd, &information, WEXITED | WNOHANG | WNOWAIT) < 0) return -errno;
  if (information.si_pid == 0) return 0;
  // While the leader is a zombie, the group's number cannot have gone to anybody else.
  kill(-information.si_pid, SIGKILL);
  if (waitid(type, (id_t)pidfd, &information, WEXITED | WNOHANG) < 0) return -errno;
  int exited = information.si_code == CLD_EXITED;
  *code = exited ? information.si_status : 0;
  *signal = exited ? 0 : information.si_status;
  return 1;
}

pid_t cprocess_peer(int socket) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  int result = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length);
  return result < 0 ? -errno : peer.pid;
}

int cprocess_epoll_open(void) {
  int descriptor = epoll_create1(EPOLL_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

int cprocess_epoll_add(int epoll, int descriptor, uint64_t token) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}

int cprocess_epoll_wait(int epoll, uint64_t *tokens, int limit, int timeout_ms) {
  struct epoll_event events[64];
  int count = epoll_wait(epoll, events, limit < 64 ? limit : 64, timeout_ms);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) tokens[i] = events[i].data.u64;
  return count;
}

// Whatever would end the supervisor without a word and is no crash of its own, and SIGCONT.
static void fill_with_heard(sigset_t *set) {
  static const int heard[] = {SIGINT,  SIGTERM,   SIGHUP,  SIGQUIT, SIGUSR1, SIGUSR2,
                              SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGPWR,  SIGCONT};
  sigemptyset(set);
  for (size_t i = 0; i < sizeof heard / sizeof heard[0]; i++) sigaddset(set, heard[i]);
}

int cprocess_signals_open(void) {
  sigset_t set;
  fill_with_heard(&set);
  // Under nohup(1), SIGHUP is to stay without effect.
  struct sigaction hangup;
  if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN)
    sigdelset(&set, SIGHUP);
  int failed = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (failed != 0) return -failed;
  signal(SIGPIPE, SIG_IGN);
  int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return descriptor < 0 ? -errno : descriptor;
}

void cprocess_signals_unblock(void) {
  sigset_t set;
  fill_with_heard(&set);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int cprocess_signals_next(int signals) {
  struct signalfd_siginfo information;
  ssize_t size = read(signals, &information, sizeof information);
  return size == sizeof information ? (int)information.ssi_signo : 0;
}

int cprocess_reserve(int descriptor, uint64_t offset, uint64_t size) {
  int result;
  do {
    result = fallocate(descriptor, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : 0;
}

int cprocess_event_open(void) {
  int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return descriptor < 0 ? -errno : descriptor;
}

struct guarded {
  uint32_t number;
  pid_t group;
};

// Runs in the guard: system calls only, as after any fork of a program with threads.
static void guard(int input, pid_t *groups, uint32_t count) {
  prctl(PR_SET_NAME, "seedbed-guard");
  // Ctrl-C is for the supervisor, which may still be about to end its nodes in order.
  setpgid(0, 0);
  dup2(input, STDIN_FILENO);
  int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  close_from(3);
  struct guarded told;
  ssize_t size;
  while ((size = read(STDIN_FILENO, &told, sizeof told)) != 0) {
    if (size == sizeof told && told.number < count) groups[told.number] = told.group;
  }
  for (uint32_t number = 0; number < count; number++)
    if (groups[number] > 0) kill(-groups[number], SIGKILL);
  _exit(0);
}

pid_t cprocess_guard_start(uint32_t count, int *descriptor) {
  pid_t *groups = calloc(count, sizeof *groups);
  if (groups == NULL) return -ENOMEM;
  int ends[2];
  pid_t pid = -1;
  if (pipe2(ends, O_CLOEXEC) == 0) {
    pid = fork();
    if (pid == 0) {
      // The end to write to is everybody else's, or the guard would never see it closed.
      close(ends[1]);
      guard(ends[0], groups, count);
    }
    int failed = errno;
    close(ends[0]);
    if (pid < 0) close(ends[1]);
    errno = failed;
  }
  int failed = errno;
  free(groups);
  *descriptor = ends[1];
  return pid < 0 ? -failed : pid;
}

int cprocess_guard_tell(int descriptor, uint32_t number, pid_t group) {
  struct guarded told = {number, group};
  return write(descriptor, &told, sizeof told) == sizeof told ? 0 : -errno;
}

static int write_file(const char *path, const char *text) {
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return -errno;
  ssize_t size = (ssize_t)strlen(text);
  int result = write(descriptor, text, (size_t)size) == size ? 0 : -errno;
  close(descriptor);
  return result;
}

// One user, root inside and who it was outside: user_namespaces(7).
static int map_user(uid_t user, gid_t group) {
  char text[64];
  int failed = write_file("/proc/self/setgroups", "deny");
  if (failed == 0) {
    snprintf(text, sizeof text, "0 %u 1", (unsigned)user);
    failed = write_file("/proc/self/uid_map", text);
  }
  if (failed == 0) {
    snprintf(text, sizeof text, "0 %u 1", (unsigned)group);
    failed = write_file("/proc/self/gid_map", text);
  }
  return failed;
}

int cprocess_isolate(void) {
  uid_t user = geteuid();
  gid_t group = getegid();
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) {
    if (errno != EPERM) return -errno;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) return -errno;
    int failed = map_user(user, group);
    if (failed != 0) return failed;
  }
  // What is mounted from here on is seen by nobody else.
  return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ? 0 : -errno;
}

int cprocess_network_open(void) {
  static const char own[] = "/proc/thread-self/ns/net";
  int before = open(own, O_RDONLY | O_CLOEXEC);
  if (before < 0) return -errno;
  int made = -1, failed = 0;
  if (unshare(CLONE_NEWNET) != 0) failed = errno;
  if (failed == 0) {
    made = open(own, O_RDONLY | O_CLOEXEC);
    if (made < 0) failed = errno;
    if (setns(before, CLONE_NEWNET) != 0) failed = errno;
  }
  close(before);
  if (failed == 0) return made;
  if (made >= 0) close(made);
  return -failed;
}
