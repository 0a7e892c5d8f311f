/*
 * The table of keys: one row is all that the project knows about a key of the experiment file. Loading, defaults, range
 * checks, printing, the attributes in the results file and the README's list are loops over it.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include "headsweep/config.h"

enum {
    CONFIG_MAX_PHRASE = 128,
    CONFIG_MAX_TASKS = 4096, /* as many as a results file holds */
    CONFIG_MAX_TASK_NAME = 64,
    CONFIG_MAX_STRING = 4096, /* bytes of a string: the longest path of most systems */
    CONFIG_MAX_PATH = 160,    /* bytes of "tasks[4095].window" with its terminator, unknown names cut */
};

/* What the name of a task, and of its group in the results file, may be made of. */
#define CONFIG_TASK_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

typedef enum key_type {
    KEY_STRING,       /* char * */
    KEY_WORD,         /* an enum of words.h */
    KEY_PATH_IN,      /* char *, relative to the folder of the experiment file; "" = none */
    KEY_PATH_OUT,     /* char *, relative to the current folder */
    KEY_INTEGER,      /* int64_t */
    KEY_REAL,         /* double; NaN where the word `instead` stands in its place */
    KEY_INTEGER_LIST, /* int64_t * and its count */
    KEY_STRING_LIST,  /* hs_string_list */
    KEY_FIELDS,       /* hs_field_mapping * and its count */
    KEY_LABELS,       /* hs_label_mapping * and its count */
    KEY_TASKS,        /* hs_task_config * and its count */
    N_KEY_TYPES
} key_type;

typedef struct key_row {
    const char *path; /* "sweep.orders"; "tasks[].name" for a key of every task */
    key_type type;
    const char *default_text;    /* in the syntax of the file; NULL: required */
    int64_t minimum, maximum;    /* of a number, or of each number of a list; reals have whole bounds too */
    const hs_word_list *list;    /* of a KEY_WORD */
    const char *instead;         /* the word that a number may be instead; NULL: there is none */
    const char *before;          /* what files meant that are older than the key; NULL: the default */
    size_t min_items, max_items; /* of a list */
    bool unique;                 /* a list may not hold a value twice */
    bool non_empty;              /* a string may not be "" */
    bool identity;               /* another value is another experiment: it changes numbers */
    bool hashed;                 /* another value is one where it shows in what the identity counts or hashes */
    const char *unit;            /* NULL if it has none */
    const char *meaning;         /* one line, a sentence */
    size_t offset;               /* in hs_experiment, or in hs_task_config for a key of a task */
    size_t count_offset;         /* of the count, where the type has one of its own */
} key_row;

size_t hs__config_key_count(void);
const key_row *hs__config_key_at(size_t index);
size_t hs__config_key_index(const key_row *row);

/* Length of what precedes the name: 6 for "sweep.orders", 8 for "tasks[].name", 0 for "tasks". */
size_t hs__config_key_prefix_length(const key_row *row);
const char *hs__config_key_name(const key_row *row); /* "orders" */
bool hs__config_key_is_of_task(const key_row *row);

/* NULL if there is none. `prefix` is "sweep." or "tasks[]."; `length` counts the bytes of `name`. */
const key_row *hs__config_key_find(const char *prefix, const char *name, size_t length);
/* True for "sweep": some row's path begins with "sweep." */
bool hs__config_key_is_group(const char *name);

/* "sweep.orders", or "tasks[3].name" with the index of the task, as messages and results name the key. */
void hs__config_key_format_path(const key_row *row, size_t task, char path[CONFIG_MAX_PATH]);

/* "an integer", for messages; "integer", for the list of keys. */
const char *hs__config_key_type_phrase(key_type type);
const char *hs__config_key_type_name(key_type type);
/* What a key wants, for messages: the phrase of its type, "a number or \"auto\"". */
const char *hs__config_key_phrase(const key_row *row, char phrase[CONFIG_MAX_PHRASE]);

/* Where the row's value, or its count, lies in `base`. */
void *hs__config_key_field(const key_row *row, void *base);
const void *hs__config_key_const_field(const key_row *row, const void *base);
size_t *hs__config_key_count_field(const key_row *row, void *base);
size_t hs__config_key_n_items(const key_row *row, const void *base);

#endif
