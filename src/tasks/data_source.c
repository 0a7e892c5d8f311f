/*
 * data_source: opens a data file, refuses what is not text before anybody reads it as one, and
 * finds out which byte ends its lines.
 */
#include "tasks/data_source.h"

#include <string.h>

enum { LOOKED_AT = 512 };

static const struct {
    size_t offset;
    const char *bytes;
    size_t length;
    const char *what;
    const char *remedy;
} foreign_files[] = {
    {0, "PAR1\x15", 5, "a Parquet file", "pandas.read_parquet(FILE).to_json(NEW, orient=\"records\", lines=True)"},
    {0, "ARROW1", 6, "an Arrow file", "pandas.read_feather(FILE).to_json(NEW, orient=\"records\", lines=True)"},
    {0, "PK\3\4", 4, "a zip archive or a workbook", "unzip FILE, or save the sheet as CSV"},
    {0,
     "\xFD"
     "7zXZ",
     5, "packed by xz", "xz -dk FILE, or gzip in its place"},
    {0, "\x28\xB5\x2F\xFD", 4, "packed by zstd", "zstd -dk FILE, or gzip in its place"},
    {0, "\x04\x22\x4D\x18", 4, "packed by lz4", "lz4 -dk FILE, or gzip in its place"},
    {4, "1AY&SY", 6, "packed by bzip2", "bzip2 -dk FILE, or gzip in its place"},
    {0, "7z\xBC\xAF\x27\x1C", 6, "a 7z archive", "7z x FILE"},
    {257, "ustar", 5, "a tar archive", "tar -xf FILE"},
    {0, "\x89HDF\r\n", 6, "an HDF5 file", "pandas.read_hdf(FILE).to_json(NEW, orient=\"records\", lines=True)"},
    {0, "SQLite format 3", 15, "an SQLite database", "sqlite3 -json FILE \"SELECT * FROM TABLE\" > NEW.json"},
    {0, "\x93NUMPY", 6, "a NumPy array", "write a JSON object a line"},
    {0, "<!DOCTYPE html", 14, "a web page", "download the file itself (its \"raw\" or \"resolve\" address)"},
    {0, "<!doctype html", 14, "a web page", "download the file itself (its \"raw\" or \"resolve\" address)"},
};

static hs_status refuse_foreign(const task_source *source, const char *bytes, size_t n_bytes, hs_error *error)
{
    for (size_t i = 0; i < sizeof foreign_files / sizeof foreign_files[0]; i++)
        if (n_bytes >= foreign_files[i].offset + foreign_files[i].length &&
            memcmp(bytes + foreign_files[i].offset, foreign_files[i].bytes, foreign_files[i].length) == 0)
            return hs_fail(error, HS_ERROR_INPUT, "%s is %s; JSON Lines, CSV, TSV or text is needed: %s", source->path,
                           foreign_files[i].what, foreign_files[i].remedy);
    return HS_OK;
}

/* The first line feed decides, but those within quotes: spreadsheets wrote them into records that a '\r' ends. */
static char find_line_end(const char *bytes, size_t n_bytes, char quote)
{
    bool in_quotes = false;
    bool returns = false;
    for (size_t i = 0; i < n_bytes; i++) {
        if (quote != '\0' && bytes[i] == quote)
            in_quotes = !in_quotes;
        else if (bytes[i] == '\n' && !in_quotes)
            return '\n';
        returns = returns || bytes[i] == '\r';
    }
    return returns ? '\r' : '\0';
}

/* As much of the file is looked at as a line may have. */
static hs_status choose_line_end(task_source *source, char quote, hs_error *error)
{
    const char *bytes;
    size_t n = 0;
    bool is_all;
    char line_end;
    do {
        HS_TRY(hs__tasks_source_look(source, 2 * n + 1, &bytes, &n, &is_all, error));
        n = n > TASK_MAX_LINE_BYTES ? TASK_MAX_LINE_BYTES : n;
        line_end = find_line_end(bytes, n, quote);
    } while (line_end != '\n' && !is_all && n < TASK_MAX_LINE_BYTES);
    source->line_end = line_end == '\r' ? '\r' : '\n';
    return HS_OK;
}

hs_status hs__tasks_source_open(const char *path, char quote, task_source *source_out, hs_error *error)
{
    const char *bytes;
    size_t n_bytes, mark;
    bool is_all;
    *source_out = (task_source){.path = path, .next_line = 1};
    HS_TRY(hs_input_open(path, &source_out->input, error));
    HS_TRY(hs__tasks_source_look(source_out, LOOKED_AT, &bytes, &n_bytes, &is_all, error));
    HS_TRY(hs_text_mark(bytes, n_bytes, path, &mark, error));
    HS_TRY(refuse_foreign(source_out, bytes, n_bytes, error));
    hs_input_pass(source_out->input, mark);
    return choose_line_end(source_out, quote, error);
}

void hs__tasks_source_clear(task_source *source)
{
    hs_input_free(source->input);
    *source = (task_source){0};
}

hs_status hs__tasks_source_look(task_source *source, size_t n_wanted, const char **bytes_out, size_t *n_out,
                                bool *is_all_out, hs_error *error)
{
    return hs_input_look(source->input, n_wanted, bytes_out, n_out, is_all_out, error);
}

void hs__tasks_source_pass(task_source *source, const char *bytes, size_t n_bytes)
{
    for (const char *at = bytes, *end = bytes + n_bytes;
         at < end && (at = memchr(at, source->line_end, (size_t)(end - at))) != NULL; at++)
        source->next_line++;
    hs_input_pass(source->input, n_bytes);
}

hs_status hs__tasks_source_next_byte(task_source *source, int *byte_out, hs_error *error)
{
    const char *bytes;
    size_t n, n_blank;
    bool is_all;
    do {
        HS_TRY(hs__tasks_source_look(source, 1, &bytes, &n, &is_all, error));
        for (n_blank = 0; n_blank < n && bytes[n_blank] != '\0' && strchr(" \t\r\n", bytes[n_blank]) != NULL;)
            n_blank++;
        hs__tasks_source_pass(source, bytes, n_blank);
    } while (n > 0 && n_blank == n);
    *byte_out = n > n_blank ? (unsigned char)bytes[n_blank] : -1;
    return HS_OK;
}

/*
 * The window doubles until the record ends in it, so that most records are measured once and a
 * long one costs no more than twice its length. A record that is longer than any may be is
 * returned as a piece, for the caller to say where.
 */
hs_status hs__tasks_source_cut(task_source *source, task_measure *measure, void *context, const char **record_out,
                               size_t *length_out, bool *is_whole_out, hs_error *error)
{
    size_t n = 0;
    bool is_all;
    do {
        HS_TRY(hs__tasks_source_look(source, 2 * n + 1, record_out, &n, &is_all, error));
        is_all = is_all || n > TASK_MAX_LINE_BYTES;
        n = n > TASK_MAX_LINE_BYTES ? TASK_MAX_LINE_BYTES + 1 : n;
        *length_out = measure(*record_out, n, context);
    } while (*length_out == 0 && !is_all);
    *is_whole_out = *length_out > 0;
    *length_out = *is_whole_out ? *length_out : n;
    hs__tasks_source_pass(source, *record_out, *length_out);
    return HS_OK;
}

void hs__tasks_oddity_add(task_oddity *oddity, size_t line)
{
    oddity->line = oddity->n++ == 0 ? line : oddity->line;
}

hs_status hs__tasks_oddity_note(const task_oddity *oddity, const char *path, const char *what, hs_text *notes,
                                hs_error *error)
{
    if (oddity->n == 0)
        return HS_OK;
    return hs_text_appendf(notes, error, "%s:%zu%s: %s\n", path, oddity->line, oddity->n > 1 ? " and others" : "",
                           what);
}
