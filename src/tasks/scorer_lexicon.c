/* A scorer by word list: does any entry occur in the text? */
#include <stdlib.h>
#include <string.h>

#include "tasks/scorer.h"
#include "tasks/white_space.h"
#include "tasks/word_list.h"

typedef struct lexicon_entry {
    const char *bytes;
    size_t length;
} lexicon_entry;

typedef struct lexicon_scorer {
    hs_scorer base;
    hs_text_list list;      /* folded */
    lexicon_entry *entries; /* sorted by bytes, unique */
    size_t n_entries;
    hs_text folded; /* scratch */
    hs_text spaced;
} lexicon_scorer;

/* Folds a text into scorer->spaced, single spaces between its words. */
static hs_status fold(lexicon_scorer *scorer, const char *text, size_t length, hs_error *error)
{
    size_t position = 0, word_length;
    const char *word;
    scorer->folded.length = 0;
    scorer->spaced.length = 0;
    HS_TRY(hs_tokenizer_fold(text, length, &scorer->folded, error));
    while (hs__tasks_next_word(scorer->folded.text, scorer->folded.length, &position, &word, &word_length)) {
        if (scorer->spaced.length > 0)
            HS_TRY(hs_text_append(&scorer->spaced, " ", 1, error));
        HS_TRY(hs_text_append(&scorer->spaced, word, word_length, error));
    }
    return HS_OK;
}

static hs_status add_entry(void *context, const char *entry, size_t length, const char *place, hs_error *error)
{
    lexicon_scorer *scorer = context;
    if (fold(scorer, entry, length, error) != HS_OK)
        return hs_error_prefix(error, "%s", place);
    if (scorer->spaced.length == 0)
        return HS_OK;
    return hs_tasks_text_list_add(&scorer->list, scorer->spaced.text, scorer->spaced.length, error);
}

/* A shorter entry is before those that it begins. */
static int compare_entries(const void *left, const void *right)
{
    const lexicon_entry *a = left;
    const lexicon_entry *b = right;
    int order = memcmp(a->bytes, b->bytes, a->length < b->length ? a->length : b->length);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static hs_status sort_entries(lexicon_scorer *scorer, hs_error *error)
{
    HS_TRY(hs_allocate(&scorer->entries, scorer->list.n, sizeof *scorer->entries, "word list", error));
    for (size_t i = 0; i < scorer->list.n; i++)
        scorer->entries[i].bytes = hs_tasks_text_list_at(&scorer->list, i, &scorer->entries[i].length);
    qsort(scorer->entries, scorer->list.n, sizeof *scorer->entries, compare_entries);
    for (size_t i = 0; i < scorer->list.n; i++)
        if (i == 0 || compare_entries(&scorer->entries[i], &scorer->entries[scorer->n_entries - 1]) != 0)
            scorer->entries[scorer->n_entries++] = scorer->entries[i];
    for (size_t i = 0; i < scorer->n_entries; i++) {
        const lexicon_entry *entry = &scorer->entries[i];
        scorer->base.hash = hs_hash(hs_hash_u64(scorer->base.hash, entry->length), entry->bytes, entry->length);
    }
    return HS_OK;
}

/*
 * The first entry from `first` to `last` whose byte number `n` is at least `byte`; all of them have the bytes before
 * it.
 */
static size_t lower_bound(const lexicon_scorer *scorer, size_t first, size_t last, size_t n, int byte)
{
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        const lexicon_entry *entry = &scorer->entries[middle];
        int found = entry->length > n ? (unsigned char)entry->bytes[n] : -1;
        if (found < byte)
            first = middle + 1;
        else
            last = middle;
    }
    return first;
}

/* A word neither goes on nor ends here. */
static bool is_within_word(const hs_text *text, size_t at)
{
    return hs_tokenizer_is_word_before(text->text, at) && hs_tokenizer_is_word_at(text->text, text->length, at);
}

/* Whether an entry stands at `at`; narrows the entries byte by byte to those that begin as the text does. */
static bool entry_stands_at(const lexicon_scorer *scorer, const hs_text *text, size_t at)
{
    size_t first = 0, last = scorer->n_entries;
    for (size_t n = 0; at + n < text->length && first < last; n++) {
        int byte = (unsigned char)text->text[at + n];
        first = lower_bound(scorer, first, last, n, byte);
        last = lower_bound(scorer, first, last, n, byte + 1);
        if (first < last && scorer->entries[first].length == n + 1 && !is_within_word(text, at + n + 1))
            return true;
    }
    return false;
}

static bool has_entry(const lexicon_scorer *scorer, const hs_text *text)
{
    for (size_t at = 0; at < text->length; at++)
        if (!is_within_word(text, at) && entry_stands_at(scorer, text, at))
            return true;
    return false;
}

static hs_status lexicon_score(hs_scorer *base, const scored_texts *scored, double *scores, hs_error *error)
{
    const hs_text_list *texts = scored->texts;
    lexicon_scorer *scorer = (lexicon_scorer *)base;
    for (size_t i = 0; i < texts->n; i++) {
        size_t length;
        const char *text = hs_tasks_text_list_at(texts, i, &length);
        HS_TRY(fold(scorer, text, length, error));
        scores[i] = has_entry(scorer, &scorer->spaced) ? 1 : 0;
    }
    return HS_OK;
}

static void lexicon_clear(hs_scorer *base)
{
    lexicon_scorer *scorer = (lexicon_scorer *)base;
    hs_tasks_text_list_clear(&scorer->list);
    hs_free(scorer->entries);
    hs_text_clear(&scorer->folded);
    hs_text_clear(&scorer->spaced);
}

/*
 * Entries are sorted once, so that a text is searched byte by byte in a narrowing range instead of
 * entry by entry. An empty list would score everything 0 and is refused.
 */
hs_status hs_tasks_scorer_open_lexicon(const char *path, hs_scorer **scorer_out, hs_error *error)
{
    lexicon_scorer *scorer = NULL;
    hs_status status;
    *scorer_out = NULL;
    HS_TRY(hs_allocate(&scorer, 1, sizeof *scorer, "word list", error));
    scorer->base = (hs_scorer){.score = lexicon_score, .clear = lexicon_clear, .hash = hs_hash_text(0, "lexicon")};
    HS_GOTO_DONE(hs__tasks_word_list_read(path, add_entry, scorer, error));
    if (scorer->list.n == 0)
        HS_GOTO_DONE(hs__tasks_word_list_empty(path, error));
    HS_GOTO_DONE(sort_entries(scorer, error));
    *scorer_out = &scorer->base;
    return HS_OK;
done:
    hs_tasks_scorer_free(&scorer->base);
    return status;
}
