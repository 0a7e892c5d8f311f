/* lexicon: a word list, one entry per line (as LDNOOBW has it) -> the tokens with which its entries begin. */
#ifndef TASKS_LEXICON_H
#define TASKS_LEXICON_H

#include "tasks/encode.h"

/*
 * Sorted unique first tokens of each entry, both after a space in running text and at the very start of a text,
 * without special tokens; a token that is nothing but white space is left out. Blank lines, CRLF and white space
 * around an entry do not count. HS_ERROR_INPUT: no tokenizer, invalid UTF-8, no entry at all; names file and line.
 */
hs_status hs__tasks_lexicon_read(const char *path, const task_encoder *encoder, hs_token_list *ids_out,
                                 hs_error *error);

#endif
