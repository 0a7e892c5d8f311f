/* The steps of hs_config_parse(), which share one loader. */
#ifndef CONFIG_LOADER_H
#define CONFIG_LOADER_H

#include "config/source.h"
#include "config/store.h"

enum { CONFIG_MAX_WHERE = 512 };

/* Who gave a key its value; all zero: nobody so far. */
typedef struct key_origin {
    size_t line;          /* of source->text */
    const char *override; /* the text after --set */
} key_origin;

typedef struct config_loader {
    const char *path;     /* of the experiment file */
    const hs_text *block; /* of hs_config_read() */
    hs_experiment *experiment;
    config_source source;
    key_origin *origins; /* [1 + n_tasks][hs__config_key_count()]: of the experiment, then of each task */
    size_t *task_lines;  /* [n_tasks] of source->text */
    hs_text *found;      /* where the files of patterns are put; NULL: they are taken from the block */
    hs_error *error;
} config_loader;

/* "experiment.cfg:12", "--set run.seed=7", or the file alone for a value that nobody gave. */
const char *hs__config_loader_where(const config_loader *loader, const key_row *row, size_t task,
                                    char where[CONFIG_MAX_WHERE]);
/* Where a --set comes from, with a long one cut. */
const char *hs__config_override_where(const char *text, char where[CONFIG_MAX_WHERE]);

/* Stores the value in the experiment or, for a row of tasks, in tasks[task], and remembers where it comes from. */
hs_status hs__config_loader_set(config_loader *loader, const key_row *row, size_t task, const config_setting_t *setting,
                                key_origin origin);

/* Parses source->text. `config` is initialised here and to be destroyed by the caller in every case. */
hs_status hs__config_parse_source(const config_source *source, config_t *config, hs_error *error);
/* Parses one value, such as a default; the setting lies in `config`, as above. `name` stands for it in messages. */
hs_status hs__config_parse_value(const char *name, const char *text, config_t *config,
                                 const config_setting_t **setting_out, hs_error *error);

/* A text as a string setting, whatever is in it. */
hs_status hs__config_parse_bare(const char *where, const char *text, config_t *config,
                                const config_setting_t **setting_out, hs_error *error);

hs_status hs__config_load_tree(config_loader *loader, const config_setting_t *root);              /* tree.c */
hs_status hs__config_apply_override(config_loader *loader, const char *text);                     /* override.c */
hs_status hs__config_expand_patterns(config_loader *loader);                                      /* patterns.c */
hs_status hs__config_check_experiment(config_loader *loader);                                     /* check.c */
hs_status hs__config_resolve_paths(const char *path, hs_experiment *experiment, hs_error *error); /* paths.c */

#endif
