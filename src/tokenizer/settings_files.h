/* settings_files: the settings from the files of a folder, and from the class where these say nothing. */
#ifndef HEADSWEEP_TOKENIZER_SETTINGS_FILES_H
#define HEADSWEEP_TOKENIZER_SETTINGS_FILES_H

#include "tokenizer/settings.h"

/*
 * Every file may be absent: then everything is as in transformers' classes. `tokenizer_json` is the path of the
 * tokenizer.json, NULL where there is none. HS_ERROR_INPUT names file and key.
 */
hs_status hs__tokenizer_settings_read(const char *folder, const char *tokenizer_json, tokenizer_settings *settings,
                                      hs_error *error);
/* The class where nothing says: the names of its tokens are put in where no file names one. */
hs_status hs__tokenizer_settings_set_class(tokenizer_settings *settings, const char *name, hs_error *error);
#endif
