/*
 * word_list: one entry a line, blank lines and comments left out; for token_mass and the lexicon
 * scorer alike.
 */
#include "tasks/word_list.h"

#include "tasks/reader.h"
#include "tasks/white_space.h"

enum { MAX_ENTRY_BYTES = 4096, MAX_FILE_BYTES = 64 * 1024 * 1024 };

static hs_status read_line(const char *line, size_t length, const char *place, task_entry_reader read, void *context,
                           hs_error *error)
{
    if (length > MAX_ENTRY_BYTES)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: the entry is longer than %d bytes; a word list has one word per line", place,
                       MAX_ENTRY_BYTES);
    HS_TRY(hs_utf8_check(line, length, place, error));
    length = hs__tasks_trimmed_length(line, length);
    while (length > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        length--;
    }
    return length > 0 ? read(context, line, length, place, error) : HS_OK;
}

/*
 * An entry is not valid after `read` returns. All lines have the limit of entries: a file that is
 * not a word list fails at its first long line.
 */
hs_status hs__tasks_word_list_read(const char *path, task_entry_reader read, void *context, hs_error *error)
{
    char *bytes;
    hs_text place = {0};
    const char *line;
    size_t n_bytes, length, position = 0, number = 0;
    HS_TRY(hs_text_file_read(path, MAX_FILE_BYTES, &bytes, &n_bytes, error));
    hs_status status = HS_OK;
    while (status == HS_OK && hs__tasks_next_line(bytes, n_bytes, MAX_ENTRY_BYTES, &position, &line, &length)) {
        place.length = 0;
        status = hs_text_appendf(&place, error, "%s:%zu", path, ++number);
        if (status == HS_OK)
            status = read_line(line, length, place.text, read, context, error);
    }
    hs_text_clear(&place);
    hs_free(bytes);
    return status;
}

hs_status hs__tasks_word_list_empty(const char *path, hs_error *error)
{
    return hs_fail(error, HS_ERROR_INPUT, "%s: the word list has no entry", path);
}
