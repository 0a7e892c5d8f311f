/*
 * sampler: border and draw without sorting the vocabulary: scores are graded coarsely, and only
 * tokens near the border are looked at one by one.
 */
#include "engine/sampler.h"
#include "engine/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    N_GRADES = 4096,
    GRADES_PER_UNIT = 256, /* of log-probability: a hundred tokens a grade in a flat distribution of 50,000 */
    NOISE_TOKENS = 4096,   /* whose noise is made at a time */
    SPARSE_SHARE = 32,     /* one kept token in so many and fewer: noise is made for them only */
};

/* A NaN fails every comparison, hence the form of the tests. */
hs_status hs__engine_sampling_check(const hs_sampling *sampling, size_t vocabulary, hs_error *error)
{
    if (sampling->n_samples == 0 || sampling->n_samples > UINT32_MAX)
        return hs_fail(error, HS_ERROR_INPUT, "sampling: %zu samples are not 1 to 2^32 - 1", sampling->n_samples);
    if (sampling->max_new_tokens == 0)
        return hs_fail(error, HS_ERROR_INPUT, "sampling: no new token is asked for");
    if (!isfinite(sampling->temperature) || sampling->temperature < 0)
        return hs_fail(error, HS_ERROR_INPUT, "sampling: the temperature is %g, and must be 0 (greedy) or more",
                       sampling->temperature);
    if (!(sampling->top_p > 0 && sampling->top_p <= 1))
        return hs_fail(error, HS_ERROR_INPUT, "sampling: top_p is %g, and must be above 0 and at most 1 (all tokens)",
                       sampling->top_p);
    for (size_t i = 0; i < sampling->n_end_tokens; i++)
        if (sampling->end_tokens[i] < 0 || (size_t)sampling->end_tokens[i] >= vocabulary)
            return hs_fail(error, HS_ERROR_INPUT, "sampling: the end token %d is outside the vocabulary of %zu",
                           (int)sampling->end_tokens[i], vocabulary);
    return HS_OK;
}

static size_t list_buffers(struct hs_buffer *list, struct hs_sampler *sampler, size_t vocabulary)
{
    size_t n = 0;
    list[n++] = HS_HOST_BUFFER(sampler->weights, vocabulary, 1);
    list[n++] = HS_HOST_BUFFER(sampler->grades, vocabulary, 1);
    list[n++] = HS_HOST_BUFFER(sampler->candidates, vocabulary, 1);
    list[n++] = HS_HOST_BUFFER(sampler->masses, N_GRADES, 1);
    list[n++] = HS_HOST_BUFFER(sampler->noise, NOISE_TOKENS, 1);
    list[n++] = HS_HOST_BUFFER(sampler->kept, vocabulary / SPARSE_SHARE + 2, 1);
    return n;
}

enum { MAX_BUFFERS = 8 };

hs_status hs__engine_sampler_init(struct hs_sampler *sampler, const struct hs_device *device,
                                  const hs_sampling *sampling, size_t vocabulary, hs_error *error)
{
    struct hs_buffer list[MAX_BUFFERS];
    *sampler = (struct hs_sampler){.device = device, .sampling = sampling, .vocabulary = vocabulary};
    return hs__engine_buffers_allocate(&sampler->memory, device, list, list_buffers(list, sampler, vocabulary),
                                       "a sampler", error);
}

void hs__engine_sampler_clear(struct hs_sampler *sampler)
{
    hs__engine_buffers_release(&sampler->memory);
    *sampler = (struct hs_sampler){0};
}

size_t hs__engine_sampler_bytes(size_t vocabulary)
{
    struct hs_sampler sampler;
    struct hs_buffer list[MAX_BUFFERS];
    return hs__engine_buffers_bytes(list, list_buffers(list, &sampler, vocabulary));
}

bool hs_engine_sampling_is_end(const hs_sampling *sampling, int32_t token)
{
    for (size_t i = 0; i < sampling->n_end_tokens; i++)
        if (sampling->end_tokens[i] == token)
            return true;
    return false;
}

bool hs__engine_sampling_ends(const hs_sampling *sampling, const int32_t *tokens, size_t n)
{
    if (hs_engine_sampling_is_end(sampling, tokens[n - 1]))
        return true;
    return sampling->stops != NULL && sampling->stops(sampling->stops_context, tokens, n);
}

bool hs__engine_sampler_keeps(const struct hs_sampler *sampler, size_t token)
{
    float score = sampler->scores[token];
    return score > sampler->least || (score == sampler->least && token <= sampler->last_tie);
}

/* Descending scores, and among equal ones ascending tokens. */
static int compare_candidates(const void *left, const void *right)
{
    const struct hs_candidate *a = left;
    const struct hs_candidate *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return (a->token > b->token) - (a->token < b->token);
}

/* Kept tokens of one grade, likeliest first. */
static size_t list_candidates(struct hs_sampler *sampler, int32_t grade)
{
    size_t n = 0;
    for (size_t i = 0; i < sampler->vocabulary; i++)
        if (sampler->grades[i] == grade && hs__engine_sampler_keeps(sampler, i))
            sampler->candidates[n++] = (struct hs_candidate){sampler->scores[i], (uint32_t)i};
    qsort(sampler->candidates, n, sizeof *sampler->candidates, compare_candidates);
    return n;
}

/*
 * Moves the border to the first token, from the likeliest on, with which the sum of `sizes` (NULL: of ones) reaches a
 * share of the whole, or an absolute `goal` where share is 0. Returns that token's score.
 */
static struct hs_candidate find_border(struct hs_sampler *sampler, const float *sizes, double share, double goal)
{
    double whole = 0;
    memset(sampler->masses, 0, N_GRADES * sizeof *sampler->masses);
    for (size_t i = 0; i < sampler->vocabulary; i++)
        sampler->masses[sampler->grades[i]] +=
            sampler->scores[i] < sampler->least ? 0.0 : (sizes == NULL ? 1.0 : (double)sizes[i]);
    for (size_t grade = 0; grade < N_GRADES; grade++)
        whole += sampler->masses[grade];
    goal = share > 0 ? share * whole : goal;
    double sum = 0;
    int32_t grade = 0;
    while (grade + 1 < N_GRADES && sum + sampler->masses[grade] < goal)
        sum += sampler->masses[grade++];
    size_t n = list_candidates(sampler, grade);
    size_t i = 0;
    for (; i < n; i++) {
        sum += sizes == NULL ? 1.0 : (double)sizes[sampler->candidates[i].token];
        if (sum >= goal)
            break;
    }
    /* Rounding may leave the sum a little below its goal: then all of the grade is kept. */
    return sampler->candidates[i < n ? i : n - 1];
}

/* top_k first, then top_p among what it leaves, as transformers applies them. */
static void restrict_tokens(struct hs_sampler *sampler)
{
    const hs_sampling *sampling = sampler->sampling;
    sampler->least = -INFINITY;
    sampler->last_tie = sampler->vocabulary;
    bool limits_number = sampling->top_k > 0 && sampling->top_k < sampler->vocabulary;
    bool limits_mass = sampling->top_p < 1;
    if (!limits_number && !limits_mass)
        return;
    sampler->device->kernels->grade(sampler->grades, sampler->scores, sampler->maximum, GRADES_PER_UNIT, N_GRADES - 1,
                                    sampler->vocabulary);
    if (limits_number)
        sampler->least = find_border(sampler, NULL, 0, (double)sampling->top_k).score;
    if (!limits_mass)
        return;
    sampler->device->kernels->exp_below(sampler->weights, sampler->scores, sampler->maximum, sampler->vocabulary);
    struct hs_candidate border = find_border(sampler, sampler->weights, sampling->top_p, 0);
    sampler->least = border.score;
    sampler->last_tie = border.token;
}

static void list_kept(struct hs_sampler *sampler)
{
    size_t limit = sampler->vocabulary / SPARSE_SHARE + 1;
    size_t n = sampler->device->kernels->find_at_least(sampler->kept, limit, sampler->scores, sampler->least,
                                                       sampler->vocabulary);
    sampler->is_sparse = n < limit;
    sampler->n_kept = 0;
    for (size_t i = 0; sampler->is_sparse && i < n; i++)
        if (hs__engine_sampler_keeps(sampler, sampler->kept[i]))
            sampler->kept[sampler->n_kept++] = sampler->kept[i];
}

/*
 * An infinite logit makes no distribution; it is reported and not drawn from. Greedy sampling
 * needs no border.
 */
bool hs__engine_sampler_load(struct hs_sampler *sampler, float *logits)
{
    double temperature = sampler->sampling->temperature;
    if (temperature > 0 && temperature != 1)
        sampler->device->kernels->divide(logits, (float)temperature, sampler->vocabulary);
    sampler->scores = logits;
    sampler->maximum = sampler->device->kernels->max(logits, sampler->vocabulary);
    if (!isfinite(sampler->maximum) ||
        !isfinite(sampler->device->kernels->sum_exp(logits, sampler->maximum, sampler->vocabulary)))
        return false;
    if (temperature > 0) {
        restrict_tokens(sampler);
        list_kept(sampler);
    }
    return true;
}

/* The best token so far. Noise below `bound` cannot make any token better. */
struct draw {
    double best;
    uint32_t bound;
    int32_t token;
};

static double gumbel(uint32_t noise)
{
    return -log(-log(((double)noise + 0.5) * 0x1p-32));
}

static void consider(struct draw *draw, const struct hs_sampler *sampler, size_t token, uint32_t noise)
{
    double value = (double)sampler->scores[token] + gumbel(noise);
    if (!(value > draw->best))
        return;
    double bound = exp(-exp((double)sampler->maximum - value)) * 0x1p32 - 2;
    *draw = (struct draw){value, bound > 0 ? (uint32_t)bound : 0, (int32_t)token};
}

static void draw_sparse(struct draw *draw, const struct hs_sampler *sampler, uint64_t key, const uint32_t counter[3])
{
    uint32_t words[4] = {0};
    uint32_t block = UINT32_MAX;
    for (size_t i = 0; i < sampler->n_kept; i++) {
        uint32_t token = sampler->kept[i];
        if (token / 4 != block) {
            block = token / 4;
            hs_random_philox(key, (uint32_t[]){block, counter[0], counter[1], counter[2]}, words);
        }
        if (words[token % 4] >= draw->bound)
            consider(draw, sampler, token, words[token % 4]);
    }
}

static void draw_dense(struct draw *draw, const struct hs_sampler *sampler, uint64_t key, const uint32_t counter[3])
{
    for (size_t first = 0; first < sampler->vocabulary; first += NOISE_TOKENS) {
        size_t n = sampler->vocabulary - first < NOISE_TOKENS ? sampler->vocabulary - first : NOISE_TOKENS;
        sampler->device->kernels->fill_noise(sampler->noise, key, (uint32_t)(first / 4), counter, (n + 3) / 4);
        for (size_t i = 0; (i = sampler->device->kernels->find_integer(sampler->noise, draw->bound, i, n)) < n; i++)
            if (hs__engine_sampler_keeps(sampler, first + i))
                consider(draw, sampler, first + i, sampler->noise[i]);
    }
}

static int32_t draw_greedy(const struct hs_sampler *sampler)
{
    uint32_t best = 0;
    sampler->device->kernels->find_at_least(&best, 1, sampler->scores, sampler->maximum, sampler->vocabulary);
    return (int32_t)best;
}

int32_t hs__engine_sampler_draw(struct hs_sampler *sampler, uint64_t prompt_key, size_t sample, size_t step)
{
    const hs_sampling *sampling = sampler->sampling;
    const uint32_t counter[3] = {(uint32_t)step, (uint32_t)sample, 0};
    if (sampling->temperature == 0)
        return draw_greedy(sampler);
    uint64_t key = hs_hash_u64(hs_hash_u64(0, sampling->seed), prompt_key);
    struct draw draw = {.best = -INFINITY};
    if (sampler->is_sparse)
        draw_sparse(&draw, sampler, key, counter);
    else
        draw_dense(&draw, sampler, key, counter);
    return draw.token;
}
