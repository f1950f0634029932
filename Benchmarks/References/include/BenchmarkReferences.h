/* What the benchmarks compare with: the plainest C that does the same work. */
#ifndef BENCHMARK_REFERENCES_H
#define BENCHMARK_REFERENCES_H

#include <stddef.h>
#include <sys/types.h>

/* Event lines that were read and parsed before the clock starts. */
typedef struct ingest_rows ingest_rows;

/* An empty list, or NULL without memory. */
ingest_rows *ingest_rows_create(void);
void ingest_rows_free(ingest_rows *rows);

/* Adds the lines of a node's log. Trusts their format. Returns 0, or -1 with errno. */
int ingest_rows_read(ingest_rows *rows, const char *node, const char *file);

size_t ingest_rows_count(const ingest_rows *rows);

/* Inserts every row into `events` of an existing history, one at a time with a prepared statement.
   Returns 0 or SQLite's result code. */
int ingest_rows_insert(const ingest_rows *rows, const char *history, size_t rows_per_transaction);

/* Starts a program by vfork and exec, its output in a file. It gets `death_signal` when the thread
   that called ends. Returns its process ID or a negative errno. */
pid_t launch_start(char *const *arguments, const char *output, int death_signal);

/* Starts GROUP-1, GROUP-2, … one after the other: `command` and a name and a log in `folder` for
   each. They die with the calling thread. Returns 0 or a negative errno. */
int launch_nodes(char *const *command, const char *folder, const char *group, int count,
                 pid_t *pids);

/* Waits until the log of each node of a group says `node.ready`. Returns 0 or a negative errno. */
int launch_await(const char *folder, const char *group, int count, int timeout_ms);

/* Sends a signal that ends the process, and reaps it. */
void launch_end(pid_t pid, int signal);

/* A TCP port of the loopback interface that nobody has now, or a negative errno. */
int launch_free_port(void);

/* How many seconds it takes to read so many bytes from another process, over TCP on the loopback
   interface, or a negative errno. */
double exchange_copy(size_t bytes);

/* How many seconds it takes to hash so many bytes with SHA-256, in pieces of that size, or a negative
   errno. */
double exchange_hash(size_t bytes, size_t piece);

/* Round trips per second of datagrams between two processes, each with a libuv loop, one of which
   sends back what it gets; so many are under way at once. Or a negative errno. */
double echo_round_trips(int in_flight, size_t bytes, double seconds);

#endif
