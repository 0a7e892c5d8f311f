/*
 * keys: the table of all keys, which is their documentation as well: type, range, default, meaning
 * and where the value goes. Reading, printing, comparing and freeing walk it; nothing else knows a
 * key by name.
 */
#include "config/keys.h"

#include <string.h>

#define IN_EXPERIMENT(field) .offset = offsetof(hs_experiment, field)
#define IN_TASK(field) .offset = offsetof(hs_task_config, field)
#define COUNT_IN_EXPERIMENT(field) .count_offset = offsetof(hs_experiment, field)
#define COUNT_IN_TASK(field) .count_offset = offsetof(hs_task_config, field)

/* clang-format off: one key after the other, in the order in which files, results and the README show them. */
static const key_row key_rows[] = {
    {"model.checkpoint", KEY_PATH_IN, NULL, .non_empty = true, IN_EXPERIMENT(checkpoint),
     .meaning = "Folder of the checkpoint in Hugging Face layout."},

    {"sweep.orders", KEY_INTEGER_LIST, "[1]", 1, 8, .max_items = 8, .unique = true, .identity = true,
     IN_EXPERIMENT(orders), COUNT_IN_EXPERIMENT(n_orders),
     .meaning = "Sizes of the ablation sets that are enumerated: 1 = single heads, 2 = all pairs, and so on."},
    {"sweep.heads", KEY_STRING_LIST, "[\"*\"]", .min_items = 1, .max_items = 1000, .identity = true,
     IN_EXPERIMENT(heads),
     .meaning =
         "Heads that take part: \"*\", \"3\" (a layer), \"4.7\" (layer.head), ranges as in \"0-2.*\", \"1.0-3\"."},
    {"sweep.sets_file", KEY_PATH_IN, "\"\"", IN_EXPERIMENT(sets_file),
     .meaning = "File of further ablation sets, one per line as in \"0.1 2.3\"; \"\" = none."},
    {"sweep.max_sets", KEY_INTEGER, "10000000", 1, INT64_C(1000000000000), IN_EXPERIMENT(max_sets), .unit = "sets",
     .meaning = "A sweep of more ablation sets than this is refused."},
    {"sweep.interventions", KEY_STRING_LIST, "[\"zero\"]", .min_items = 1, .max_items = 64, .unique = true,
     .identity = true, IN_EXPERIMENT(interventions),
     .meaning = "What replaces an ablated head's output, each in turn: \"zero\", \"mean\", \"scale=0.5\" and others."},
    {"sweep.unit", KEY_WORD, "\"query_head\"", .list = &HS_CONFIG_UNITS, .identity = true, IN_EXPERIMENT(unit),
     .meaning = "What is ablated: a query head, or all query heads that share a key-value head."},
    {"sweep.positions", KEY_WORD, "\"all\"", .list = &HS_CONFIG_POSITIONS, .identity = true, IN_EXPERIMENT(positions),
     .meaning = "Token positions at which heads are ablated."},
    {"sweep.value_bias", KEY_WORD, "\"raw\"", .list = &HS_CONFIG_VALUE_BIASES, .identity = true,
     IN_EXPERIMENT(value_bias),
     .meaning = "Whether an ablation also removes the head's share of the value bias (raw) or leaves it (folded)."},

    {"tasks", KEY_TASKS, NULL, .min_items = 1, .max_items = CONFIG_MAX_TASKS, .identity = true, IN_EXPERIMENT(tasks),
     COUNT_IN_EXPERIMENT(n_tasks), .meaning = "The evaluation sets, one group each."},
    {"tasks[].name", KEY_STRING, NULL, .non_empty = true, .identity = true, IN_TASK(name),
     .meaning =
         "Unique, of letters, digits, _ and -: its group in the results file. A pattern's tasks may do without."},
    {"tasks[].kind", KEY_STRING, NULL, .non_empty = true, .identity = true, IN_TASK(kind),
     .meaning = "Kind of task, such as \"multiple_choice\": which fields an example has and how it is scored."},
    {"tasks[].file", KEY_PATH_IN, NULL, .non_empty = true, IN_TASK(file),
     .meaning = "By its ending: .csv, .tsv, .txt (a text per line), else JSON; .gz or not. \"blimp/*.jsonl\" makes a "
                "task of each file."},
    {"tasks[].quote", KEY_WORD, "\"auto\"", .list = &HS_CONFIG_QUOTES, .hashed = true, IN_TASK(format.quote),
     .meaning = "Quotes around fields of .csv and .tsv: none = they are text; auto = double in .csv, none in .tsv."},
    {"tasks[].columns", KEY_STRING_LIST, "[]", .max_items = 4096, .unique = true, .hashed = true,
     IN_TASK(format.columns),
     .meaning = "Names of the columns of a .csv or .tsv file without a header; [] = its first line names them."},
    {"tasks[].records", KEY_STRING, "\"\"", .hashed = true, IN_TASK(format.records),
     .meaning = "Where the list of examples is within a JSON document, as in \"data.train\"; \"\" = the document is "
                "the list."},
    {"tasks[].fields", KEY_FIELDS, "{}", .max_items = 32, .identity = true, IN_TASK(fields), COUNT_IN_TASK(n_fields),
     .meaning = "Where the kind's fields are in the file: { good = \"a.b\"; }, or templates as in \"Q: {a.b}\"."},
    {"tasks[].choices", KEY_STRING_LIST, "[]", .max_items = 1000, .identity = true, IN_TASK(choices),
     .meaning =
         "Choices of every example, constant or templates as in [\"{sol1}\", \"{sol2}\"]; [] = field `choices`."},
    {"tasks[].labels", KEY_LABELS, "{}", .max_items = 1000, .identity = true, IN_TASK(labels), COUNT_IN_TASK(n_labels),
     .meaning = "Which choice or label of the model, from 0, a label of the file is: { entailment = 0; }, or "
                "((\"not toxic\", 0))."},
    {"tasks[].label_is", KEY_WORD, "\"auto\"", .list = &HS_CONFIG_LABEL_IS, .hashed = true, IN_TASK(label_is),
     .meaning =
         "What a label is: its choice's index from 0, its text, or a 0 or 1 for each (marks); auto = what it can be."},
    {"tasks[].delimiter", KEY_STRING, "\"\"", .identity = true, IN_TASK(delimiter),
     .meaning = "Put between a context and what continues it; lm-evaluation-harness has \" \"."},
    {"tasks[].limit", KEY_INTEGER, "0", 0, INT64_MAX, .identity = true, IN_TASK(limit), .unit = "examples",
     .meaning = "Only the first so many examples are used; 0 = all."},
    {"tasks[].sample", KEY_INTEGER, "0", 0, INT64_MAX, .identity = true, IN_TASK(sample), .unit = "examples",
     .meaning = "So many of them are drawn by run.seed, without replacement, and keep their order; 0 = all."},
    {"tasks[].too_long", KEY_WORD, "\"truncate\"", .list = &HS_CONFIG_TOO_LONG, .identity = true, IN_TASK(too_long),
     .meaning = "Examples beyond the model's positions: truncate = their first tokens are cut off; error = refused."},
    {"tasks[].bos", KEY_WORD, "\"auto\"", .list = &HS_CONFIG_BOS, .identity = true, IN_TASK(bos),
     .meaning = "Whether sequences begin with the tokenizer's BOS token; auto = as the tokenizer does."},
    {"tasks[].lexicon", KEY_PATH_IN, "\"\"", IN_TASK(lexicon),
     .meaning = "Word list, one entry per line, of a token_mass task or of the scorer \"lexicon\"; \"\" = none."},
    {"tasks[].window", KEY_INTEGER, "0", 0, INT64_MAX, .identity = true, IN_TASK(window), .unit = "tokens",
     .meaning = "Length of the windows of a perplexity task; 0 = the longest that the model takes."},
    {"tasks[].samples", KEY_INTEGER, "25", 1, 10000, .identity = true, IN_TASK(samples), .unit = "continuations",
     .meaning = "generation: continuations that are sampled of each prompt (one if temperature is 0)."},
    {"tasks[].max_new_tokens", KEY_INTEGER, "20", 1, 1 << 16, .identity = true, IN_TASK(max_new_tokens),
     .unit = "tokens", .meaning = "generation: longest continuation."},
    {"tasks[].temperature", KEY_REAL, "1.0", 0, 1000, .identity = true, IN_TASK(temperature),
     .meaning = "generation: logits are divided by it before sampling; 0 = greedy, always the likeliest token."},
    {"tasks[].top_p", KEY_REAL, "0.9", 0, 1, .identity = true, IN_TASK(top_p),
     .meaning = "generation: only the likeliest tokens that together have this probability are sampled; 1 = all."},
    {"tasks[].top_k", KEY_INTEGER, "0", 0, INT32_MAX, .identity = true, IN_TASK(top_k), .unit = "tokens",
     .meaning = "generation: only so many of the likeliest tokens are sampled; 0 = all."},
    {"tasks[].stop", KEY_STRING_LIST, "[]", .max_items = 16, .unique = true, .identity = true, IN_TASK(stop),
     .meaning = "generation: texts that end a continuation, which is cut before them."},
    {"tasks[].scorer", KEY_WORD, "\"lexicon\"", .list = &HS_CONFIG_SCORERS, .identity = true, IN_TASK(scorer),
     .meaning =
         "generation: lexicon = 1 if an entry of the word list occurs in a continuation; classifier = p(a label)."},
    {"tasks[].scorer_checkpoint", KEY_PATH_IN, "\"\"", IN_TASK(scorer_checkpoint),
     .meaning = "Folder of the classifier, a model for sequence classification of any family; \"\" = none."},
    {"tasks[].scorer_label", KEY_STRING, "\"\"", .identity = true, IN_TASK(scorer_label),
     .meaning = "Which label of the classifier counts: its name in config.json's id2label, or its index from 0."},
    {"tasks[].scorer_text", KEY_WORD, "\"continuation\"", .list = &HS_CONFIG_SCORER_TEXTS, .hashed = true,
     IN_TASK(scorer_text),
     .meaning = "What the classifier reads: a continuation alone, or as a pair of texts after its prompt."},
    {"tasks[].threshold", KEY_REAL, "0.5", 0, 1, .identity = true, IN_TASK(threshold),
     .meaning = "generation: a continuation with at least this score counts as toxic."},
    {"tasks[].save_text", KEY_INTEGER, "0", 0, 1000, IN_TASK(save_text), .unit = "sets",
     .meaning =
         "generation: texts of the clean model and of so many best sets are kept in a new results file; 0 = none."},

    {"reference.file", KEY_PATH_IN, "\"\"", IN_EXPERIMENT(reference_file),
     .meaning = "Texts over which mean activations are taken, a file as of tasks; \"\" = the sequences of all tasks."},
    {"reference.field", KEY_STRING, "\"text\"", .non_empty = true, .identity = true, IN_EXPERIMENT(reference_field),
     .meaning = "Field of the reference file that holds a text or token ids."},
    {"reference.limit", KEY_INTEGER, "0", 0, INT64_MAX, .identity = true, IN_EXPERIMENT(reference_limit),
     .unit = "examples", .meaning = "Only the first so many lines of the reference file are used; 0 = all."},
    {"reference.quote", KEY_WORD, "\"auto\"", .list = &HS_CONFIG_QUOTES, .hashed = true,
     IN_EXPERIMENT(reference_format.quote), .meaning = "As tasks[].quote."},
    {"reference.columns", KEY_STRING_LIST, "[]", .max_items = 4096, .unique = true, .hashed = true,
     IN_EXPERIMENT(reference_format.columns), .meaning = "As tasks[].columns."},
    {"reference.records", KEY_STRING, "\"\"", .hashed = true, IN_EXPERIMENT(reference_format.records),
     .meaning = "As tasks[].records."},

    {"objective.reduce", KEY_STRING, "\"\"", IN_EXPERIMENT(objective_reduce),
     .meaning = "Task whose metric the ranking seeks to lower, such as toxicity; \"\" = no objective."},
    {"objective.reduce_metric", KEY_STRING, "\"\"", IN_EXPERIMENT(objective_reduce_metric),
     .meaning = "Metric of that task; \"\" = its first."},
    {"objective.keep", KEY_STRING, "\"\"", IN_EXPERIMENT(objective_keep),
     .meaning = "Task whose metric must stay within the tolerance, such as accuracy; \"\" = none."},
    {"objective.keep_metric", KEY_STRING, "\"\"", IN_EXPERIMENT(objective_keep_metric),
     .meaning = "Metric of that task; \"\" = its first."},
    {"objective.tolerance", KEY_REAL, "0.02", 0, INT64_MAX, IN_EXPERIMENT(objective_tolerance),
     .unit = "the kept metric's", .meaning = "How much of the kept metric may be lost."},
    {"objective.keep_also", KEY_STRING_LIST, "[]", .max_items = CONFIG_MAX_TASKS - 1, .unique = true,
     IN_EXPERIMENT(objective_keep_also),
     .meaning = "More to keep, such as fluency: \"TASK.METRIC=TOLERANCE\"; without \"=\" objective.tolerance holds."},

    {"analysis.resamples", KEY_INTEGER, "2000", 100, 1000000, IN_EXPERIMENT(resamples), .unit = "resamples",
     .meaning = "Bootstrap resamples of the examples behind every interval; drawn with run.seed."},
    {"analysis.permutations", KEY_INTEGER, "10000", 100, 10000000, IN_EXPERIMENT(permutations), .unit = "flips",
     .meaning = "Random sign flips of the test behind every p-value; drawn with run.seed."},
    {"analysis.confidence", KEY_REAL, "0.95", 0, 1, IN_EXPERIMENT(confidence),
     .meaning = "Confidence of the intervals, between 0 and 1."},
    {"analysis.interval", KEY_WORD, "\"bca\"", .list = &HS_CONFIG_INTERVALS, IN_EXPERIMENT(interval),
     .meaning = "Bootstrap intervals: corrected for bias and skewness, or plain quantiles of the replicates."},

    {"controls.random_sets", KEY_INTEGER, "0", 0, 10000, .identity = true, IN_EXPERIMENT(controls_random_sets),
     .unit = "sets",
     .meaning = "Random sets with as many heads in each layer that are swept beside each of the best sets; 0 = none."},
    {"controls.for_best", KEY_INTEGER, "1", 1, 1000, .identity = true, IN_EXPERIMENT(controls_for_best), .unit = "sets",
     .meaning = "So many of the best sets by the objective get such controls."},

    {"pruning.curve", KEY_WORD, "\"none\"", .list = &HS_CONFIG_CURVES, .identity = true, IN_EXPERIMENT(pruning_curve),
     .meaning = "Heads removed one after the other: by their single effects (importance), or trying each (greedy)."},
    {"pruning.intervention", KEY_STRING, "\"\"", .identity = true, IN_EXPERIMENT(pruning_intervention),
     .meaning = "What replaces a removed head's output, one of sweep.interventions; \"\" = the first of them."},
    {"pruning.metric", KEY_STRING, "\"\"", .identity = true, IN_EXPERIMENT(pruning_metric),
     .meaning = "What removing heads must not harm, \"TASK\" or \"TASK.METRIC\"; \"\" = what objective.keep names."},
    {"pruning.max_heads", KEY_INTEGER, "0", 0, 4096, .identity = true, IN_EXPERIMENT(pruning_max_heads),
     .unit = "heads", .meaning = "A curve ends with so many heads removed; 0 = with all that were swept alone."},
    {"pruning.candidates", KEY_INTEGER, "0", 0, 4096, .identity = true, IN_EXPERIMENT(pruning_candidates),
     .unit = "heads", .meaning = "Heads that a step of the greedy curve tries, least important first; 0 = all."},
    {"pruning.chance", KEY_REAL, "\"auto\"", 0, INT64_MAX, .instead = "auto", .before = "0.0",
     IN_EXPERIMENT(pruning_chance), .unit = "the metric's",
     .meaning =
         "What guessing scores on that metric, subtracted before shares are taken; auto = what the task's kind says."},
    {"pruning.kept", KEY_REAL, "0.95", 0, 1, IN_EXPERIMENT(pruning_kept), .unit = "share",
     .meaning = "The finding says how many heads can go while so much of the performance is kept."},

    {"run.engine", KEY_WORD, "\"prefix\"", .list = &HS_CONFIG_ENGINES, .identity = true, IN_EXPERIMENT(engine),
     .meaning = "prefix = what ablation sets and sequences share is computed once; reference = a full pass per set."},
    {"run.scheduler", KEY_WORD, "\"guided\"", .list = &HS_CONFIG_SCHEDULERS, IN_EXPERIMENT(scheduler),
     .meaning = "How work is handed to ranks: in shrinking leases, or in one block each."},
    {"run.seed", KEY_INTEGER, "1", 0, INT64_MAX, .identity = true, IN_EXPERIMENT(seed),
     .meaning = "Seed of everything that is drawn at random."},
    {"run.batch_rows", KEY_INTEGER, "2048", 1, 1 << 20, .identity = true, IN_EXPERIMENT(batch_rows),
     .unit = "token rows",
     .meaning = "Token rows of a shard of examples at most; fewer where one set on them is more work than a group."},
    {"run.sets_per_group", KEY_INTEGER, "0", 0, 1 << 16, .identity = true, IN_EXPERIMENT(sets_per_group),
     .unit = "sets", .meaning = "Ablation sets that are computed together; 0 = as many as are enough operations."},
    {"run.memory_per_rank", KEY_INTEGER, "1024", 0, 1 << 30, .identity = true, IN_EXPERIMENT(memory_per_rank),
     .unit = "MiB",
     .meaning =
         "Bound of what a rank holds, weights shared on a host apart; 0 = none. Shards and batches shrink to fit."},
    {"run.threads_per_rank", KEY_INTEGER, "1", 1, 1024, .hashed = true, IN_EXPERIMENT(threads_per_rank),
     .unit = "threads",
     .meaning = "Threads of a rank, among which matrix products and loops are cut. Another number may have other last "
                "bits."},
    {"run.max_lease_groups", KEY_INTEGER, "64", 1, 1 << 20, IN_EXPERIMENT(max_lease_groups), .unit = "groups",
     .meaning = "The most that a rank is handed at once."},
    {"run.progress_seconds", KEY_REAL, "30.0", 0, 86400, IN_EXPERIMENT(progress_seconds), .unit = "seconds",
     .meaning = "Time between progress lines in a job log."},

    {"output.results", KEY_PATH_OUT, NULL, .non_empty = true, IN_EXPERIMENT(results),
     .meaning = "The results file (HDF5), relative to the folder in which the command is run."},
    {"output.mpi_hints", KEY_STRING_LIST, "[]", .max_items = 64, .unique = true, IN_EXPERIMENT(mpi_hints),
     .meaning = "What MPI-IO is told when the ranks open that file, such as \"romio_cb_write=disable\"; [] = nothing."},
};
/* clang-format on */

static const struct {
    const char *phrase, *name;
} type_words[N_KEY_TYPES] = {
    [KEY_STRING] = {"a string in quotes", "string"},
    [KEY_WORD] = {"a word in quotes", "word"},
    [KEY_PATH_IN] = {"a path in quotes", "path"},
    [KEY_PATH_OUT] = {"a path in quotes", "path"},
    [KEY_INTEGER] = {"an integer", "integer"},
    [KEY_REAL] = {"a number", "number"},
    [KEY_INTEGER_LIST] = {"a list of integers such as [1, 2]", "list of integers"},
    [KEY_STRING_LIST] = {"a list of strings such as [\"a\", \"b\"]", "list of strings"},
    [KEY_FIELDS] = {"a group such as { name = \"key\"; }", "group of strings"},
    [KEY_LABELS] = {"a group such as { name = 0; } or a list of pairs such as ((\"a name\", 0), (\"b\", 1))",
                    "group of integers"},
    [KEY_TASKS] = {"a list of groups such as ( { name = \"a\"; }, { name = \"b\"; } )", "list of groups"},
};

size_t hs__config_key_count(void)
{
    return sizeof key_rows / sizeof key_rows[0];
}

const key_row *hs__config_key_at(size_t index)
{
    return &key_rows[index];
}

size_t hs__config_key_index(const key_row *row)
{
    return (size_t)(row - key_rows);
}

size_t hs__config_key_prefix_length(const key_row *row)
{
    const char *dot = strrchr(row->path, '.');
    return dot == NULL ? 0 : (size_t)(dot - row->path) + 1;
}

const char *hs__config_key_name(const key_row *row)
{
    return row->path + hs__config_key_prefix_length(row);
}

bool hs__config_key_is_of_task(const key_row *row)
{
    return strncmp(row->path, "tasks[].", strlen("tasks[].")) == 0;
}

const key_row *hs__config_key_find(const char *prefix, const char *name, size_t length)
{
    size_t prefix_length = strlen(prefix);
    for (size_t i = 0; i < hs__config_key_count(); i++) {
        const key_row *row = &key_rows[i];
        if (hs__config_key_prefix_length(row) == prefix_length && strncmp(row->path, prefix, prefix_length) == 0 &&
            strlen(hs__config_key_name(row)) == length && strncmp(hs__config_key_name(row), name, length) == 0)
            return row;
    }
    return NULL;
}

bool hs__config_key_is_group(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < hs__config_key_count(); i++)
        if (hs__config_key_prefix_length(&key_rows[i]) == length + 1 && strncmp(key_rows[i].path, name, length) == 0)
            return true;
    return false;
}

void hs__config_key_format_path(const key_row *row, size_t task, char path[CONFIG_MAX_PATH])
{
    if (hs__config_key_is_of_task(row))
        (void)snprintf(path, CONFIG_MAX_PATH, "tasks[%zu].%s", task, hs__config_key_name(row));
    else
        (void)snprintf(path, CONFIG_MAX_PATH, "%s", row->path);
}

const char *hs__config_key_type_phrase(key_type type)
{
    return type_words[type].phrase;
}

const char *hs__config_key_type_name(key_type type)
{
    return type_words[type].name;
}

const char *hs__config_key_phrase(const key_row *row, char phrase[CONFIG_MAX_PHRASE])
{
    const char *of_type = type_words[row->type].phrase;
    (void)snprintf(phrase, CONFIG_MAX_PHRASE, row->instead != NULL ? "%s or \"%s\"" : "%s", of_type, row->instead);
    return phrase;
}

void *hs__config_key_field(const key_row *row, void *base)
{
    return (char *)base + row->offset;
}

const void *hs__config_key_const_field(const key_row *row, const void *base)
{
    return (const char *)base + row->offset;
}

size_t *hs__config_key_count_field(const key_row *row, void *base)
{
    return (size_t *)(void *)((char *)base + row->count_offset);
}

size_t hs__config_key_n_items(const key_row *row, const void *base)
{
    return *(const size_t *)(const void *)((const char *)base + row->count_offset);
}
