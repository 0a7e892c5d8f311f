/*
 * pattern: compiles with PCRE2 and finds all matches of a text, within limits, since both the
 * pattern and the text may come from anybody. The syntax is pattern_translate.c's.
 */
#include "tokenizer/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    MAX_PATTERN_BYTES = 65536,
    MATCH_LIMIT = 10000000,  /* steps of one search: hostile patterns end here instead of running for ever */
    HEAP_LIMIT_KIB = 262144, /* of one search without JIT */
};

struct tokenizer_pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
    bool any_bytes;
};

hs_status hs__tokenizer_spans_add(tokenizer_spans *spans, size_t start, size_t end, bool is_match, hs_error *error)
{
    HS_TRY(hs_reserve(&spans->items, &spans->capacity, spans->n + 1, sizeof *spans->items, "matches", error));
    spans->items[spans->n++] = (tokenizer_span){.start = start, .end = end, .is_match = is_match};
    return HS_OK;
}

static void *allocate_for_pcre2(size_t size, void *unused)
{
    (void)unused;
    void *memory = NULL;
    hs_error ignored = {0};
    return hs_allocate(&memory, 1, size, "regular expression", &ignored) == HS_OK ? memory : NULL;
}

static void free_for_pcre2(void *memory, void *unused)
{
    (void)unused;
    hs_free(memory);
}

static hs_status fail_compile(int code, size_t offset, hs_error *error)
{
    PCRE2_UCHAR message[256] = "unknown error";
    pcre2_get_error_message(code, message, sizeof message);
    return hs_fail(error, code == PCRE2_ERROR_HEAP_FAILED ? HS_ERROR_MEMORY : HS_ERROR_INPUT,
                   "the regular expression cannot be used: %s (at byte %zu of its PCRE2 form)", (const char *)message,
                   offset);
}

/* Ruby's ^ and $ match at every line, and lines end in a line feed whatever PCRE2 was built for. */
static hs_status compile(const char *text, size_t length, uint32_t options, tokenizer_pattern *pattern, hs_error *error)
{
    hs_status status = HS_OK;
    int code = 0;
    PCRE2_SIZE offset = 0;
    pcre2_general_context *memory = pcre2_general_context_create(allocate_for_pcre2, free_for_pcre2, NULL);
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    pattern->limits = pcre2_match_context_create(memory);
    if (memory == NULL || context == NULL || pattern->limits == NULL) {
        status = hs_fail(error, HS_ERROR_MEMORY, "out of memory for a regular expression");
        goto done;
    }
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_match_limit(pattern->limits, MATCH_LIMIT);
    pcre2_set_heap_limit(pattern->limits, HEAP_LIMIT_KIB);
    pattern->code = pcre2_compile((PCRE2_SPTR)text, length, options, &code, &offset, context);
    if (pattern->code == NULL) {
        status = fail_compile(code, offset, error);
        goto done;
    }
    (void)pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE); /* without JIT the interpreter gives the same matches */
done:
    pcre2_compile_context_free(context);
    pcre2_general_context_free(memory);
    return status;
}

/* The version of Unicode of the library that is there at run time, 1400 for 14.0; 0 if it has none. */
static int library_unicode(void)
{
    char version[32] = "";
    int major = 0;
    int minor = 0;
    if (pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, NULL) > (int)sizeof version ||
        pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, version) < 0)
        return 0;
    return sscanf(version, "%d.%d", &major, &minor) == 2 ? major * 100 + minor : 0;
}

/*
 * A plain text is searched as bytes, which is faster and finds the same; an empty one is compiled
 * as an expression, because it matches between characters. A decoder's texts may hold any bytes.
 */
hs_status hs__tokenizer_pattern_new(const char *text, size_t length, bool is_regex, bool any_bytes,
                                    tokenizer_pattern **pattern_out, hs_error *error)
{
    hs_status status = HS_OK;
    hs_text translated = {0};
    tokenizer_pattern *pattern = NULL;
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
    *pattern_out = NULL;
    if (length > MAX_PATTERN_BYTES)
        return hs_fail(error, HS_ERROR_INPUT, "the pattern has %zu bytes, more than the %d allowed", length,
                       MAX_PATTERN_BYTES);
    HS_GOTO_DONE(hs_allocate(&pattern, 1, sizeof *pattern, "pattern", error));
    pattern->any_bytes = any_bytes;
    if (is_regex) {
        HS_GOTO_DONE(hs__tokenizer_pattern_translate(text, length, library_unicode(), &translated, error));
        text = translated.text != NULL ? translated.text : "";
        length = translated.length;
    } else if (length > 0) {
        options = PCRE2_LITERAL; /* UTF-8 synchronises itself: comparing bytes finds characters */
    }
    if (any_bytes && (options & PCRE2_UTF) != 0)
        options |= PCRE2_MATCH_INVALID_UTF;
    HS_GOTO_DONE(compile(text, length, options, pattern, error));
    *pattern_out = pattern;
    pattern = NULL;
done:
    hs__tokenizer_pattern_free(pattern);
    hs_text_clear(&translated);
    return status;
}

void hs__tokenizer_pattern_free(tokenizer_pattern *pattern)
{
    if (pattern == NULL)
        return;
    pcre2_code_free(pattern->code);
    pcre2_match_context_free(pattern->limits);
    hs_free(pattern);
}

/*
 * A search that ends at a limit is an error: to take it for no match would give other ids without
 * a word.
 */
static hs_status search(const tokenizer_pattern *pattern, const char *text, size_t length, size_t from,
                        uint32_t options, pcre2_match_data *matches, bool *found_out, hs_error *error)
{
    int code = pcre2_match(pattern->code, (PCRE2_SPTR)text, length, from, options, matches, pattern->limits);
    /* JIT code has a small stack of its own; the interpreter takes over where that is too small. */
    if (code == PCRE2_ERROR_JIT_STACKLIMIT)
        code = pcre2_match(pattern->code, (PCRE2_SPTR)text, length, from, options | PCRE2_NO_JIT, matches,
                           pattern->limits);
    *found_out = code >= 0;
    if (code >= 0 || code == PCRE2_ERROR_NOMATCH)
        return HS_OK;
    PCRE2_UCHAR message[256] = "unknown error";
    pcre2_get_error_message(code, message, sizeof message);
    return hs_fail(error, HS_ERROR_INPUT,
                   "the tokenizer's regular expression fails on a text of %zu bytes: %s; shorten the text", length,
                   (const char *)message);
}

/* One match into `start` and `end`. \K in a lookaround can put the start behind the end: then nothing was matched. */
static void read_match(pcre2_match_data *matches, size_t *start, size_t *end)
{
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(matches);
    *end = offsets[1];
    *start = offsets[0] < offsets[1] ? offsets[0] : offsets[1];
}

static size_t next_character(const char *text, size_t length, size_t at)
{
    size_t step = at < length ? hs_utf8_length(text + at, length - at) : 1;
    return at + (step > 0 ? step : 1);
}

/*
 * The matches that `tokenizers` finds through Oniguruma: an empty one right behind another match
 * does not count, and the search goes on one character further.
 */
hs_status hs__tokenizer_pattern_spans(const tokenizer_pattern *pattern, const char *text, size_t length,
                                      tokenizer_spans *spans, hs_error *error)
{
    hs_status status = HS_OK;
    size_t from = 0;
    size_t covered = 0;
    bool found = true;
    bool any = false;
    /* One check here instead of one in every search, which would be quadratic. */
    hs_error malformed = {0};
    bool is_text = !pattern->any_bytes || hs_utf8_check(text, length, "text", &malformed) == HS_OK;
    uint32_t options = is_text ? PCRE2_NO_UTF_CHECK : 0;
    spans->n = 0;
    pcre2_match_data *matches = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    if (matches == NULL)
        return hs_fail(error, HS_ERROR_MEMORY, "out of memory for a regular expression");
    while (length > 0 && from <= length) {
        HS_GOTO_DONE(search(pattern, text, length, from, options, matches, &found, error));
        if (!found)
            break;
        size_t start = 0;
        size_t end = 0;
        read_match(matches, &start, &end);
        if ((start == end && any && end == covered) || start < covered) {
            from = next_character(text, length, from);
            continue;
        }
        if (covered < start)
            HS_GOTO_DONE(hs__tokenizer_spans_add(spans, covered, start, false, error));
        HS_GOTO_DONE(hs__tokenizer_spans_add(spans, start, end, true, error));
        covered = end;
        from = end;
        any = true;
    }
    if (covered < length)
        HS_GOTO_DONE(hs__tokenizer_spans_add(spans, covered, length, false, error));
done:
    pcre2_match_data_free(matches);
    return status;
}
