/* Internal to the reading of experiment files: one pass over the bytes of a file, see source.h. */
#ifndef CONFIG_SCANNER_H
#define CONFIG_SCANNER_H

#include "config/source.h"

typedef struct scan_context {
    const char *folder; /* of @include; NULL: not allowed */
    size_t n_includes;  /* files that are being included around this one */
    size_t nesting;     /* brackets that are open around it */
} scan_context;

/* Appends the checked text of source->files[file] to source->text. */
hs_status hs__config_scan_file(config_source *source, size_t file, const scan_context *context, hs_error *error);

/* Adds the file to the source, reads it or takes it from the block, and scans it. */
hs_status hs__config_source_include(config_source *source, const char *path, const scan_context *context,
                                    hs_error *error);

#endif
