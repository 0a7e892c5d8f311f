/* white_space: what Python calls white space (str.isspace), because lm-evaluation-harness cuts its texts there. */
#ifndef TASKS_WHITE_SPACE_H
#define TASKS_WHITE_SPACE_H

#include "headsweep/base.h"

/* Texts are UTF-8; bytes that are not count as characters other than white space. */

/* Length without trailing white space, as len(text.rstrip()). In bytes. */
size_t hs__tasks_trimmed_length(const char *text, size_t length);
/* Offset of the last word of a text without trailing white space; 0 if it is the only one. */
size_t hs__tasks_last_word(const char *text, size_t length);
/* len(re.split(r"\s+", text)): how the harness counts words, so white space at either end counts an empty word. */
size_t hs__tasks_count_words(const char *text, size_t length);
/* The next word of text.split() from *position on, which moves behind it; false at the end. */
bool hs__tasks_next_word(const char *text, size_t length, size_t *position, const char **word_out,
                         size_t *word_length_out);

#endif
