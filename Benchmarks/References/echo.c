#define _GNU_SOURCE

#include "BenchmarkReferences.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

enum { longest = 65536 };

/* One of a pair: what it has is in `loop.data`. */
typedef struct {
  uv_loop_t loop;
  uv_udp_t socket;
  uv_timer_t timer;
  struct sockaddr_in other;
  size_t size;
  unsigned long taken;
  char buffer[longest];
} endpoint;

static void provide(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)suggested;
  endpoint *self = handle->loop->data;
  *buffer = uv_buf_init(self->buffer, longest);
}

static void send_to(endpoint *self, size_t size, const struct sockaddr *address) {
  uv_buf_t buffer = uv_buf_init(self->buffer, (unsigned)size);
  uv_udp_try_send(&self->socket, &buffer, 1, address);
}

static void echo(uv_udp_t *socket, ssize_t count, const uv_buf_t *buffer,
                 const struct sockaddr *source, unsigned flags) {
  (void)buffer, (void)flags;
  if (count > 0 && source) send_to(socket->loop->data, (size_t)count, source);
}

static void take(uv_udp_t *socket, ssize_t count, const uv_buf_t *buffer,
                 const struct sockaddr *source, unsigned flags) {
  (void)buffer, (void)flags;
  if (count <= 0 || !source) return;
  endpoint *self = socket->loop->data;
  self->taken++;
  send_to(self, self->size, (struct sockaddr *)&self->other);
}

static void stop(uv_timer_t *timer) { uv_stop(timer->loop); }

/* A UDP socket on any port of the loopback interface, and where it is. */
static int bound(struct sockaddr_in *address) {
  socklen_t length = sizeof *address;
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor >= 0 && bind(descriptor, (struct sockaddr *)address, length) == 0 &&
      getsockname(descriptor, (struct sockaddr *)address, &length) == 0)
    return descriptor;
  int failure = -errno;
  if (descriptor >= 0) close(descriptor);
  return failure;
}

static int open_endpoint(endpoint *self, int descriptor, uv_udp_recv_cb received) {
  int result = uv_loop_init(&self->loop);
  if (result == 0) {
    self->loop.data = self;
    result = uv_udp_init(&self->loop, &self->socket);
  }
  if (result == 0) result = uv_udp_open(&self->socket, descriptor);
  if (result == 0) result = uv_udp_recv_start(&self->socket, provide, received);
  return result;
}

double echo_round_trips(int in_flight, size_t bytes, double seconds) {
  struct sockaddr_in address, own;
  endpoint *self = calloc(1, sizeof *self);
  int server = self && bytes <= longest ? bound(&address) : -ENOMEM;
  int client = server < 0 ? server : bound(&own);
  if (client < 0) {
    if (server >= 0) close(server);
    free(self);
    return client;
  }
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (open_endpoint(self, server, echo) != 0) _exit(1);
    uv_run(&self->loop, UV_RUN_DEFAULT);
    _exit(0);
  }
  close(server);
  self->other = address;
  self->size = bytes;
  int result = child < 0 ? -errno : open_endpoint(self, client, take);
  if (result == 0) {
    uv_timer_init(&self->loop, &self->timer);
    uv_timer_start(&self->timer, stop, (uint64_t)(seconds * 1000), 0);
    for (int sent = 0; sent < in_flight; sent++)
      send_to(self, bytes, (struct sockaddr *)&self->other);
    uv_run(&self->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&self->socket, NULL);
    uv_close((uv_handle_t *)&self->timer, NULL);
    uv_run(&self->loop, UV_RUN_DEFAULT);
    uv_loop_close(&self->loop);
  }
  if (child > 0) {
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
  }
  double rate = result == 0 ? (double)self->taken / seconds : result;
  free(self);
  return rate;
}
