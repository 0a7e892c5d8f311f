/* Internal to the reading of experiment files: one pass over the bytes of a file, see source.h. */
#ifndef CONFIG_SCANNER_H
#define CONFIG_SCANNER_H

#include "config/source.h"

typedef struct scan_context scan_context;

/* Adds the file to the source, reads it and scans it. */
typedef hs_status scan_include_function(config_source *source, const char *path, const scan_context *context,
                                        hs_error *error);

struct scan_context {
    scan_include_function *include; /* with a folder only */
    const char *folder;             /* of @include; NULL: not allowed */
    size_t n_includes;              /* files that are being included around this one */
    size_t nesting;                 /* brackets that are open around it */
};

/* Appends the checked text of source->files[file] to source->text. */
hs_status hs__config_scan_file(config_source *source, size_t file, const scan_context *context, hs_error *error);

#endif
