/* Values as text: in the syntax of the file, and in the canonical form of hs_config_list_values(). */
#ifndef CONFIG_VALUE_TEXT_H
#define CONFIG_VALUE_TEXT_H

#include "config/keys.h"

typedef enum text_form {
    TEXT_CANONICAL, /* a string on its own without quotes, the shortest form of a number */
    TEXT_FILE       /* as it can be read again */
} text_form;

/* Not for KEY_TASKS. A string that is NULL counts as "". */
hs_status hs__config_text_append_value(hs_text *text, const key_row *row, const void *base, text_form form,
                                       hs_error *error);
hs_status hs__config_text_append_quoted(hs_text *text, const char *string, hs_error *error);

#endif
