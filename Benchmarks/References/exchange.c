#define _GNU_SOURCE

#include "BenchmarkReferences.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { chunk = 256 * 1024 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int transfer(int descriptor, char *buffer, size_t bytes, int sends) {
  while (bytes > 0) {
    size_t part = bytes < chunk ? bytes : chunk;
    ssize_t count = sends ? write(descriptor, buffer, part) : read(descriptor, buffer, part);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 ? -errno : -ECONNRESET;
    bytes -= (size_t)count;
  }
  return 0;
}

static int listening(struct sockaddr_in *address) {
  socklen_t size = sizeof *address;
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener >= 0 && bind(listener, (struct sockaddr *)address, size) == 0 &&
      listen(listener, 1) == 0 && getsockname(listener, (struct sockaddr *)address, &size) == 0)
    return listener;
  int failure = -errno;
  if (listener >= 0) close(listener);
  return failure;
}

double exchange_copy(size_t bytes) {
  struct sockaddr_in address;
  char *buffer = calloc(1, chunk);
  int listener = buffer ? listening(&address) : -ENOMEM;
  if (listener < 0) {
    free(buffer);
    return listener;
  }
  pid_t sender = fork();
  if (sender == 0) {
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) _exit(1);
    _exit(transfer(connection, buffer, bytes, 1) == 0 ? 0 : 1);
  }
  double start = now();
  int connection = sender < 0 ? -1 : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  int result = connection < 0 ? -errno : transfer(connection, buffer, bytes, 0);
  double seconds = now() - start;
  if (connection >= 0) close(connection);
  if (sender > 0) waitpid(sender, NULL, 0);
  close(listener);
  free(buffer);
  return result < 0 ? result : seconds;
}

double exchange_hash(size_t bytes, size_t piece) {
  unsigned char digest[EVP_MAX_MD_SIZE], *buffer = calloc(1, chunk);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  int works = buffer && context;
  double start = now();
  for (size_t done = 0; works && done < bytes; done += piece) {
    works = EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    for (size_t left = piece; works && left > 0;) {
      size_t part = left < chunk ? left : chunk;
      works = EVP_DigestUpdate(context, buffer, part);
      left -= part;
    }
    works = works && EVP_DigestFinal_ex(context, digest, NULL);
  }
  double seconds = now() - start;
  EVP_MD_CTX_free(context);
  free(buffer);
  return works ? seconds : -EINVAL;
}
