#include "BenchmarkReferences.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *node, *kind, *peer, *data;
  int node_length, kind_length, peer_length, data_length;
  sqlite3_int64 t, n;
} ingest_row;

struct ingest_rows {
  ingest_row *rows;
  size_t count, capacity;
  char **texts;
  size_t text_count, text_capacity;
};

ingest_rows *ingest_rows_create(void) { return calloc(1, sizeof(ingest_rows)); }

void ingest_rows_free(ingest_rows *rows) {
  for (size_t i = 0; i < rows->text_count; i++) free(rows->texts[i]);
  free(rows->texts);
  free(rows->rows);
  free(rows);
}

size_t ingest_rows_count(const ingest_rows *rows) { return rows->count; }

/* Makes room for one more element. */
static int reserve(void **elements, size_t count, size_t *capacity, size_t size) {
  if (count < *capacity) return 0;
  size_t larger = *capacity ? *capacity * 2 : 1024;
  void *moved = realloc(*elements, larger * size);
  if (!moved) return -1;
  *elements = moved;
  *capacity = larger;
  return 0;
}

/* Keeps a text until the rows are freed. */
static char *keep(ingest_rows *rows, char *text) {
  if (!text || reserve((void **)&rows->texts, rows->text_count, &rows->text_capacity, sizeof(char *)))
    return NULL;
  rows->texts[rows->text_count++] = text;
  return text;
}

static char *read_file(const char *file) {
  FILE *stream = fopen(file, "rb");
  if (!stream) return NULL;
  char *text = NULL;
  if (fseek(stream, 0, SEEK_END) == 0) {
    long size = ftell(stream);
    rewind(stream);
    if (size >= 0 && (text = malloc((size_t)size + 1))) {
      text[fread(text, 1, (size_t)size, stream)] = 0;
    }
  }
  fclose(stream);
  return text;
}

/* {"t":T,"n":N,"kind":"KIND"[,"peer":"PEER"][,FIELDS]} */
static void parse(char *line, char *end, ingest_row *row) {
  row->t = strtoll(line + 5, &line, 10);
  row->n = strtoll(line + 5, &line, 10);
  row->kind = line += 9;
  line = memchr(line, '"', (size_t)(end - line));
  row->kind_length = (int)(line - row->kind);
  line++;
  if (strncmp(line, ",\"peer\":\"", 9) == 0) {
    row->peer = line += 9;
    line = memchr(line, '"', (size_t)(end - line));
    row->peer_length = (int)(line - row->peer);
    line++;
  }
  if (*line == ',') {
    *line = '{';
    row->data = line;
    row->data_length = (int)(end - line);
  } else {
    row->data = "{}";
    row->data_length = 2;
  }
}

int ingest_rows_read(ingest_rows *rows, const char *node, const char *file) {
  char *name = keep(rows, strdup(node));
  char *line = keep(rows, read_file(file));
  if (!name || !line) return -1;
  for (char *end; (end = strchr(line, '\n')); line = end + 1) {
    if (reserve((void **)&rows->rows, rows->count, &rows->capacity, sizeof(ingest_row))) return -1;
    ingest_row *row = &rows->rows[rows->count++];
    memset(row, 0, sizeof *row);
    row->node = name;
    row->node_length = (int)strlen(name);
    parse(line, end, row);
  }
  return 0;
}

static int insert(const ingest_rows *rows, sqlite3 *history, size_t rows_per_transaction) {
  sqlite3_stmt *statement;
  int code = sqlite3_prepare_v2(
      history,
      "INSERT INTO events (run, node, n, t, kind, peer, data) VALUES (1, ?, ?, ?, ?, ?, ?)", -1,
      &statement, NULL);
  for (size_t i = 0; i < rows->count && code == SQLITE_OK; i++) {
    const ingest_row *row = &rows->rows[i];
    if (i % rows_per_transaction == 0) {
      code = sqlite3_exec(history, i ? "COMMIT; BEGIN IMMEDIATE" : "BEGIN IMMEDIATE", 0, 0, 0);
      if (code != SQLITE_OK) break;
    }
    sqlite3_bind_text(statement, 1, row->node, row->node_length, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, row->n);
    sqlite3_bind_int64(statement, 3, row->t);
    sqlite3_bind_text(statement, 4, row->kind, row->kind_length, SQLITE_STATIC);
    if (row->peer) {
      sqlite3_bind_text(statement, 5, row->peer, row->peer_length, SQLITE_STATIC);
    } else {
      sqlite3_bind_null(statement, 5);
    }
    sqlite3_bind_text(statement, 6, row->data, row->data_length, SQLITE_STATIC);
    sqlite3_step(statement);
    code = sqlite3_reset(statement);
  }
  sqlite3_finalize(statement);
  return code == SQLITE_OK && rows->count ? sqlite3_exec(history, "COMMIT", 0, 0, 0) : code;
}

int ingest_rows_insert(const ingest_rows *rows, const char *file, size_t rows_per_transaction) {
  sqlite3 *history;
  int code = sqlite3_open_v2(file, &history, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (code == SQLITE_OK) {
    code = sqlite3_exec(history, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", 0, 0, 0);
  }
  if (code == SQLITE_OK) code = insert(rows, history, rows_per_transaction);
  int closed = sqlite3_close(history);
  return code == SQLITE_OK ? closed : code;
}
