/* source_reader: how a source gets its texts. Internal to the reading of experiment files. */
#ifndef CONFIG_SOURCE_READER_H
#define CONFIG_SOURCE_READER_H

#include "config/source.h"

/* Reads the file; paths of @include are relative to its folder. HS_ERROR_USAGE names file and line of what is wrong. */
hs_status hs__config_source_read(config_source *source, const char *path, hs_error *error);
/*
 * A source made of a block of hs__config_source_pack() as hs__config_source_read() made it of the files, whose paths it
 * needs only for messages. HS_ERROR_INTERNAL for a block of fewer texts than its @include lines ask for.
 */
hs_status hs__config_source_read_block(config_source *source, const char *path, const hs_text *block, hs_error *error);
/* The same for a text that is given: `name` stands for it in messages. There is no @include. */
hs_status hs__config_source_read_text(config_source *source, const char *name, const char *text, hs_error *error);

#endif
