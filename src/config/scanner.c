/*
 * scanner: one pass over the bytes of a file, which mends or refuses what libconfig misreads (see
 * source.h) and otherwise passes everything on, byte for byte and line for line, so that
 * libconfig's line numbers can be traced back.
 */
#include "config/scanner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct scanner {
    config_source *source;
    const scan_context *context;
    hs_error *error;
    size_t file;
    const char *at, *end; /* `end` points to a zero byte */
    size_t line;
    size_t nesting;
    bool line_start; /* only blanks so far: @include may stand here */
} scanner;

static hs_status fail_at(const scanner *s, size_t line, const char *reason)
{
    return hs_fail(s->error, HS_ERROR_USAGE, "%s:%zu: %s", s->source->files[s->file].path, line, reason);
}

static hs_status start_line(scanner *s)
{
    config_source *source = s->source;
    HS_TRY(hs_reserve(&source->lines, &source->lines_capacity, source->n_lines + 1, sizeof *source->lines,
                      "lines of the experiment file", s->error));
    source->lines[source->n_lines++] = (source_line){s->file, s->line};
    return HS_OK;
}

static hs_status put(scanner *s, const char *bytes, size_t length)
{
    return hs_text_append(&s->source->text, bytes, length, s->error);
}

/* Passes on `length` bytes of the file, counting lines. */
static hs_status copy(scanner *s, size_t length)
{
    for (const char *end = s->at + length; s->at < end; s->at++) {
        HS_TRY(put(s, s->at, 1));
        if (*s->at == '\n') {
            s->line++;
            HS_TRY(start_line(s));
        }
    }
    return HS_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(char c, bool first)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '*' ||
           (!first && (is_digit(c) || c == '_' || c == '-'));
}

static hs_status scan_name(scanner *s)
{
    size_t length = 1;
    while (is_name(s->at[length], false))
        length++;
    return copy(s, length);
}

static hs_status scan_line_comment(scanner *s)
{
    s->at += strcspn(s->at, "\n");
    return HS_OK;
}

/* Its newlines stay, so that line numbers do; a blank keeps the words on both sides apart. */
static hs_status scan_block_comment(scanner *s)
{
    const char *close = strstr(s->at + 2, "*/");
    if (close == NULL)
        return fail_at(s, s->line, "this comment is never closed; */ is missing");
    HS_TRY(put(s, " ", 1));
    while (s->at < close) {
        if (*s->at == '\n')
            HS_TRY(copy(s, 1));
        else
            s->at++;
    }
    s->at = close + 2;
    return HS_OK;
}

static hs_status scan_string(scanner *s)
{
    size_t first_line = s->line;
    HS_TRY(copy(s, 1));
    while (s->at < s->end && *s->at != '"') {
        if (strncmp(s->at, "\\x00", 4) == 0 || strncmp(s->at, "\\X00", 4) == 0)
            return fail_at(s, s->line, "a string cannot hold the character \\x00");
        bool escape = s->at[0] == '\\' && (s->at[1] == '\\' || s->at[1] == '"');
        HS_TRY(copy(s, escape ? 2 : 1));
    }
    if (s->at == s->end)
        return fail_at(s, first_line, "this string is never closed; \" is missing");
    return copy(s, 1);
}

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Length of the exponent at `text`, "e-7", or 0. */
static size_t exponent_length(const char *text)
{
    if (*text != 'e' && *text != 'E')
        return 0;
    size_t sign = text[1] == '+' || text[1] == '-' ? 1 : 0;
    size_t digits = count_digits(text + 1 + sign);
    return digits == 0 ? 0 : 1 + sign + digits;
}

static hs_status put_integer(scanner *s, int base, size_t length)
{
    errno = 0;
    long long value = strtoll(s->at, NULL, base);
    if (errno == ERANGE)
        return hs_fail(s->error, HS_ERROR_USAGE, "%s:%zu: the integer %.*s%s does not fit into 64 bits",
                       s->source->files[s->file].path, s->line, (int)(length > 40 ? 40 : length), s->at,
                       length > 40 ? "..." : "");
    s->at += length;
    for (int i = 0; i < 2 && *s->at == 'L'; i++)
        s->at++;
    return hs_text_appendf(&s->source->text, s->error, "%lldL", value);
}

/*
 * Recognises only what libconfig's own lexer would: every integer is rewritten as decimal with L,
 * a real goes as it is, and a lone sign is passed on for libconfig to refuse.
 */
static hs_status scan_number(scanner *s)
{
    if (s->at[0] == '0' && (s->at[1] == 'x' || s->at[1] == 'X')) {
        size_t digits = strspn(s->at + 2, "0123456789abcdefABCDEF");
        if (digits > 0)
            return put_integer(s, 16, 2 + digits);
    }
    size_t sign = s->at[0] == '+' || s->at[0] == '-' ? 1 : 0;
    size_t whole = count_digits(s->at + sign), length = sign + whole;
    bool point = s->at[length] == '.';
    size_t fraction = point ? count_digits(s->at + length + 1) : 0;
    if (point && whole + fraction == 0)
        return fail_at(s, s->line, "a number needs a digit before or after its point");
    if (point)
        length += 1 + fraction;
    size_t exponent = exponent_length(s->at + length);
    if (point || exponent > 0)
        return copy(s, length + exponent);
    return whole > 0 ? put_integer(s, 10, length) : copy(s, sign);
}

/* Reads `@include "path"` and moves behind it; *path_out is to be freed. */
static hs_status read_include_path(scanner *s, char **path_out)
{
    hs_text path = {0};
    static const char word[] = "@include";
    bool is_include = strncmp(s->at, word, sizeof word - 1) == 0;
    const char *at = s->at + (is_include ? sizeof word - 1 : 0);
    size_t blanks = strspn(at, " \t");
    if (!is_include || blanks == 0 || at[blanks] != '"' || !s->line_start || s->context->folder == NULL)
        return fail_at(s, s->line, "@ may only begin a line as in @include \"other.cfg\"");
    for (at += blanks + 1; *at != '"' && *at != '\n' && *at != '\0'; at++) {
        if (*at == '\\' && (at[1] == '\\' || at[1] == '"'))
            at++;
        if (hs_text_append(&path, at, 1, s->error) != HS_OK)
            goto failed;
    }
    if (*at != '"' || path.length == 0) {
        (void)fail_at(s, s->line, "@include needs a path in quotes");
        goto failed;
    }
    s->at = at + 1;
    *path_out = hs_text_take(&path);
    return HS_OK;
failed:
    hs_text_clear(&path);
    return s->error->status;
}

/*
 * The file's text is appended to the same source, where its @include stood; brackets that are open
 * around it count, or a chain of files could nest deeper than libconfig's recursion bears. A
 * problem of its own line keeps that; any other gets the line of the @include.
 */
static hs_status include_file(scanner *s, const char *written)
{
    scan_context context = {s->context->include, s->context->folder, s->context->n_includes + 1, s->nesting};
    if (context.n_includes > SOURCE_MAX_INCLUDES)
        return hs_fail(s->error, HS_ERROR_USAGE, "%s:%zu: @include \"%s\" is the file number %d within another",
                       s->source->files[s->file].path, s->line, written, SOURCE_MAX_INCLUDES + 1);
    char *path = hs_path_join(context.folder, written, s->error);
    if (path == NULL)
        return s->error->status;
    hs_error problem = {0};
    if (context.include(s->source, path, &context, &problem) != HS_OK)
        /* A problem that has no line of its own gets that of the @include. */
        (void)(problem.status == HS_ERROR_USAGE ? hs_fail(s->error, problem.status, "%s", problem.message)
                                                : hs_fail(s->error, problem.status, "%s:%zu: @include: %s",
                                                          s->source->files[s->file].path, s->line, problem.message));
    hs_free(path);
    return s->error->status;
}

static hs_status scan_include(scanner *s)
{
    char *written = NULL;
    HS_TRY(read_include_path(s, &written));
    hs_status status = include_file(s, written);
    hs_free(written);
    if (status != HS_OK)
        return status;
    /* The included file began a line of the text at its first byte; what follows here needs a line of its own. */
    HS_TRY(put(s, "\n", 1));
    return start_line(s);
}

static hs_status scan_bracket(scanner *s)
{
    if (strchr("{[(", *s->at) != NULL)
        s->nesting++;
    else if (s->nesting > 0)
        s->nesting--;
    if (s->nesting > SOURCE_MAX_NESTING)
        return fail_at(s, s->line, "brackets are nested too deeply");
    return copy(s, 1);
}

/*
 * In the order of libconfig's lexer, by the first bytes of the token: a # within a string or a
 * digit within a name begins nothing.
 */
static hs_status scan_token(scanner *s)
{
    char c = *s->at, next = s->at[1];
    if (c == '@')
        return scan_include(s);
    if (c == '#' || (c == '/' && next == '/'))
        return scan_line_comment(s);
    if (c == '/' && next == '*')
        return scan_block_comment(s);
    if (c == '"')
        return scan_string(s);
    if (is_name(c, true))
        return scan_name(s);
    if (is_digit(c) || c == '+' || c == '-' || c == '.')
        return scan_number(s);
    if (strchr("{}[]()", c) != NULL)
        return scan_bracket(s);
    return copy(s, 1);
}

static hs_status check_bytes(const source_file *file, hs_error *error)
{
    if (memchr(file->bytes, '\0', file->n_bytes) != NULL)
        return hs_fail(error, HS_ERROR_USAGE, "%s has a zero byte; an experiment file is a text", file->path);
    hs_error problem = {0};
    if (hs_utf8_check(file->bytes, file->n_bytes, file->path, &problem) != HS_OK)
        return hs_fail(error, HS_ERROR_USAGE, "%s", problem.message);
    return HS_OK;
}

hs_status hs__config_scan_file(config_source *source, size_t file, const scan_context *context, hs_error *error)
{
    HS_TRY(check_bytes(&source->files[file], error));
    const char *bytes = source->files[file].bytes;
    scanner s = {source, context, error, file, bytes, bytes + source->files[file].n_bytes, 1, context->nesting, true};
    if (source->text.length > 0)
        HS_TRY(put(&s, "\n", 1));
    HS_TRY(start_line(&s));
    while (s.at < s.end) {
        char c = *s.at;
        HS_TRY(scan_token(&s));
        s.line_start = c == '\n' || (s.line_start && (c == ' ' || c == '\t'));
    }
    return HS_OK;
}
