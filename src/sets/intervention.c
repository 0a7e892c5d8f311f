/* The table of interventions: their words and what each needs. How one is computed stands in engine/edit.c. */
#include "headsweep/sets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char SCALE_PREFIX[] = "scale=";

/* One row per intervention. The number of "scale=NUMBER" is in its name. */
static const struct {
    const char *name;
    hs_intervention intervention;
    bool needs_means;
    bool needs_donors;
} INTERVENTIONS[] = {
    {"zero", {HS_INTERVENTION_ZERO, 0.0f}, false, false},
    {"mean", {HS_INTERVENTION_MEAN, 0.0f}, true, false},
    {"mean_position", {HS_INTERVENTION_MEAN_POSITION, 0.0f}, true, false},
    {"resample", {HS_INTERVENTION_RESAMPLE, 0.0f}, false, true},
    {"flip", {HS_INTERVENTION_SCALE, -1.0f}, false, false},
    {"uniform", {HS_INTERVENTION_UNIFORM, 0.0f}, false, false},
    {"first_token", {HS_INTERVENTION_FIRST_TOKEN, 0.0f}, false, false},
};

enum { N_INTERVENTIONS = sizeof INTERVENTIONS / sizeof INTERVENTIONS[0] };

static hs_status parse_scale(const char *text, hs_intervention *intervention_out, hs_error *error)
{
    const char *number = text + strlen(SCALE_PREFIX);
    char *end = NULL;
    float scale = strtof(number, &end);
    if (end == number || *end != '\0' || !isfinite(scale))
        return hs_fail(error, HS_ERROR_USAGE, "intervention \"%s\": \"%s\" is not a finite number", text, number);
    *intervention_out = (hs_intervention){HS_INTERVENTION_SCALE, scale};
    return HS_OK;
}

static hs_status fail_unknown(const char *text, hs_error *error)
{
    hs_names names = {0};
    for (size_t i = 0; i < N_INTERVENTIONS; i++)
        hs_names_put(&names, INTERVENTIONS[i].name);
    hs_names_put(&names, "scale=NUMBER");
    return hs_fail_name(error, HS_ERROR_USAGE, &names, text, "there is no intervention \"%s\"", text);
}

hs_status hs_sets_intervention_parse(const char *text, hs_intervention *intervention_out, hs_error *error)
{
    *intervention_out = (hs_intervention){0};
    if (strncmp(text, SCALE_PREFIX, strlen(SCALE_PREFIX)) == 0)
        return parse_scale(text, intervention_out, error);
    for (size_t i = 0; i < N_INTERVENTIONS; i++) {
        if (strcmp(text, INTERVENTIONS[i].name) == 0) {
            *intervention_out = INTERVENTIONS[i].intervention;
            return HS_OK;
        }
    }
    return fail_unknown(text, error);
}

/* The table's row, or N_INTERVENTIONS for a scale that has no name of its own. */
static size_t find_row(hs_intervention intervention)
{
    size_t i = 0;
    while (i < N_INTERVENTIONS &&
           (INTERVENTIONS[i].intervention.kind != intervention.kind ||
            (intervention.kind == HS_INTERVENTION_SCALE && INTERVENTIONS[i].intervention.scale != intervention.scale)))
        i++;
    return i;
}

/*
 * A scale is named as it would be written in the experiment file: the shortest digits that read
 * back as the same float, so that names are equal exactly if scales are.
 */
const char *hs_sets_intervention_name(hs_intervention intervention, char *buffer, size_t capacity)
{
    size_t row = find_row(intervention);
    if (row < N_INTERVENTIONS) {
        snprintf(buffer, capacity, "%s", INTERVENTIONS[row].name);
        return buffer;
    }
    /* The shortest form that reads back as the same number. */
    char number[32] = "";
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, (double)intervention.scale);
        if (strtof(number, NULL) == intervention.scale)
            break;
    }
    snprintf(buffer, capacity, "%s%s", SCALE_PREFIX, number);
    return buffer;
}

bool hs_sets_intervention_needs_means(hs_intervention intervention)
{
    size_t row = find_row(intervention);
    return row < N_INTERVENTIONS && INTERVENTIONS[row].needs_means;
}

bool hs_sets_intervention_edits_pattern(hs_intervention intervention)
{
    return intervention.kind == HS_INTERVENTION_UNIFORM || intervention.kind == HS_INTERVENTION_FIRST_TOKEN;
}

bool hs_sets_intervention_needs_donors(hs_intervention intervention)
{
    size_t row = find_row(intervention);
    return row < N_INTERVENTIONS && INTERVENTIONS[row].needs_donors;
}
