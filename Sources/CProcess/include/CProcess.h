// What the supervisor needs of Linux and Swift cannot say: vfork, pidfds, epoll, signalfd.
//
// Every function returns 0 or a count on success and a negative errno on failure.

#pragma once

#include <stdint.h>
#include <sys/types.h>

/// Makes this process what a program may take for granted, whoever started it: every signal has its
/// default effect and none is blocked (but what nohup(1) and `&` in scripts ignore stays ignored),
/// soft limits of files' sizes and of processor time are as high as allowed, and descriptors 0 to 2
/// are open, so that no file can become one of them. To write beyond a hard limit of size is an error
/// of the write, not the process's end. Call it first.
void cprocess_normalise(void);

/// What a child process is started with. The strings and arrays belong to the caller.
struct cprocess_child {
  const char *path;
  char *const *arguments;
  char *const *environment;
  /// The folder that the child works in; NULL leaves the parent's. `output` does not depend on it.
  const char *folder;
  /// The reading end of a pipe, as standard input. The child gets the writing end with it: it reads
  /// what the pipe holds and then waits, without an end. Or a socket, to talk both ways. Negative:
  /// there is nothing to read.
  int input;
  /// Standard output and standard error are appended to this file.
  const char *output;
  /// The soft limit of open files that the child gets; 0 leaves it as it is.
  uint64_t open_files;
  /// The network namespace that the child is started in; -1 for the parent's.
  int network;
};

/// Starts a child by vfork and exec: in a process group of its own, with SIGKILL as its death
/// signal, default and unblocked signals, and no descriptor but the first three.
///
/// The death signal fires when the *thread* that called this ends: call it from the main thread.
/// Returns the process ID, or the negative errno of what failed in the child.
pid_t cprocess_spawn(const struct cprocess_child *child);

/// A descriptor that becomes readable when the process ends.
int cprocess_pidfd_open(pid_t pid);
/// Signals exactly that process, never another that got its ID.
int cprocess_pidfd_signal(int pidfd, int signal);
/// Reaps the process, the leader of its group, and kills what it left in the group. Returns 1 and
/// fills in either `code` (with `signal` 0) or `signal`; 0 when it has not ended.
int cprocess_pidfd_reap(int pidfd, int *code, int *signal);

/// The ID of the process that listens where a Unix socket is connected to.
pid_t cprocess_peer(int socket);

int cprocess_epoll_open(void);
/// Waits for readability; `token` comes back from the wait.
int cprocess_epoll_add(int epoll, int descriptor, uint64_t token);
/// Fills in the tokens of what is ready. A wait that a signal broke off returns 0.
int cprocess_epoll_wait(int epoll, uint64_t *tokens, int limit, int timeout_ms);

/// Blocks for this thread and those it starts every signal that people and systems send to end a
/// process (SIGHUP only if it is not ignored), and SIGCONT, which comes when a stopped one goes on.
/// Ignores SIGPIPE, and returns a descriptor that is readable when one of them arrives.
int cprocess_signals_open(void);
/// The next of the signals that arrived, or 0.
int cprocess_signals_next(int signals);
/// Lets the signals do to this thread what they do by default. One that is pending does it now.
void cprocess_signals_unblock(void);

/// Sets room on the disk aside for a part of a file beyond its end, whose size stays. Where the file's
/// system cannot do that, -EOPNOTSUPP.
int cprocess_reserve(int descriptor, uint64_t offset, uint64_t size);

/// A descriptor that becomes readable by a write of eight bytes.
int cprocess_event_open(void);

/// Starts a process that outlives this one and does one thing: when this one has ended, it kills the
/// process groups that it was told of. What the children start has no death signal; this is theirs.
///
/// `groups` is how many it can hold. Call it from the main thread. Fills in the descriptor to tell it
/// by; the guard ends when that is closed. Returns its process ID.
pid_t cprocess_guard_start(uint32_t groups, int *descriptor);
/// Tells the guard of a group, by a number below `groups`; 0 in the place of a group that is gone.
int cprocess_guard_tell(int descriptor, uint32_t number, pid_t group);

/// Puts this process into new network and mount namespaces, and, where it may not do so itself, into
/// a new user namespace in which it may. Call it before there is a second thread.
int cprocess_isolate(void);
/// A new network namespace, which lasts as long as its descriptor or a process in it.
int cprocess_network_open(void);
