/*
 * sets: what can be ablated (components of several kinds), what replaces it (interventions), and tables of ablation sets:
 * their names, how names are read, their order.
 *
 * Findings come from the results file alone, and sets are what the file is about: so this room knows no engine and no file,
 * and of a model its shape at most.
 */
#ifndef HEADSWEEP_SETS_H
#define HEADSWEEP_SETS_H

#include "headsweep/model.h"

/* ---- components -------------------------------------------------------------------------------------------------- */

typedef enum hs_component_kind {
    HS_COMPONENT_HEAD,     /* index = query head */
    HS_COMPONENT_KV_GROUP, /* index = KV head: all query heads that read it */
} hs_component_kind;

typedef struct hs_component {
    int32_t kind;
    int32_t layer;
    int32_t index;
} hs_component;

/* ---- interventions ----------------------------------------------------------------------------------------------- */

typedef enum hs_intervention_kind {
    HS_INTERVENTION_ZERO,          /* z <- 0 */
    HS_INTERVENTION_MEAN,          /* z <- mean of z over the reference set, one number a dimension */
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
 * Reads "zero", "mean", "mean_position", "resample", "flip", "scale=0.5", "uniform", "first_token". HS_ERROR_USAGE lists
 * what there is.
 */
hs_status hs_sets_intervention_parse(const char *text, hs_intervention *intervention_out, hs_error *error);
/* The text form; returns buffer. */
const char *hs_sets_intervention_name(hs_intervention intervention, char *buffer, size_t capacity);
bool hs_sets_intervention_needs_means(hs_intervention intervention);
bool hs_sets_intervention_needs_donors(hs_intervention intervention);
bool hs_sets_intervention_edits_pattern(hs_intervention intervention); /* the attention pattern, not z */

/* ---- ablations --------------------------------------------------------------------------------------------------- */

/* One ablation set with its intervention; n_components == 0 is the clean model. Borrowed. */
typedef struct hs_ablation {
    const hs_component *components; /* sorted by (layer, kind, index), no duplicates */
    size_t n_components;
    hs_intervention intervention;
} hs_ablation;

#endif
