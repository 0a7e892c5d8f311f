/* word_list: a file of words and phrases, one entry per line (as LDNOOBW has it). */
#ifndef TASKS_WORD_LIST_H
#define TASKS_WORD_LIST_H

#include "headsweep/base.h"

/* Gets each entry without the white space around it; `place` is "path:line". */
typedef hs_status (*task_entry_reader)(void *context, const char *entry, size_t length, const char *place,
                                       hs_error *error);

/*
 * Blank lines, the kind of line ends and a byte order mark do not count. HS_ERROR_INPUT: invalid UTF-8, an entry of
 * more than 4 kB; names file and line.
 */
hs_status hs__tasks_word_list_read(const char *path, task_entry_reader read, void *context, hs_error *error);
/* HS_ERROR_INPUT: that the list has no entry. */
hs_status hs__tasks_word_list_empty(const char *path, hs_error *error);

#endif
