/* What the benchmarks compare with: the plainest C that does the same work. */
#ifndef BENCHMARK_REFERENCES_H
#define BENCHMARK_REFERENCES_H

#include <stddef.h>

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

#endif
