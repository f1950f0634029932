// The hashes' own functions: they need no provider to be loaded, which costs a small process dearly,
// and their state is a plain value. OpenSSL 3 calls them deprecated.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>

static inline int ccrypto_sha256_start(SHA256_CTX *state) { return SHA256_Init(state); }

static inline int ccrypto_sha256_update(SHA256_CTX *state, const void *bytes, size_t count) {
  return SHA256_Update(state, bytes, count);
}

static inline int ccrypto_sha256_finish(SHA256_CTX *state, unsigned char *digest) {
  return SHA256_Final(digest, state);
}

static inline int ccrypto_sha1_start(SHA_CTX *state) { return SHA1_Init(state); }

static inline int ccrypto_sha1_update(SHA_CTX *state, const void *bytes, size_t count) {
  return SHA1_Update(state, bytes, count);
}

static inline int ccrypto_sha1_finish(SHA_CTX *state, unsigned char *digest) {
  return SHA1_Final(digest, state);
}
