/*
 * workspace: the two lists of pieces, and the ways of rewriting and of splitting them that all
 * steps are made of.
 */
#include "tokenizer/workspace.h"

#include <string.h>

static void pieces_clear(tokenizer_pieces *pieces)
{
    hs_text_clear(&pieces->text);
    hs_free(pieces->items);
}

void hs__tokenizer_workspace_clear(tokenizer_workspace *work)
{
    pieces_clear(&work->now);
    pieces_clear(&work->next);
    hs_free(work->spans.items);
    hs_text_clear(&work->scratch);
    hs_free(work->characters);
    hs_free(work->symbols);
    hs_free(work->merges);
    hs_free(work->ways);
    *work = (tokenizer_workspace){0};
}

const char *hs__tokenizer_piece_text(const tokenizer_workspace *work, const tokenizer_piece *piece)
{
    return piece->length > 0 ? work->now.text.text + piece->start : "";
}

hs_status hs__tokenizer_next_append(tokenizer_workspace *work, const char *bytes, size_t length, hs_error *error)
{
    if (length > TOKENIZER_MAX_WORK_BYTES - work->next.text.length)
        return hs_fail(error, HS_ERROR_INPUT,
                       "the tokenizer's steps make more than %d bytes of one text; shorten the text",
                       TOKENIZER_MAX_WORK_BYTES);
    return length > 0 ? hs_text_append(&work->next.text, bytes, length, error) : HS_OK;
}

hs_status hs__tokenizer_next_end(tokenizer_workspace *work, int32_t token, bool at_origin, hs_error *error)
{
    tokenizer_pieces *next = &work->next;
    size_t start = next->n > 0 ? next->items[next->n - 1].start + next->items[next->n - 1].length : 0;
    size_t length = next->text.length - start;
    if (length == 0 && token == TOKENIZER_NO_ID)
        return HS_OK;
    HS_TRY(hs_reserve(&next->items, &next->capacity, next->n + 1, sizeof *next->items, "pieces of a text", error));
    next->items[next->n++] =
        (tokenizer_piece){.start = start, .length = length, .token = token, .at_origin = at_origin};
    return HS_OK;
}

void hs__tokenizer_workspace_swap(tokenizer_workspace *work)
{
    tokenizer_pieces done = work->next;
    work->next = work->now;
    work->now = done;
    work->next.n = 0;
    work->next.text.length = 0;
}

hs_status hs__tokenizer_workspace_begin(tokenizer_workspace *work, const char *text, size_t length, hs_error *error)
{
    HS_TRY(hs__tokenizer_next_append(work, text, length, error));
    HS_TRY(hs__tokenizer_next_end(work, TOKENIZER_NO_ID, true, error));
    hs__tokenizer_workspace_swap(work);
    return HS_OK;
}

hs_status hs__tokenizer_rewrite_pieces(tokenizer_workspace *work, tokenizer_rewrite rewrite, const void *how,
                                       hs_error *error)
{
    for (size_t i = 0; i < work->now.n; i++) {
        const tokenizer_piece *piece = &work->now.items[i];
        bool at_origin = piece->at_origin;
        if (piece->token == TOKENIZER_NO_ID)
            HS_TRY(rewrite(how, work, hs__tokenizer_piece_text(work, piece), piece->length, &at_origin, error));
        HS_TRY(hs__tokenizer_next_end(work, piece->token, at_origin, error));
    }
    hs__tokenizer_workspace_swap(work);
    return HS_OK;
}

/* Neighbouring stretches of the same kind become one. */
static void join_contiguous(tokenizer_spans *spans)
{
    size_t kept = 0;
    bool previous_match = false;
    for (size_t i = 0; i < spans->n; i++) {
        tokenizer_span span = spans->items[i];
        if (kept > 0 && span.is_match == previous_match)
            spans->items[kept - 1].end = span.end;
        else
            spans->items[kept++] = span;
        previous_match = span.is_match;
    }
    spans->n = kept;
}

static void join_with_previous(tokenizer_spans *spans)
{
    size_t kept = 0;
    bool previous_match = false;
    for (size_t i = 0; i < spans->n; i++) {
        tokenizer_span span = spans->items[i];
        if (kept > 0 && span.is_match && !previous_match)
            spans->items[kept - 1].end = span.end;
        else
            spans->items[kept++] = span;
        previous_match = span.is_match;
    }
    spans->n = kept;
}

/* From the back; what is kept gathers at the end of the array. */
static void join_with_next(tokenizer_spans *spans)
{
    size_t kept = spans->n;
    bool previous_match = false;
    for (size_t i = spans->n; i-- > 0;) {
        tokenizer_span span = spans->items[i];
        if (kept < spans->n && span.is_match && !previous_match)
            spans->items[kept].start = span.start;
        else
            spans->items[--kept] = span;
        previous_match = span.is_match;
    }
    spans->n -= kept;
    memmove(spans->items, spans->items + kept, spans->n * sizeof *spans->items);
}

static void apply_behaviour(tokenizer_spans *spans, tokenizer_behaviour behaviour)
{
    if (spans->n == 0)
        return;
    if (behaviour == TOKENIZER_CONTIGUOUS)
        join_contiguous(spans);
    else if (behaviour == TOKENIZER_MERGED_WITH_PREVIOUS)
        join_with_previous(spans);
    else if (behaviour == TOKENIZER_MERGED_WITH_NEXT)
        join_with_next(spans);
}

/*
 * The matches are inverted before the behaviour applies, which then is about what the pattern does
 * not match, as there.
 */
static hs_status split_piece(tokenizer_workspace *work, const tokenizer_piece *piece, tokenizer_behaviour behaviour,
                             bool invert, hs_error *error)
{
    const char *text = hs__tokenizer_piece_text(work, piece);
    tokenizer_spans *spans = &work->spans;
    for (size_t i = 0; invert && i < spans->n; i++)
        spans->items[i].is_match = !spans->items[i].is_match;
    apply_behaviour(spans, behaviour);
    for (size_t i = 0; i < spans->n; i++) {
        const tokenizer_span *span = &spans->items[i];
        if (behaviour == TOKENIZER_REMOVED && span->is_match)
            continue;
        HS_TRY(hs__tokenizer_next_append(work, text + span->start, span->end - span->start, error));
        HS_TRY(hs__tokenizer_next_end(work, TOKENIZER_NO_ID, piece->at_origin && span->start == 0, error));
    }
    return HS_OK;
}

hs_status hs__tokenizer_split_pieces(tokenizer_workspace *work, tokenizer_finder find, const void *how,
                                     tokenizer_behaviour behaviour, bool invert, hs_error *error)
{
    for (size_t i = 0; i < work->now.n; i++) {
        const tokenizer_piece *piece = &work->now.items[i];
        if (piece->token != TOKENIZER_NO_ID) {
            HS_TRY(hs__tokenizer_next_end(work, piece->token, piece->at_origin, error));
            continue;
        }
        HS_TRY(find(how, work, hs__tokenizer_piece_text(work, piece), piece->length, error));
        HS_TRY(split_piece(work, piece, behaviour, invert, error));
    }
    hs__tokenizer_workspace_swap(work);
    return HS_OK;
}

hs_status hs__tokenizer_find_pattern(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                     hs_error *error)
{
    return hs__tokenizer_pattern_spans(how, text, length, &work->spans, error);
}

/*
 * Each character of the class is a match of its own, as there; the behaviour joins them where that
 * is wanted.
 */
hs_status hs__tokenizer_find_class(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                   hs_error *error)
{
    const tokenizer_character_class *belongs = how;
    tokenizer_spans *spans = &work->spans;
    size_t covered = 0;
    size_t at = 0;
    spans->n = 0;
    while (at < length) {
        int32_t character = 0;
        size_t end = at + hs__tokenizer_character_decode(text + at, length - at, &character);
        if ((*belongs)(character)) {
            if (covered < at)
                HS_TRY(hs__tokenizer_spans_add(spans, covered, at, false, error));
            HS_TRY(hs__tokenizer_spans_add(spans, at, end, true, error));
            covered = end;
        }
        at = end;
    }
    return covered < length ? hs__tokenizer_spans_add(spans, covered, length, false, error) : HS_OK;
}
