#include <sqlite3.h>

/* SQLITE_TRANSIENT is a macro with a cast, which Swift cannot import. */
static inline sqlite3_destructor_type seedbed_sqlite_transient(void) { return SQLITE_TRANSIENT; }
