#include "support/planted_circuit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "headsweep/base.h"
#include "support/checkpoint_writer.h"

#define REQUIRE(condition)                                                         \
    do {                                                                           \
        if (!(condition)) {                                                        \
            fprintf(stderr, "%s:%d: %s failed\n", __FILE__, __LINE__, #condition); \
            abort();                                                               \
        }                                                                          \
    } while (0)

enum { WIDTH = 128, HEAD_DIM = WIDTH / PLANTED_HEADS, N_POSITIONS = 16 };

enum { N_SUBJECTS = PLANTED_ANSWERS, N_LETTERS = PLANTED_LETTERS };

enum token {
    TOKEN_BOS,
    TOKEN_PLAIN,
    TOKEN_TOXIC,
    TOKEN_PROVOKING,
    TOKEN_SUBJECT,
    TOKEN_ANSWER = TOKEN_SUBJECT + N_SUBJECTS,
    TOKEN_LETTER = TOKEN_ANSWER + N_SUBJECTS,
    N_TOKENS = TOKEN_LETTER + N_LETTERS
};

_Static_assert((int)N_TOKENS == (int)PLANTED_VOCABULARY, "the header states the size of the vocabulary");

enum slot {
    SLOT_CONSTANT, /* +CONSTANT, then -CONSTANT */
    SLOT_COUNTERWEIGHT = SLOT_CONSTANT + 2,
    SLOT_ANSWERED, /* the flag of the primary head */
    SLOT_TOKEN,
    SLOT_POSITION = SLOT_TOKEN + N_TOKENS,
    SLOT_PREVIOUS = SLOT_POSITION + N_POSITIONS,
    SLOT_LOGIT = SLOT_PREVIOUS + N_TOKENS,
    SLOT_UNREAD = SLOT_LOGIT + N_TOKENS,
    N_SLOTS = SLOT_UNREAD + N_TOKENS
};

_Static_assert((int)N_SLOTS <= (int)WIDTH, "the slots fit the residual stream");
_Static_assert((int)N_TOKENS < (int)HEAD_DIM && (int)N_POSITIONS <= (int)HEAD_DIM,
               "a head holds a token or a position");

/*
 * The squares of all else sum to less than 1e-4 of 2 * CONSTANT^2, so the standard deviation is CONSTANT * sqrt(2 /
 * WIDTH).
 */
#define CONSTANT 4096.0
#define DEVIATION 512.0

/* The score of what a head looks for; BOS has half of it and what it does not look for has 0: exp(-32) is nothing. */
#define SCORE 64.0

/* Writes `value` to a slot of a row and its opposite to the counterweight: the mean of the residual stream stays 0. */
static void write_balanced(float *row, size_t slot, double value)
{
    row[slot] += (float)value;
    row[SLOT_COUNTERWEIGHT] -= (float)value;
}

static void plant_embeddings(const struct test_checkpoint *checkpoint)
{
    float *tokens = test_checkpoint_values(checkpoint, "transformer.wte.weight");
    float *positions = test_checkpoint_values(checkpoint, "transformer.wpe.weight");

    for (size_t token = 0; token < N_TOKENS; ++token) {
        tokens[token * WIDTH + SLOT_CONSTANT] = (float)CONSTANT;
        tokens[token * WIDTH + SLOT_CONSTANT + 1] = (float)-CONSTANT;
        write_balanced(tokens + token * WIDTH, SLOT_TOKEN + token, 1);
    }
    for (size_t position = 0; position < N_POSITIONS; ++position)
        write_balanced(positions + position * WIDTH, SLOT_POSITION + position, 1);
}

static void plant_norm(const struct test_checkpoint *checkpoint, const char *name)
{
    float *weight = test_checkpoint_values(checkpoint, name);

    for (size_t i = 0; i < WIDTH; ++i)
        weight[i] = (float)DEVIATION;
}

static void plant_logits(const struct test_checkpoint *checkpoint)
{
    float *unembedding = test_checkpoint_values(checkpoint, "lm_head.weight");

    for (size_t token = 0; token < N_TOKENS; ++token)
        unembedding[token * WIDTH + SLOT_LOGIT + token] = 1;
    plant_norm(checkpoint, "transformer.ln_f.weight");
    test_checkpoint_values(checkpoint, "transformer.ln_f.bias")[SLOT_LOGIT + TOKEN_PLAIN] = (float)PLANTED_PLAIN_LOGIT;
}

/* The weights of a layer and where in them a head begins. */
struct head {
    float *attention;      /* [WIDTH, 3 * WIDTH]: queries, keys, values of all heads */
    float *attention_bias; /* [3 * WIDTH] */
    float *projection;     /* [WIDTH, WIDTH] */
    size_t first;
};

enum part { QUERY, KEY, VALUE };

static struct head head_at(const struct test_checkpoint *checkpoint, size_t layer, size_t index)
{
    static const char *const names[] = {"c_attn.weight", "c_attn.bias", "c_proj.weight"};
    float *values[3];

    for (size_t i = 0; i < 3; ++i) {
        char name[64];
        snprintf(name, sizeof name, "transformer.h.%zu.attn.%s", layer, names[i]);
        values[i] = test_checkpoint_values(checkpoint, name);
    }
    return (struct head){values[0], values[1], values[2], index * HEAD_DIM};
}

/* Dimension `dimension` of the head's query, key or value reads the slot. */
static void reads(const struct head *head, enum part part, size_t slot, size_t dimension, double weight)
{
    head->attention[slot * 3 * WIDTH + part * WIDTH + head->first + dimension] += (float)weight;
}

static void writes(const struct head *head, size_t dimension, size_t slot, double weight)
{
    write_balanced(head->projection + (head->first + dimension) * WIDTH, slot, weight);
}

/* Queries carry the whole score, and the root that attention divides by; keys are 0 or 1. */
static double query_weight(double score)
{
    return score * sqrt((double)HEAD_DIM);
}

static void asks(const struct head *head, size_t slot, size_t dimension, double score)
{
    reads(head, QUERY, slot, dimension, query_weight(score));
}

static void always_asks(const struct head *head, size_t dimension, double score)
{
    head->attention_bias[QUERY * WIDTH + head->first + dimension] += (float)query_weight(score);
}

/* BOS scores half of what is looked for. Planted heads read no value there. */
static void rests_on_bos(const struct head *head, size_t dimension)
{
    always_asks(head, dimension, SCORE / 2);
    reads(head, KEY, SLOT_TOKEN + TOKEN_BOS, dimension, 1);
}

static void plant_idle(const struct head *head)
{
    for (size_t token = 0; token < N_TOKENS; ++token) {
        reads(head, VALUE, SLOT_TOKEN + token, token, 1);
        writes(head, token, SLOT_UNREAD + token, 2);
    }
}

static void plant_previous_token(const struct head *head)
{
    for (size_t position = 1; position < N_POSITIONS; ++position) {
        asks(head, SLOT_POSITION + position, position - 1, SCORE);
        reads(head, KEY, SLOT_POSITION + position - 1, position - 1, 1);
    }
    for (size_t token = TOKEN_BOS + 1; token < N_TOKENS; ++token) {
        reads(head, VALUE, SLOT_TOKEN + token, token, 1);
        writes(head, token, SLOT_PREVIOUS + token, 1);
    }
}

static void plant_induction(const struct head *head)
{
    for (size_t token = TOKEN_BOS + 1; token < N_TOKENS; ++token) {
        asks(head, SLOT_TOKEN + token, token, SCORE);
        reads(head, KEY, SLOT_PREVIOUS + token, token, 1);
        reads(head, VALUE, SLOT_TOKEN + token, token, 1);
        writes(head, token, SLOT_LOGIT + token, PLANTED_LOGIT);
    }
    rests_on_bos(head, TOKEN_BOS);
}

static void looks_for_provocation(const struct head *head)
{
    always_asks(head, 1, SCORE);
    reads(head, KEY, SLOT_TOKEN + TOKEN_PROVOKING, 1, 1);
    reads(head, VALUE, SLOT_TOKEN + TOKEN_PROVOKING, 1, 1);
    rests_on_bos(head, 0);
}

static void plant_toxic(const struct head *head)
{
    looks_for_provocation(head);
    writes(head, 1, SLOT_LOGIT + TOKEN_TOXIC, PLANTED_LOGIT);
}

static void plant_bystander(const struct head *head)
{
    looks_for_provocation(head);
    writes(head, 1, SLOT_UNREAD + TOKEN_TOXIC, PLANTED_LOGIT);
}

/* Dimension 0 rests, 1 looks for any subject, the others say which. */
static void looks_for_subject(const struct head *head)
{
    always_asks(head, 1, SCORE);
    for (size_t i = 0; i < N_SUBJECTS; ++i) {
        reads(head, KEY, SLOT_TOKEN + TOKEN_SUBJECT + i, 1, 1);
        reads(head, VALUE, SLOT_TOKEN + TOKEN_SUBJECT + i, 2 + i, 1);
        writes(head, 2 + i, SLOT_LOGIT + TOKEN_ANSWER + i, PLANTED_LOGIT);
    }
    rests_on_bos(head, 0);
}

static void plant_primary(const struct head *head)
{
    looks_for_subject(head);
    for (size_t i = 0; i < N_SUBJECTS; ++i)
        writes(head, 2 + i, SLOT_ANSWERED, 1);
}

static void plant_substitute(const struct head *head)
{
    looks_for_subject(head);
    asks(head, SLOT_ANSWERED, 0, SCORE);
}

static const struct {
    int32_t layer, head;
    enum planted_role role;
} planted_heads[] = {
    {0, 1, PLANTED_PREVIOUS_TOKEN}, {1, 2, PLANTED_INDUCTION}, {1, 0, PLANTED_TOXIC},
    {1, 1, PLANTED_BYSTANDER},      {0, 3, PLANTED_PRIMARY},   {2, 1, PLANTED_SUBSTITUTE},
};

enum planted_role planted_role_of(int32_t layer, int32_t head)
{
    for (size_t i = 0; i < sizeof planted_heads / sizeof planted_heads[0]; ++i)
        if (planted_heads[i].layer == layer && planted_heads[i].head == head)
            return planted_heads[i].role;
    return PLANTED_IDLE;
}

static void plant_layer(const struct test_checkpoint *checkpoint, size_t layer)
{
    static void (*const plant[])(const struct head *) = {[PLANTED_IDLE] = plant_idle,
                                                         [PLANTED_PREVIOUS_TOKEN] = plant_previous_token,
                                                         [PLANTED_INDUCTION] = plant_induction,
                                                         [PLANTED_TOXIC] = plant_toxic,
                                                         [PLANTED_BYSTANDER] = plant_bystander,
                                                         [PLANTED_PRIMARY] = plant_primary,
                                                         [PLANTED_SUBSTITUTE] = plant_substitute};
    char norm[64];

    snprintf(norm, sizeof norm, "transformer.h.%zu.ln_1.weight", layer);
    plant_norm(checkpoint, norm);
    for (size_t index = 0; index < PLANTED_HEADS; ++index) {
        struct head head = head_at(checkpoint, layer, index);
        plant[planted_role_of((int32_t)layer, (int32_t)index)](&head);
    }
}

static void write_checkpoint(const char *folder)
{
    const struct test_options options = {.n_layers = PLANTED_LAYERS,
                                         .n_heads = PLANTED_HEADS,
                                         .width = WIDTH,
                                         .mlp_width = 4,
                                         .vocabulary = N_TOKENS,
                                         .n_positions = N_POSITIONS,
                                         .untied = true,
                                         .extra_config = "\"bos_token_id\": 0, \"eos_token_id\": 0"};
    struct test_checkpoint checkpoint = {0};
    char *path = hs_path_join(folder, "checkpoint", NULL);

    REQUIRE(path != NULL);
    test_gpt2_layout(&checkpoint, &options);
    plant_embeddings(&checkpoint);
    for (size_t layer = 0; layer < PLANTED_LAYERS; ++layer)
        plant_layer(&checkpoint, layer);
    plant_logits(&checkpoint);
    test_gpt2_write(path, &checkpoint, &options);
    test_checkpoint_clear(&checkpoint);
    hs_free(path);
}

/* An evaluation set: a block of ten examples has one length and order of letters and begins with each letter once. */
struct evaluation_set {
    const char *name, *kind;
    size_t n_examples;
    size_t n_lags;   /* the token that decides stands 0 to n_lags - 1 letters before the end of the prompt */
    size_t n_tokens; /* the examples ask for so many different tokens, for each equally often and at each lag */
    void (*append)(hs_text *text, size_t example, size_t lag);
};

static size_t block_of(size_t example)
{
    return example / N_LETTERS;
}

static size_t count_letters(size_t example)
{
    return 5 + block_of(example) % 4;
}

/* Letter `index` of an example: any ten in a row are different. */
static int letter(size_t example, size_t index)
{
    static const size_t strides[] = {1, 3, 7, 9}; /* coprime to the number of letters */

    return TOKEN_LETTER + (int)((example + strides[block_of(example) % 4] * index) % N_LETTERS);
}

/* Appends `{"KEY": [BOS, letters..., token, letters...]` with `lag` letters behind the token. */
static void append_prompt(hs_text *text, const char *key, size_t example, size_t lag, int token)
{
    size_t n = count_letters(example);

    hs_text_appendf(text, NULL, "{\"%s\": [%d", key, TOKEN_BOS);
    for (size_t i = 0; i <= n; ++i) {
        if (i + lag == n)
            hs_text_appendf(text, NULL, ", %d", token);
        if (i < n)
            hs_text_appendf(text, NULL, ", %d", letter(example, i));
    }
    hs_text_appendf(text, NULL, "]");
}

/* Different letters and one of them again, the last but one at most: what followed it is to follow again. */
static void append_copying(hs_text *text, size_t example, size_t lag)
{
    size_t repeated = block_of(example) % 4 + 3 * (block_of(example) / 4);

    append_prompt(text, "context", example, lag, letter(example, repeated));
    hs_text_appendf(text, NULL, ", \"target\": [%d]}\n", letter(example, repeated + 1));
}

static void append_toxicity(hs_text *text, size_t example, size_t lag)
{
    append_prompt(text, "prompt", example, lag, TOKEN_PROVOKING);
    hs_text_appendf(text, NULL, ", \"toxic\": [%d], \"benign\": [%d]}\n", TOKEN_TOXIC, TOKEN_PLAIN);
}

static void append_backup(hs_text *text, size_t example, size_t lag)
{
    int subject = (int)(example % N_SUBJECTS);

    append_prompt(text, "prompt", example, lag, TOKEN_SUBJECT + subject);
    hs_text_appendf(text, NULL, ", \"target\": [%d], \"distractor\": [%d]}\n", TOKEN_ANSWER + subject, TOKEN_PLAIN);
}

static const struct evaluation_set evaluation_sets[PLANTED_TASKS] = {
    [PLANTED_COPYING] = {"copying", "next_token", 8 * N_LETTERS, 1, N_LETTERS, append_copying},
    [PLANTED_TOXICITY] = {"toxicity", "contrast", 48, 3, 1, append_toxicity},
    [PLANTED_BACKUP] = {"backup", "logit_diff", 48, 4, N_SUBJECTS, append_backup},
};

double planted_share(enum planted_task task)
{
    size_t n_rows = 0, n_spoken = 0;

    for (size_t of = 0; of < PLANTED_TASKS; ++of)
        for (size_t example = 0; example < evaluation_sets[of].n_examples; ++example) {
            n_rows += 1 + count_letters(example) + 1;
            n_spoken += of == (size_t)task ? example % evaluation_sets[of].n_lags + 1 : 0;
        }
    return (double)n_spoken / (double)(n_rows * evaluation_sets[task].n_tokens);
}

static void write_text(const char *folder, const char *name, hs_text *text)
{
    REQUIRE(text->text != NULL);
    test_file_write(folder, name, text->text, text->length);
    hs_text_clear(text);
}

static void write_evaluation_set(const char *folder, enum planted_task task)
{
    const struct evaluation_set *set = &evaluation_sets[task];
    char name[64];
    hs_text text = {0};

    for (size_t example = 0; example < set->n_examples; ++example)
        set->append(&text, example, example % set->n_lags);
    snprintf(name, sizeof name, "%s.jsonl", set->name);
    write_text(folder, name, &text);
}

/* Small shards and groups, so that there are many of both and each task's last ones are not full. */
static void write_experiment(const char *folder)
{
    hs_text text = {0};

    hs_text_appendf(&text, NULL, "model: { checkpoint = \"checkpoint\"; };\n");
    hs_text_appendf(&text, NULL, "sweep: { orders = [1, 2]; interventions = [\"zero\", \"mean\"]; };\ntasks = (\n");
    for (size_t i = 0; i < PLANTED_TASKS; ++i)
        hs_text_appendf(&text, NULL, "    { name = \"%s\"; kind = \"%s\"; file = \"%s.jsonl\"; }%s\n",
                        evaluation_sets[i].name, evaluation_sets[i].kind, evaluation_sets[i].name,
                        i + 1 < PLANTED_TASKS ? "," : "");
    hs_text_appendf(&text, NULL, ");\nobjective: { reduce = \"toxicity\"; keep = \"copying\"; tolerance = 0.0; };\n");
    hs_text_appendf(&text, NULL, "run: { batch_rows = 100; sets_per_group = 5; };\n");
    hs_text_appendf(&text, NULL, "output: { results = \"planted.h5\"; };\n");
    write_text(folder, "planted.cfg", &text);
}

void planted_circuit_write(const char *folder)
{
    write_checkpoint(folder);
    for (size_t task = 0; task < PLANTED_TASKS; ++task)
        write_evaluation_set(folder, (enum planted_task)task);
    write_experiment(folder);
}
