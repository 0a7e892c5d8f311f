/*
 * reader: a data file as records, whatever format it has: a row of the table below for each, which
 * becomes one JSON object a record, so that everything behind it knows one shape.
 */
#include "tasks/reader.h"

#include <string.h>
#include <strings.h>

#include "tasks/fields.h"

typedef hs_status parse_function(task_reader *reader, const char *bytes, size_t length, hs_error *error);
static parse_function parse_json, parse_delimited, parse_text;

/*
 * A kind of file: a record is a line, unless a delimiter says that fields in quotes may hold line ends, or it is JSON.
 */
typedef struct task_file_format {
    const char *ending;
    char delimiter;
    char quote; /* unless the experiment file says otherwise */
    bool is_json;
    parse_function *parse;
} task_file_format;

static const task_file_format formats[] = {
    {".csv", ',', '"', false, parse_delimited},
    {".tsv", '\t', '\0', false, parse_delimited},
    {".txt", '\0', '\0', false, parse_text},
    {"", '\0', '\0', true, parse_json},
};

static bool ends_with(const char *path, size_t length, const char *ending)
{
    size_t n = strlen(ending);
    return length >= n && strncasecmp(path + length - n, ending, n) == 0;
}

static const task_file_format *find_format(const char *path)
{
    const task_file_format *format = formats;
    size_t length = strlen(path);
    length -= ends_with(path, length, ".gz") ? 3 : 0;
    while (!ends_with(path, length, format->ending))
        format++;
    return format;
}

/* The byte around fields; "auto" leaves the format's own. */
static char quote_of(const task_file_format *format, const hs_data_format *data_format)
{
    static const char bytes[] = {[HS_QUOTE_NONE] = '\0', [HS_QUOTE_DOUBLE] = '"', [HS_QUOTE_SINGLE] = '\''};
    return data_format == NULL || data_format->quote == HS_QUOTE_AUTO ? format->quote : bytes[data_format->quote];
}

static const char *records_of(const hs_data_format *data_format)
{
    return data_format != NULL && data_format->records != NULL ? data_format->records : "";
}

static hs_status check_data_format(const task_file_format *format, const hs_data_format *data_format, hs_error *error)
{
    bool is_auto = data_format == NULL || data_format->quote == HS_QUOTE_AUTO;
    if (format->delimiter == '\0' && !is_auto)
        return hs_fail(error, HS_ERROR_USAGE, "quote = \"%s\": only .csv and .tsv files have quotes",
                       hs_config_word(&HS_CONFIG_QUOTES, (int)data_format->quote));
    if (format->delimiter == '\0' && data_format != NULL && data_format->columns.n > 0)
        return hs_fail(error, HS_ERROR_USAGE, "columns: only .csv and .tsv files have columns");
    if (!format->is_json && records_of(data_format)[0] != '\0')
        return hs_fail(error, HS_ERROR_USAGE, "records = \"%s\": only a JSON document has a list of records",
                       data_format->records);
    return HS_OK;
}

/*
 * At most one byte more than a line may have is looked at: enough to tell that it is too long,
 * without searching a whole file that has no line ends.
 */
bool hs__tasks_next_line(const char *bytes, size_t n_bytes, size_t max_bytes, size_t *position, const char **line_out,
                         size_t *length_out)
{
    if (*position >= n_bytes)
        return false;
    const char *line = bytes + *position;
    size_t available = n_bytes - *position;
    size_t searched = available > max_bytes + 1 ? max_bytes + 1 : available;
    const char *end = memchr(line, '\n', searched);
    size_t length = end != NULL ? (size_t)(end - line) : searched;
    *position += end != NULL ? length + 1 : length;
    if (end != NULL && length > 0 && line[length - 1] == '\r')
        length--;
    *line_out = line;
    *length_out = length;
    return true;
}

static bool is_blank(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r' && line[i] != '\n')
            return false;
    return true;
}

static size_t measure_line(const char *bytes, size_t n_bytes, void *line_end)
{
    const char *end = memchr(bytes, *(const char *)line_end, n_bytes);
    return end == NULL ? 0 : (size_t)(end - bytes) + 1;
}

typedef struct delimited_measure {
    const delimited_dialect *dialect;
    bool in_quotes;
} delimited_measure;

static size_t measure_delimited(const char *bytes, size_t n_bytes, void *context)
{
    delimited_measure *measure = context;
    return hs__tasks_delimited_length(bytes, n_bytes, measure->dialect, &measure->in_quotes);
}

static hs_status set_place(task_reader *reader, hs_error *error)
{
    reader->line = reader->source.next_line;
    reader->place.length = 0;
    HS_TRY(hs_text_appendf(&reader->place, error, "%s:%zu", reader->source.path, reader->line));
    return reader->document.layout == TASK_JSON_LIST
               ? hs_text_appendf(&reader->place, error, " (record %zu)", reader->document.n_records)
               : HS_OK;
}

static hs_status cut_line(task_reader *reader, const char **record_out, size_t *length_out, hs_error *error)
{
    bool is_whole;
    char line_end = reader->source.line_end;
    HS_TRY(hs__tasks_source_cut(&reader->source, measure_line, &line_end, record_out, length_out, &is_whole, error));
    *length_out -= is_whole;
    if (is_whole && line_end == '\n' && *length_out > 0 && (*record_out)[*length_out - 1] == '\r')
        --*length_out;
    return HS_OK;
}

static hs_status cut_delimited(task_reader *reader, const char **record_out, size_t *length_out, hs_error *error)
{
    bool is_whole;
    delimited_measure measure = {.dialect = &reader->dialect};
    HS_TRY(
        hs__tasks_source_cut(&reader->source, measure_delimited, &measure, record_out, length_out, &is_whole, error));
    if (!measure.in_quotes)
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: a quote that is opened in this record is never closed; where quotes stand for themselves, set "
                   "quote = \"none\"",
                   reader->place.text);
}

/* The record at the reader's position, which is not the end, and moves behind it. */
static hs_status cut_record(task_reader *reader, const char **record_out, size_t *length_out, hs_error *error)
{
    bool is_whole;
    HS_TRY(set_place(reader, error));
    if (reader->format->delimiter != '\0')
        HS_TRY(cut_delimited(reader, record_out, length_out, error));
    else if (reader->document.layout == TASK_JSON_LINES)
        HS_TRY(cut_line(reader, record_out, length_out, error));
    else
        HS_TRY(hs__tasks_source_cut(&reader->source, hs__tasks_json_value_length, NULL, record_out, length_out,
                                    &is_whole, error));
    if (*length_out > TASK_MAX_LINE_BYTES)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the %s is longer than the %d bytes that are allowed",
                       reader->place.text, reader->document.layout == TASK_JSON_LINES ? "line" : "record",
                       TASK_MAX_LINE_BYTES);
    return HS_OK;
}

static hs_status has_more(task_reader *reader, bool *more_out, hs_error *error)
{
    const char *bytes;
    size_t n;
    bool is_all;
    if (reader->document.layout != TASK_JSON_LINES)
        return hs__tasks_json_next(&reader->source, &reader->document, more_out, error);
    HS_TRY(hs__tasks_source_look(&reader->source, 1, &bytes, &n, &is_all, error));
    *more_out = n > 0;
    return HS_OK;
}

/* The next record that is not blank; NULL at the end. */
static hs_status next_record(task_reader *reader, const char **record_out, size_t *length_out, hs_error *error)
{
    bool more;
    do {
        *record_out = NULL;
        HS_TRY(has_more(reader, &more, error));
        if (!more)
            return HS_OK;
        HS_TRY(cut_record(reader, record_out, length_out, error));
    } while (is_blank(*record_out, *length_out));
    return HS_OK;
}

static hs_status check_text(const task_reader *reader, const char *bytes, size_t length, hs_error *error)
{
    HS_TRY(hs_utf8_check(bytes, length, reader->place.text, error));
    if (memchr(bytes, '\0', length) != NULL)
        return hs_fail(error, HS_ERROR_INPUT, "%s: a NUL byte; the file must be text in UTF-8", reader->place.text);
    return HS_OK;
}

static hs_status parse_json(task_reader *reader, const char *bytes, size_t length, hs_error *error)
{
    HS_TRY(hs_json_parse_record(bytes, length, reader->source.path, reader->line, &reader->json, error));
    hs_json_kind kind = hs_json_kind_of(hs_json_root(reader->json));
    if (kind != HS_JSON_OBJECT)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the %s must be a JSON object, {...}, not %s", reader->place.text,
                       reader->document.layout == TASK_JSON_LINES ? "line" : "record", hs_json_kind_name(kind));
    if (hs_json_n_replaced(reader->json) > 0)
        hs__tasks_oddity_add(&reader->replaced, reader->line);
    return HS_OK;
}

static hs_status parse_text(task_reader *reader, const char *bytes, size_t length, hs_error *error)
{
    HS_TRY(hs_json_new_object(&reader->json, error));
    return hs_json_add_string(reader->json, "text", bytes, length, error);
}

static hs_status fail_n_fields(const task_reader *reader, hs_error *error)
{
    const char *delimiter = reader->format->delimiter == ',' ? "comma" : "tab";
    char remedy[80];
    if (reader->dialect.quote != '\0')
        (void)snprintf(remedy, sizeof remedy, "a text that holds a %s must be in quotes", delimiter);
    else
        (void)snprintf(remedy, sizeof remedy, "a text that holds a %s must be in quotes, and quote = \"double\"",
                       delimiter);
    return hs_fail(error, HS_ERROR_INPUT, "%s: the record has %zu field%s, but %s %zu; %s", reader->place.text,
                   reader->record.n, reader->record.n == 1 ? "" : "s",
                   reader->has_columns ? "`columns` has" : "the header has", reader->header.n, remedy);
}

/* A file that does have a header is not to be read with it as an example. */
static hs_status check_is_no_header(const task_reader *reader, hs_error *error)
{
    const delimited_record *header = &reader->header;
    if (!reader->has_columns || reader->n_records > 0 || header->bytes.length != reader->record.bytes.length ||
        memcmp(header->bytes.text, reader->record.bytes.text, header->bytes.length) != 0)
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT, "%s: the file has a header, these names; `columns` is for files without one",
                   reader->place.text);
}

static bool is_in_quotes(const delimited_record *record)
{
    for (size_t i = 0; i < record->n; i++) {
        const char *field = hs__tasks_delimited_field(record, i);
        size_t length = hs__tasks_delimited_field_length(record, i);
        if (length > 1 && field[0] == '"' && field[length - 1] == '"')
            return true;
    }
    return false;
}

/* What is likely an accident, but may be meant. */
static void look_for_oddities(task_reader *reader, const char *bytes, size_t length)
{
    const delimited_dialect *dialect = &reader->dialect;
    if (dialect->quote == '\0' && is_in_quotes(&reader->record))
        hs__tasks_oddity_add(&reader->quoted, reader->line);
    if (dialect->quote != '\0' && memchr(bytes, dialect->line_end, length - 1) != NULL &&
        (dialect->delimiter == '\t' || hs__tasks_delimited_looks_swallowed(bytes, length, dialect, reader->header.n)))
        hs__tasks_oddity_add(&reader->spread, reader->line);
}

/*
 * The number of fields is checked before anything else: a quote that swallowed lines, or a
 * delimiter in an unquoted text, shows there first.
 */
static hs_status parse_delimited(task_reader *reader, const char *bytes, size_t length, hs_error *error)
{
    const delimited_record *header = &reader->header;
    delimited_record *record = &reader->record;
    HS_TRY(hs__tasks_delimited_read(bytes, length, &reader->dialect, reader->place.text, record, error));
    if (record->n != header->n)
        return fail_n_fields(reader, error);
    HS_TRY(check_is_no_header(reader, error));
    look_for_oddities(reader, bytes, length);
    HS_TRY(hs_json_new_object(&reader->json, error));
    for (size_t i = 0; i < record->n; i++)
        HS_TRY(hs_json_add_string(reader->json, hs__tasks_delimited_field(header, i),
                                  hs__tasks_delimited_field(record, i), hs__tasks_delimited_field_length(record, i),
                                  error));
    return HS_OK;
}

static hs_status check_header(const task_reader *reader, hs_error *error)
{
    const delimited_record *header = &reader->header;
    char name[64];
    for (size_t i = 0; i < header->n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(hs__tasks_delimited_field(header, i), hs__tasks_delimited_field(header, k)) == 0)
                return hs_fail(error, HS_ERROR_INPUT, "%s: the header has the name \"%s\" twice", reader->place.text,
                               hs__tasks_quote(hs__tasks_delimited_field(header, i),
                                               hs__tasks_delimited_field_length(header, i), name, sizeof name));
    return HS_OK;
}

static hs_status read_header(task_reader *reader, hs_error *error)
{
    const char *record;
    size_t length;
    HS_TRY(next_record(reader, &record, &length, error));
    if (record == NULL)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the file is empty; its first line must name the fields",
                       reader->source.path);
    HS_TRY(check_text(reader, record, length, error));
    HS_TRY(hs__tasks_delimited_read(record, length, &reader->dialect, reader->place.text, &reader->header, error));
    if (reader->header.n > TASK_MAX_COLUMNS)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the header has %zu fields; at most %d are allowed",
                       reader->place.text, reader->header.n, TASK_MAX_COLUMNS);
    return check_header(reader, error);
}

static hs_status take_columns(task_reader *reader, const hs_string_list *columns, hs_error *error)
{
    reader->has_columns = true;
    for (size_t i = 0; i < columns->n; i++)
        HS_TRY(hs__tasks_delimited_add(&reader->header, columns->items[i], strlen(columns->items[i]), error));
    return HS_OK;
}

/*
 * The order matters: what the header is cut by is known only when the source has seen how its
 * lines end. Columns that the experiment file names stand in for a header that the file lacks.
 */
hs_status hs__tasks_reader_open(const char *path, const hs_data_format *data_format, task_reader *reader_out,
                                hs_error *error)
{
    const task_file_format *format = find_format(path);
    char quote = quote_of(format, data_format);
    *reader_out = (task_reader){.format = format};
    HS_TRY(check_data_format(format, data_format, error));
    HS_TRY(hs__tasks_source_open(path, quote, &reader_out->source, error));
    reader_out->dialect = (delimited_dialect){format->delimiter, quote, reader_out->source.line_end};
    if (format->is_json)
        return hs__tasks_json_open(&reader_out->source, records_of(data_format), &reader_out->document, error);
    if (format->delimiter == '\0')
        return HS_OK;
    return data_format != NULL && data_format->columns.n > 0 ? take_columns(reader_out, &data_format->columns, error)
                                                             : read_header(reader_out, error);
}

void hs__tasks_reader_clear(task_reader *reader)
{
    hs_json_free(reader->json);
    hs_text_clear(&reader->place);
    hs__tasks_delimited_record_clear(&reader->header);
    hs__tasks_delimited_record_clear(&reader->record);
    hs__tasks_source_clear(&reader->source);
    *reader = (task_reader){0};
}

/*
 * The object of the record before is freed here, so that no caller has to know how long it is
 * valid.
 */
hs_status hs__tasks_reader_next(task_reader *reader, const hs_json_value **object_out, hs_error *error)
{
    const char *record;
    size_t length;
    *object_out = NULL;
    hs_json_free(reader->json);
    reader->json = NULL;
    HS_TRY(next_record(reader, &record, &length, error));
    if (record == NULL)
        return HS_OK;
    HS_TRY(check_text(reader, record, length, error));
    HS_TRY(reader->format->parse(reader, record, length, error));
    reader->n_records++;
    *object_out = hs_json_root(reader->json);
    return HS_OK;
}

hs_status hs__tasks_reader_skip(task_reader *reader, bool *skipped_out, hs_error *error)
{
    const char *record;
    size_t length;
    HS_TRY(next_record(reader, &record, &length, error));
    *skipped_out = record != NULL;
    return HS_OK;
}

/*
 * Things that are legal and usually an accident; said once a file, with the first line. Quotes
 * that are kept are worth a word only where most records have them.
 */
hs_status hs__tasks_reader_notes(const task_reader *reader, hs_text *notes, hs_error *error)
{
    const task_oddity few = {0};
    const task_oddity *quoted = 2 * reader->quoted.n > reader->n_records ? &reader->quoted : &few;
    const char *path = reader->source.path;
    HS_TRY(
        hs__tasks_oddity_note(&reader->spread, path,
                              "a quote begins a field of several lines; where quotes stand for themselves, set quote = "
                              "\"none\"",
                              notes, error));
    HS_TRY(hs__tasks_oddity_note(quoted, path,
                                 "the quotes around a field are part of its text; quote = \"double\" takes them off",
                                 notes, error));
    return hs__tasks_oddity_note(&reader->replaced, path,
                                 "half of a surrogate pair, \\ud800 to \\udfff, is read as U+FFFD", notes, error);
}
