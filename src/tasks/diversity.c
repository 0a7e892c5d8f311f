/*
 * diversity: distinct-n (Li et al. 2016): how many of all n-grams of the samples differ. By hashes
 * of words, so that memory is one number a word.
 */
#include <stdlib.h>

#include "tasks/generation.h"
#include "tasks/white_space.h"

void hs__tasks_diversity_clear(task_diversity *diversity)
{
    hs_free(diversity->words);
    for (size_t n = 0; n < TASK_LONGEST_GRAM; n++)
        hs_free(diversity->grams[n]);
    *diversity = (task_diversity){0};
}

static hs_status read_words(task_diversity *diversity, const char *text, size_t length, hs_error *error)
{
    size_t position = 0, word_length;
    const char *word;
    diversity->n_words = 0;
    while (hs__tasks_next_word(text, length, &position, &word, &word_length)) {
        HS_TRY(hs_reserve(&diversity->words, &diversity->words_capacity, diversity->n_words + 1,
                          sizeof *diversity->words, "words", error));
        diversity->words[diversity->n_words++] = hs_hash(0, word, word_length);
    }
    return HS_OK;
}

/* All n-grams of the words, n = `order` + 1. */
static hs_status add_grams(task_diversity *diversity, size_t order, hs_error *error)
{
    size_t *n_grams = &diversity->n_grams[order];
    HS_TRY(hs_reserve(&diversity->grams[order], &diversity->grams_capacity[order], *n_grams + diversity->n_words,
                      sizeof *diversity->grams[order], "n-grams", error));
    for (size_t i = order; i < diversity->n_words; i++) {
        uint64_t hash = 0;
        for (size_t k = i - order; k <= i; k++)
            hash = hs_hash_u64(hash, diversity->words[k]);
        diversity->grams[order][(*n_grams)++] = hash;
    }
    return HS_OK;
}

static int compare_hashes(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static size_t count_distinct(uint64_t *hashes, size_t n)
{
    size_t n_distinct = 0;
    if (n > 0)
        qsort(hashes, n, sizeof *hashes, compare_hashes);
    for (size_t i = 0; i < n; i++)
        n_distinct += i == 0 || hashes[i] != hashes[i - 1];
    return n_distinct;
}

/*
 * Divided by the number of words for every order, as the paper does, and pooled over the samples
 * of a prompt: samples that are varied each but equal to one another must not count as diverse.
 */
hs_status hs__tasks_diversity_measure(task_diversity *diversity, const hs_text_list *texts, size_t first,
                                      size_t n_texts, double distinct_out[TASK_LONGEST_GRAM], hs_error *error)
{
    for (size_t order = 0; order < TASK_LONGEST_GRAM; order++)
        diversity->n_grams[order] = 0;
    for (size_t i = first; i < first + n_texts; i++) {
        size_t length;
        const char *text = hs_tasks_text_list_at(texts, i, &length);
        HS_TRY(read_words(diversity, text, length, error));
        for (size_t order = 0; order < TASK_LONGEST_GRAM; order++)
            HS_TRY(add_grams(diversity, order, error));
    }
    size_t n_words = diversity->n_grams[0];
    for (size_t order = 0; order < TASK_LONGEST_GRAM; order++) {
        size_t n_distinct = count_distinct(diversity->grams[order], diversity->n_grams[order]);
        distinct_out[order] = n_words > 0 ? (double)n_distinct / (double)n_words : 0;
    }
    return HS_OK;
}
