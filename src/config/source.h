/*
 * The text of an experiment file on its way to libconfig: size, nesting and encoding are bounded, @include is resolved
 * here, and what libconfig 1.5 reads wrongly without a word is mended or refused:
 *   - an integer beyond 32 bits wraps around, so every integer is passed on as decimal with the suffix L;
 *   - a comment in the last line is a syntax error unless a newline follows, so comments are left out;
 *   - a comment that is never closed swallows the rest of the file, "." is the number 0, and \x00 vanishes from a
 *     string: errors here.
 */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include "headsweep/base.h"

enum {
    SOURCE_MAX_BYTES = 1 << 20, /* of the file and everything that it includes */
    SOURCE_MAX_NESTING = 16,    /* the table of keys needs 3 */
    SOURCE_MAX_INCLUDES = 8,    /* one within the other */
};

typedef struct source_file {
    char *path;
    char *bytes;
    size_t n_bytes;
} source_file;

typedef struct source_line {
    size_t file;
    size_t line; /* from 1 */
} source_line;

/* Initialise with {0}. */
typedef struct config_source {
    hs_text text;       /* for config_read_string() */
    source_line *lines; /* where each line of `text` comes from */
    size_t n_lines, lines_capacity;
    source_file *files; /* files[0] is the experiment file */
    size_t n_files, files_capacity;
    size_t n_bytes;    /* read so far */
    const char *block; /* what is left of the texts that are given; NULL: files are read */
    size_t n_block_bytes;
} config_source;

/*
 * The texts of all files that were read, in the order in which they were begun, each with the zero byte at its end,
 * which no experiment file holds. Further texts may follow in the block.
 */
hs_status hs__config_source_pack(const config_source *source, hs_text *block, hs_error *error);
/* The next of the texts that stand behind those in the block, and that there is none. HS_ERROR_INTERNAL. */
hs_status hs__config_source_take(config_source *source, const char *path, const char **text_out, hs_error *error);
hs_status hs__config_source_end(const config_source *source, const char *path, hs_error *error);
void hs__config_source_clear(config_source *source);

/* The folder of `path` to put before others: "" and not "." for the current one. NULL on failure; hs_free() it. */
char *hs__config_source_folder(const char *path, hs_error *error);

/* The line of its own file that line `line` (from 1) of source->text comes from. */
size_t hs__config_source_line_number(const config_source *source, size_t line);
/* "experiment.cfg:12" for that line, into `buffer`, which is returned. */
const char *hs__config_source_where(const config_source *source, size_t line, char *buffer, size_t capacity);
/* That line of the file as people wrote it, trimmed, cut to the buffer and without control characters. */
const char *hs__config_source_quote(const config_source *source, size_t line, char *buffer, size_t capacity);

#endif
