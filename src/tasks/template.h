/*
 * template: a text made of a record's fields, as in "Question: {question.stem}\nAnswer:"; {{ and }} stand for braces.
 */
#ifndef TASKS_TEMPLATE_H
#define TASKS_TEMPLATE_H

#include "headsweep/base.h"

/* True if there is a brace in it: else it is the name of a field, or a constant. */
bool hs__tasks_is_template(const char *text);

/* HS_ERROR_USAGE: a brace without its partner, or nothing between two; `what` names the template in the message. */
hs_status hs__tasks_template_check(const char *text, const char *what, hs_error *error);

/*
 * Replaces `out` by the template with the record's fields, which are strings, numbers as the file writes them, truth
 * values (True, False) or null (None); it has been checked. HS_ERROR_INPUT "place: ...": a field is missing or is
 * something else.
 */
hs_status hs__tasks_template_expand(const char *text, const hs_json_value *record, const char *place, hs_text *out,
                                    hs_error *error);

/*
 * Replaces `out` by a single value as text: a string, a number as the file writes it, or "true" and "false".
 * *is_single_out is false for anything else.
 */
hs_status hs__tasks_value_text(const hs_json_value *value, hs_text *out, bool *is_single_out, hs_error *error);
/* What a value is, for messages that it cannot be used: "array", "NaN". */
const char *hs__tasks_value_name(const hs_json_value *value);

#endif
