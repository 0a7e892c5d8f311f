/*
 * continuation: sampled token ids as the text that a scorer reads, and where a stop text ends it.
 * Generation asks here after every token whether to go on, and the text is made again for scoring:
 * one reading, so that both agree on where the text ends.
 */
#include <string.h>

#include "tasks/generation.h"

static const char replacement[] = "\xEF\xBF\xBD";

void hs__tasks_continuation_clear(task_continuation *continuation)
{
    hs_text_clear(&continuation->decoded);
    hs_text_clear(&continuation->whole);
    hs_text_clear(&continuation->text);
}

size_t hs__tasks_continuation_length(const hs_sampling *sampling, const int32_t *tokens)
{
    size_t n = 0;
    while (n < sampling->max_new_tokens && tokens[n] >= 0)
        n++;
    return n > 0 && hs_engine_sampling_is_end(sampling, tokens[n - 1]) ? n - 1 : n;
}

/* Which second bytes a lead byte allows (Unicode Standard, table 3-7), and the length of its characters. */
static size_t character_of_lead(unsigned char lead, unsigned char *first_out, unsigned char *last_out)
{
    *first_out = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *last_out = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if ((lead & 0xF0) == 0xE0)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 1;
}

/* Bytes that one U+FFFD stands for: as many as begin some character (section 3.9, "maximal subpart"), at least one. */
static size_t malformed_length(const char *bytes, size_t available)
{
    unsigned char first, last;
    size_t length = character_of_lead((unsigned char)bytes[0], &first, &last);
    size_t n = 1;
    for (; n < length && n < available; n++) {
        unsigned char byte = (unsigned char)bytes[n];
        if (byte < first || byte > last)
            break;
        first = 0x80;
        last = 0xBF;
    }
    return n;
}

/*
 * What is sampled may be half of a character or nonsense. Each maximal malformed part becomes one
 * U+FFFD, as Python's "replace" does it, so that a scorer sees what it would see of transformers.
 */
static hs_status repair(const hs_text *decoded, hs_text *text, hs_error *error)
{
    size_t start = 0;
    text->length = 0;
    for (size_t i = 0; i < decoded->length;) {
        size_t n = hs_utf8_length(decoded->text + i, decoded->length - i);
        if (n > 0) {
            i += n;
            continue;
        }
        HS_TRY(hs_text_append(text, decoded->text + start, i - start, error));
        HS_TRY(hs_text_append(text, replacement, sizeof replacement - 1, error));
        i += malformed_length(decoded->text + i, decoded->length - i);
        start = i;
    }
    return hs_text_append(text, decoded->text + start, decoded->length - start, error);
}

/*
 * From the tokens rather than from the line: what was cut off at the front is not what the model
 * read.
 */
hs_status hs_tasks_prompt(const hs_task *task, size_t example, const hs_tokenizer *tokenizer, hs_text *text,
                          hs_error *error)
{
    size_t sequence = task->examples[example].first_sequence;
    hs_text decoded = {0}, repaired = {0};
    hs_status status;
    HS_GOTO_DONE(hs_text_append(&decoded, "", 0, error));
    HS_GOTO_DONE(hs_tokenizer_decode(tokenizer, hs__tasks_sequence_tokens(&task->sequences, sequence),
                                     hs__tasks_sequence_length(&task->sequences, sequence), true, &decoded, error));
    HS_GOTO_DONE(repair(&decoded, &repaired, error));
    HS_GOTO_DONE(hs_text_append(text, repaired.text == NULL ? "" : repaired.text, repaired.length, error));
done:
    hs_text_clear(&decoded);
    hs_text_clear(&repaired);
    return status;
}

/* Where the first stop text begins; the text's length if there is none. */
static size_t find_stop(const hs_text_list *stops, const hs_text *text)
{
    for (size_t at = 0; at < text->length; at++)
        for (size_t i = 0; i < stops->n; i++) {
            size_t length;
            const char *stop = hs_tasks_text_list_at(stops, i, &length);
            if (length <= text->length - at && memcmp(text->text + at, stop, length) == 0)
                return at;
        }
    return text->length;
}

static hs_status decode(task_continuation *continuation, const int32_t *tokens, size_t n, bool skip_special,
                        hs_text *decoded, hs_error *error)
{
    decoded->length = 0;
    HS_TRY(hs_text_append(decoded, "", 0, error));
    return hs_tokenizer_decode(continuation->generation->tokenizer, tokens, n, skip_special, decoded, error);
}

static hs_status read_all(task_continuation *continuation, const int32_t *tokens, size_t n, hs_error *error)
{
    HS_TRY(decode(continuation, tokens, n, true, &continuation->decoded, error));
    return repair(&continuation->decoded, &continuation->text, error);
}

/* Where the first stop text with a special token begins in `whole`, the text with all of its tokens; or its length. */
static hs_status find_special_stop(task_continuation *continuation, const int32_t *tokens, size_t n, size_t *at_out,
                                   hs_error *error)
{
    const hs_text_list *stops = &continuation->generation->special_stops;
    *at_out = 0;
    continuation->whole.length = 0;
    if (stops->n == 0)
        return HS_OK;
    HS_TRY(decode(continuation, tokens, n, false, &continuation->whole, error));
    *at_out = find_stop(stops, &continuation->whole);
    return HS_OK;
}

/* The text before byte `at` of `whole`, without the special tokens in it: those of whole tokens, and what is left. */
static hs_status read_before(task_continuation *continuation, const int32_t *tokens, size_t n, size_t at,
                             hs_error *error)
{
    size_t covered = 0;
    size_t n_before = 0;
    for (size_t i = 1; i <= n; i++) {
        HS_TRY(decode(continuation, tokens, i, false, &continuation->decoded, error));
        if (continuation->decoded.length > at)
            break;
        covered = continuation->decoded.length;
        n_before = i;
    }
    HS_TRY(decode(continuation, tokens, n_before, true, &continuation->decoded, error));
    HS_TRY(hs_text_append(&continuation->decoded, continuation->whole.text + covered, at - covered, error));
    return repair(&continuation->decoded, &continuation->text, error);
}

hs_status hs__tasks_continuation_read(task_continuation *continuation, const int32_t *tokens, size_t n, hs_error *error)
{
    size_t at;
    HS_TRY(find_special_stop(continuation, tokens, n, &at, error));
    if (at < continuation->whole.length)
        HS_TRY(read_before(continuation, tokens, n, at, error));
    else
        HS_TRY(read_all(continuation, tokens, n, error));
    hs_text *text = &continuation->text;
    text->length = find_stop(&continuation->generation->stops, text);
    text->text[text->length] = '\0';
    return HS_OK;
}

bool hs__tasks_continuation_stops(void *context, const int32_t *tokens, size_t n)
{
    task_continuation *continuation = context;
    size_t at;
    if (find_special_stop(continuation, tokens, n, &at, continuation->error) != HS_OK ||
        at < continuation->whole.length || read_all(continuation, tokens, n, continuation->error) != HS_OK)
        return true;
    return find_stop(&continuation->generation->stops, &continuation->text) < continuation->text.length;
}
