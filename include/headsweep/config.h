/*
 * config: an experiment file (libconfig) -> struct hs_experiment.
 *
 * One table of keys (src/config/keys.c) says for each key its path, type, default, range, meaning, and whether it is
 * part of the experiment (changes numbers) or only of how it is run. Loading, --print-config, the README's list and
 * the attributes in the results file all come from that table.
 */
#ifndef HEADSWEEP_CONFIG_H
#define HEADSWEEP_CONFIG_H

#include "headsweep/metric.h"
#include "headsweep/words.h"

/* One row of the effective configuration: "sweep.orders", "[1, 2]". */
typedef struct hs_config_value {
    char *key;
    char *value;
    bool identity; /* part of the experiment: a results file with another value is another experiment */
} hs_config_value;

typedef struct hs_config_values {
    hs_config_value *items;
    size_t n;
} hs_config_values;

typedef struct hs_string_list {
    char **items;
    size_t n;
} hs_string_list;

/* "fields" of a task: how the canonical field `name` is called in the data file. */
typedef struct hs_field_mapping {
    char *name;
    char *key;
} hs_field_mapping;

/* "labels" of a task: the choice that a label of the data file stands for. */
typedef struct hs_label_mapping {
    char *text;
    int64_t choice; /* from 0 */
} hs_label_mapping;

/* How a data file is to be read where its ending does not say it all; {0}: it does. */
typedef struct hs_data_format {
    hs_quote quote;
    hs_string_list columns; /* names of the columns of a delimited file without a header */
    char *records;          /* path to the list of records in a JSON document; "" = none */
} hs_data_format;

typedef struct hs_task_config {
    char *name; /* unique; also the name of its group in the results file: letters, digits, _ and - */
    char *kind; /* a task kind of tasks.h */
    char *file; /* resolved: usable from the current folder */
    hs_data_format format;
    char *lexicon; /* resolved; token_mass and generation only: a word list, one entry per line; "" if none */
    hs_bos bos;
    int64_t limit;  /* first so many examples; 0 = all */
    int64_t sample; /* so many of these, drawn by the seed; 0 = all */
    int64_t window; /* perplexity only: tokens per window; 0 = the model's n_positions */

    int64_t samples; /* this and all to save_text: generation only */
    int64_t max_new_tokens;
    double temperature; /* 0 = greedy */
    double top_p;       /* 1 = all */
    int64_t top_k;      /* 0 = all */
    hs_string_list stop;
    hs_scorer_kind scorer;
    char *scorer_checkpoint; /* resolved; "" if none */
    char *scorer_label;      /* name or index; "" if none */
    hs_scorer_text scorer_text;
    double threshold;  /* a score from which a continuation counts as toxic */
    int64_t save_text; /* best sets whose texts are kept; 0 = none, not even the clean model's */

    hs_field_mapping *fields;
    size_t n_fields;
    hs_string_list choices; /* multiple_choice only: templates of choices; none = field `choices` */
    hs_label_mapping *labels;
    size_t n_labels;
    hs_label_is label_is;
    char *delimiter; /* between a context and what continues it */
    hs_too_long too_long;
    int64_t seed;    /* no key of its own: run.seed */
    int line;        /* of the experiment file, for messages */
    char *overrides; /* the --set that changed it, for messages; NULL: none */
} hs_task_config;

enum { HS_MPI_HINT_MAX_NAME = 100 }; /* bytes of its name: MPI promises no more than 255 with all that it adds */

typedef struct hs_experiment {
    char *path;       /* of the experiment file */
    char *checkpoint; /* resolved folder */

    hs_task_config *tasks;
    size_t n_tasks;

    int64_t *orders; /* 1 = single heads, 2 = pairs, ... ; sorted, unique */
    size_t n_orders;
    hs_string_list heads;         /* selectors: "*", "3", "0-2.*", "1.0-3", "4.7" */
    char *sets_file;              /* resolved, "" if none: one set a line, "0.1 2.3" */
    int64_t max_sets;             /* refuse to enumerate more */
    hs_string_list interventions; /* "zero", "mean", "scale=0.5", ... */
    hs_component_kind unit;
    hs_positions positions;
    hs_value_bias value_bias;

    char *reference_file;    /* resolved, "" = the sequences of all tasks */
    char *reference_field;   /* field of its JSON Lines that holds text or token ids */
    int64_t reference_limit; /* 0 = all */
    hs_data_format reference_format;

    char *objective_reduce;        /* task; "" = no objective */
    char *objective_reduce_metric; /* "" = the task's first */
    char *objective_keep;          /* task; "" = none */
    char *objective_keep_metric;
    double objective_tolerance;         /* absolute, in the unit of the kept metric */
    hs_string_list objective_keep_also; /* "TASK", "TASK.METRIC", "TASK.METRIC=TOLERANCE" */

    int64_t resamples;    /* of the bootstrap */
    int64_t permutations; /* random flips of the permutation test */
    double confidence;    /* of intervals, in (0, 1) */
    hs_interval interval;

    int64_t controls_random_sets; /* 0 = none */
    int64_t controls_for_best;
    hs_curves pruning_curve;
    char *pruning_intervention; /* "" = the first */
    char *pruning_metric;       /* "TASK", "TASK.METRIC"; "" = what the objective keeps */
    int64_t pruning_max_heads;  /* 0 = all */
    int64_t pruning_candidates; /* 0 = all */
    double pruning_chance;      /* what guessing scores; NaN: what the task's kind says */
    double pruning_kept;        /* share */

    int64_t seed;
    hs_engine_kind engine;
    hs_scheduler_policy scheduler;
    int64_t batch_rows;       /* token rows that a shard aims at */
    int64_t sets_per_group;   /* ablation sets that are computed together; 0 = the engine chooses */
    int64_t memory_per_rank;  /* MiB that a rank may hold, weights apart; 0 = no limit */
    int64_t threads_per_rank; /* that products and loops are cut among */
    int64_t max_lease_groups; /* cap of a lease */

    char *results;            /* resolved against the current folder */
    hs_string_list mpi_hints; /* "NAME=VALUE" */
    double progress_seconds;  /* between progress lines in a log */

    /* Both empty in an experiment made by hand. */
    hs_config_values written_paths; /* the paths as they were written, by key */
    hs_config_values origins;       /* by key that was given: "e.cfg:12", "--set run.seed=7" */
} hs_experiment;

/*
 * Reads the file and all that it includes into one block of bytes, which goes into `block`, empty before, and gives
 * the same experiment wherever it is parsed with the same overrides: one rank reads for all of them. A task's file
 * that is a pattern (*, ?, [...]) and no file of that name becomes a task for each file that matches, in the order of
 * their names by bytes; those names go into the block, too. HS_ERROR_USAGE names file and line of what is not a text,
 * of an @include that cannot be followed, of a pattern that nothing matches, and of all that hs_config_parse() refuses.
 */
hs_status hs_config_read(const char *path, const char *const *overrides, size_t n_overrides, hs_text *block,
                         hs_error *error);
/*
 * Parses such a block, applies `overrides` ("key=value" as in --set; value in libconfig syntax, bare words count as
 * strings; list elements as tasks[0].limit) and checks everything: HS_ERROR_USAGE names file, line and key of an
 * unknown key, a missing one, a wrong type or a value out of range, and says what would be right. No file is opened:
 * `path` is for messages, and input paths are resolved against its folder, `output.results` against the current folder.
 * HS_ERROR_INTERNAL for a block that hs_config_read() did not make.
 */
hs_status hs_config_parse(const char *path, const hs_text *block, const char *const *overrides, size_t n_overrides,
                          hs_experiment **experiment_out, hs_error *error);
/* Both in one. */
hs_status hs_config_load(const char *path, const char *const *overrides, size_t n_overrides,
                         hs_experiment **experiment_out, hs_error *error);
/*
 * What a results file states of its experiment: every key but those of tasks (n_tasks is 0; the file has its tasks
 * elsewhere), with values as hs_config_list_values() gives them, and paths as they were written. `lookup` gives the
 * text of a key, NULL where the file lacks it: then it is what files meant that are older than the key. Keys that are
 * not known any more are not asked for. HS_ERROR_USAGE names `where`, and the key whose value no experiment can have.
 */
typedef const char *hs_config_lookup(const void *context, const char *key);
hs_status hs_config_read_stored(const char *where, hs_config_lookup *lookup, const void *context,
                                hs_experiment **experiment_out, hs_error *error);
void hs_config_free(hs_experiment *experiment);

/* Where a key such as "objective.keep" has its value from, for messages; the file's path where nobody gave it. */
const char *hs_config_where(const hs_experiment *experiment, const char *key);

/* Puts the task's name, its line and the --set that changed it before a message; returns the recorded status. */
hs_status hs_config_task_blame(const hs_task_config *task, hs_error *error);

/* The effective configuration as an experiment file that loads again to the same (--print-config). */
hs_status hs_config_print(const hs_experiment *experiment, hs_text *text, hs_error *error);

/* All keys in table order, tasks as tasks[0].name and so on. Paths are given as written, not resolved. */
hs_status hs_config_list_values(const hs_experiment *experiment, hs_config_values *values_out, hs_error *error);
void hs_config_values_clear(hs_config_values *values);

/* The key table as a Markdown table (key, type, default, meaning), for the README; `headsweep run --help-config`. */
hs_status hs_config_describe_keys(hs_text *text, hs_error *error);

#endif
