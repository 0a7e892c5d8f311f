/* unicode_forms: Unicode's normalisation forms, for normalizers that apply one. */
#ifndef HEADSWEEP_TOKENIZER_UNICODE_FORMS_H
#define HEADSWEEP_TOKENIZER_UNICODE_FORMS_H

#include "tokenizer/step.h"

/* For hs__tokenizer_rewrite_pieces(); `how` points to the int of utf8proc's options. */
hs_status hs__tokenizer_rewrite_form(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                     bool *at_origin_inout, hs_error *error);

#endif
