// PCRE2 for texts of bytes: its functions have the width of a character in their names.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
