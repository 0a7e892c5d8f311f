/* Foreign text on its way into a message. */
#ifndef CONFIG_EXCERPT_H
#define CONFIG_EXCERPT_H

#include <stddef.h>

/*
 * As much of the `length` bytes as fits: whole characters, blanks for control characters, "..." at the end if something
 * is missing. `capacity` is at least 8. Returns buffer.
 */
const char *hs__config_excerpt(const char *bytes, size_t length, char *buffer, size_t capacity);

#endif
