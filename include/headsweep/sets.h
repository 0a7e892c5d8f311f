/*
 * sets: what can be ablated (components of several kinds), what replaces it (interventions), and tables of
 * ablation sets: their names, how names are read, their order.
 *
 * Findings come from the results file alone, and sets are what the file is about: so this room knows no engine
 * and no file, and of a model its shape at most.
 */
#ifndef HEADSWEEP_SETS_H
#define HEADSWEEP_SETS_H

#include "headsweep/model.h"
#include "headsweep/words.h"

/* Sites. */

/* Named places of the forward pass, in its order: observers read there, and what a component edits hangs there. */
typedef enum hs_site {
    HS_SITE_RESIDUAL_BEFORE_ATTENTION, /* [rows, width] */
    HS_SITE_PATTERN,                   /* per sequence and head: [length, length]; see hs_observation */
    HS_SITE_Z,                         /* [rows, n_heads * head_dim], after the intervention */
    HS_SITE_ATTENTION_OUTPUT,          /* [rows, width], with the output bias, before a norm of it */
    HS_SITE_RESIDUAL_BEFORE_MLP,       /* [rows, width] */
    HS_SITE_MLP_HIDDEN,                /* [rows, mlp_width], what the MLP's last product reads */
    HS_SITE_MLP_OUTPUT,                /* [rows, width], with the output bias, before a norm of it */
    HS_SITE_RESIDUAL_AFTER_MLP,        /* [rows, width] */
    HS_SITE_LOGITS,                    /* [scored rows, n_outputs] */
    HS_SITE_COUNT
} hs_site;

/* "z", "MLP hidden", as messages have it. */
const char *hs_sets_site_name(hs_site site);
/* Parts of a layer's site that can be edited by themselves: heads of z and pattern, columns of MLP hidden, else 1. */
size_t hs_sets_site_parts(hs_site site, const hs_model_shape *shape);

/* Kinds of components. */

/*
 * A row of the table of kinds; their words in experiment files are HS_CONFIG_UNITS (words.h). A layer's
 * components of one kind share the parts of its site in equal runs.
 */
typedef struct hs_kind {
    const char *title;   /* to people: "KV group"; of several, "KV groups" */
    const char *prefix;  /* of the index in a name: "kv" in 2.kv1 */
    const char *letters; /* between layer and index as spreadsheets can have it: "KV" in L2KV1 */
    const char *counted; /* attribute of /provenance that says how many a layer has */
    hs_site site;
    size_t (*count)(const hs_model_shape *shape); /* how many a layer has */
} hs_kind;

/* The row of a kind; NULL where there is none, as of a file that is damaged. */
const hs_kind *hs_sets_kind(int32_t kind);

/* Components. */

typedef struct hs_component {
    int32_t kind;
    int32_t layer;
    int32_t index;
} hs_component;

/* Parts first .. first + n - 1 of a site. */
typedef struct hs_parts {
    hs_site site;
    size_t first;
    size_t n;
} hs_parts;

/* What of its layer the component edits. HS_ERROR_INPUT: the model has no such component. */
hs_status hs_sets_component_parts(hs_component component, const hs_model_shape *shape, hs_parts *parts_out,
                                  hs_error *error);

/* Has the checkpoint none of its parts? Of components that the model has. */
bool hs_sets_component_is_gone(hs_component component, const hs_model_shape *shape);

/* By layer, kind and index: the order within a set. */
int hs_sets_compare_components(const hs_component *left, const hs_component *right);
void hs_sets_sort_components(hs_component *components, size_t n);
/* By order, then component by component: the order of the sets of an enumeration. */
int hs_sets_compare(const hs_component *left, size_t n_left, const hs_component *right, size_t n_right);

enum {
    HS_COMPONENT_MAX_NUMBER = 65535, /* of a layer or an index that is read */
    HS_COMPONENT_NAME_BYTES = 40
};

/* "2.1", "2.kv1"; returns name. */
const char *hs_sets_component_name(hs_component component, char name[HS_COMPONENT_NAME_BYTES]);
/* "L2H1", "L2KV1": to spreadsheets and data frames "3.1" and "3.10" are one number. */
const char *hs_sets_component_spelling(hs_component component, char name[HS_COMPONENT_NAME_BYTES]);
/* Reads a component at *cursor, named or spelt, and moves past it; false and unmoved if there is none. */
bool hs_sets_read_component(const char **cursor, hs_component *component_out);
/*
 * The same for those who refuse: HS_ERROR_USAGE says what stands there, and the nearest name where the kind is
 * unknown.
 */
hs_status hs_sets_parse_component(const char **cursor, hs_component *component_out, hs_error *error);

/* Interventions. */

typedef enum hs_intervention_kind {
    HS_INTERVENTION_ZERO,          /* z <- 0 */
    HS_INTERVENTION_MEAN,          /* z <- mean of z over the reference set, one number per dimension */
    HS_INTERVENTION_MEAN_POSITION, /* the same by position; positions beyond the reference set use the last known one */
    HS_INTERVENTION_RESAMPLE,      /* z <- clean z of a donor sequence, row t from donor row min(t, donor length - 1) */
    HS_INTERVENTION_SCALE,         /* z <- scale * z; flip is scale -1 */
    HS_INTERVENTION_UNIFORM,       /* attention pattern: the same weight on every visible position */
    HS_INTERVENTION_FIRST_TOKEN,   /* attention pattern: all weight on position 0 */
} hs_intervention_kind;

typedef struct hs_intervention {
    hs_intervention_kind kind;
    float scale; /* of HS_INTERVENTION_SCALE */
} hs_intervention;

/*
 * Reads "zero", "mean", "mean_position", "resample", "flip", "scale=0.5", "uniform", "first_token".
 * HS_ERROR_USAGE lists what there is.
 */
hs_status hs_sets_intervention_parse(const char *text, hs_intervention *intervention_out, hs_error *error);
/* The text form; returns buffer. */
const char *hs_sets_intervention_name(hs_intervention intervention, char *buffer, size_t capacity);
bool hs_sets_intervention_needs_means(hs_intervention intervention);
bool hs_sets_intervention_needs_donors(hs_intervention intervention);
bool hs_sets_intervention_edits_pattern(hs_intervention intervention); /* the attention pattern, not z */

/* Ablations. */

/* One ablation set with its intervention; n_components == 0 is the clean model. Borrowed. */
typedef struct hs_ablation {
    const hs_component *components; /* sorted by (layer, kind, index), no duplicates */
    size_t n_components;
    hs_intervention intervention;
} hs_ablation;

/* "heads 2.1+3.0 (zero)", "KV groups 0.1 (mean)", "clean model"; a long set is cut short. Returns buffer. */
const char *hs_sets_ablation_name(const hs_ablation *ablation, char *buffer, size_t capacity);

/* The table of sets. */

/*
 * The one table of ablation sets: what a sweep enumerates, what a results file holds, what a later phase chooses. Set
 * 0 is the clean model.
 *
 * A set is its parent and what it adds. The parent is an earlier set under the same intervention, or the clean model
 * where there is none that helps. So a step of a pruning curve costs one component, however many are gone before it:
 * all sets of a greedy curve through n components take n (n + 1) / 2 components instead of a number that grows with
 * the cube of n.
 *
 * Numbers (orders, interventions, parents) are read in the arrays, components by hs_sets_view. Within a set,
 * components are sorted by layer, kind and index, and none stands twice.
 */
typedef struct hs_sets {
    size_t n_sets;
    size_t n_added;        /* components of all sets, each counted where it was added */
    size_t max_order;      /* of any set */
    int32_t *order;        /* [n_sets]: components, those of the parents included; 0: the clean model */
    int32_t *intervention; /* [n_sets]: row of intervention_names; -1: the clean model */
    int32_t *parent;       /* [n_sets]; -1: the clean model */
    uint64_t *first_added; /* [n_sets + 1]: place of its own components in `added` */
    hs_component *added;   /* [n_added] */
    size_t n_interventions;
    const char *const *intervention_names; /* borrowed */
    /*
     * NULL, or a table that this one continues, which must not grow meanwhile: sets are numbered from the first one
     * of that table on, and parents may lie in it. The arrays hold only what this table adds.
     */
    const struct hs_sets *base;
    size_t room, room_added; /* of the arrays */
    void *block;             /* where they lie, if it is the table's own */
} hs_sets;

/*
 * Appends the set that has `components`[n], in any order, besides those of `parent`; they must be none of them. The
 * first set of a table is the clean model: n = 0. HS_ERROR_INTERNAL: no such parent, or a table in foreign memory
 * (hs_sets_place) is full. On failure the table is as it was.
 */
hs_status hs_sets_append(hs_sets *sets, int32_t intervention, uint64_t parent, const hs_component *components, size_t n,
                         hs_error *error);
/* Appends all sets of `rows`, which continues `sets`. */
hs_status hs_sets_append_rows(hs_sets *sets, const hs_sets *rows, hs_error *error);
/* Room for so many sets and components altogether. */
hs_status hs_sets_reserve(hs_sets *sets, size_t n_sets, size_t n_added, hs_error *error);
/* Frees what is its own; {0} is an empty table. */
void hs_sets_clear(hs_sets *sets);

/*
 * Bytes of a table with room for so many sets and components, and the table laid into such a block, which it borrows.
 */
size_t hs_sets_bytes(size_t n_sets, size_t n_added);
void hs_sets_place(hs_sets *sets, void *block, size_t n_sets, size_t n_added);

/* Of a table that may continue another. */
size_t hs_sets_order(const hs_sets *sets, uint64_t set);
int32_t hs_sets_intervention(const hs_sets *sets, uint64_t set);
/* components[order] <- those of the set, sorted. */
void hs_sets_view(const hs_sets *sets, uint64_t set, hs_component *components);
bool hs_sets_has(const hs_sets *sets, uint64_t set, const hs_component *component);
/*
 * Hash of the first n_sets sets and the names of the interventions, as if each set were written out with max_order
 * slots of {kind, layer, index}, -1 where it has no component: an experiment is known by it, however its sets are
 * stored.
 */
hs_status hs_sets_hash(const hs_sets *sets, size_t n_sets, size_t max_order, uint64_t seed, uint64_t *hash_out,
                       hs_error *error);

/* Which set is it? */

/* Finds sets by what they hold. Borrows the table, which must not change meanwhile and continues none. */
typedef struct hs_sets_index {
    const hs_sets *sets;
    uint64_t *hashes;      /* [n_sets] of its components */
    uint32_t *slots;       /* [n_slots]: set + 1, 0 = empty; open addressing */
    size_t n_slots;        /* a power of two */
    hs_component *scratch; /* [2, max_order] */
} hs_sets_index;

hs_status hs_sets_index_new(const hs_sets *sets, hs_sets_index *index_out, hs_error *error);
void hs_sets_index_clear(hs_sets_index *index);
/*
 * The first set under that intervention that has components[n] (in any order) besides those of `parent`, 0 for none;
 * -1 if there is none. Takes as long as n is large.
 */
int64_t hs_sets_find(const hs_sets_index *index, int32_t intervention, uint64_t parent, const hs_component *components,
                     size_t n);

/* Names of sets. */

/*
 * The name of a set as people and the file have it: "2.1+3.0", "clean"; KV groups as "2.kv1"; of more than 12
 * components "0.1+0.2+...+3.0 (20)", the first 8 and the last. Appended to `text`.
 */
hs_status hs_sets_name(const hs_sets *sets, uint64_t set, hs_text *text, hs_error *error);
/* The same of sorted components that are in no table. */
hs_status hs_sets_components_name(const hs_component *components, size_t n, hs_text *text, hs_error *error);
/* Bytes of the name. */
size_t hs_sets_name_length(const hs_sets *sets, uint64_t set);
/*
 * Reads a name whose components are all there, in any spelling and order, into components[capacity], sorted. False:
 * it is no such name, one stands twice, or they are more.
 */
bool hs_sets_parse_name(const char *name, hs_component *components, size_t capacity, size_t *n_out);
/*
 * The name of a set as spreadsheets and data frames leave it, "L2H1+L3H10": to them "3.1" and "3.10" are one number.
 * Appended to `text`.
 */
hs_status hs_sets_spell_name(const char *name, hs_text *text, hs_error *error);
/* Does `name` name the set: its components in any order and spelling, or what is printed of a set of many? */
hs_status hs_sets_is_named(const hs_sets *sets, uint64_t set, const char *name, bool *is_out, hs_error *error);

#endif
