/*
 * byte_level: GPT-2's alphabet, in which every byte is written as a printable character: the printable bytes of
 * Latin-1 as themselves, the others as U+0100, U+0101, ... in order (Radford et al. 2019, bytes_to_unicode).
 */
#ifndef HEADSWEEP_TOKENIZER_BYTE_LEVEL_H
#define HEADSWEEP_TOKENIZER_BYTE_LEVEL_H

#include "tokenizer/step.h"

/* The byte of a character of the alphabet, -1 for any other character. */
int hs__tokenizer_character_byte(int32_t character);

/* A tokenizer_rewrite: bytes become characters of the alphabet. `how` is not used. */
hs_status hs__tokenizer_rewrite_bytes(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                      bool *at_origin_inout, hs_error *error);

#endif
