/*
 * families: finds rows of the tables of families (decoder_families.c and its like), and writes names from
 * their patterns.
 */
#include "model/families.h"

#include <string.h>

const hs_family *hs__model_family_at(size_t index)
{
    static const hs_family *const tables[] = {
        hs__model_decoder_families, hs__model_learned_families, hs__model_normed_families,
        hs__model_expert_families,  hs__model_alibi_families,   hs__model_rotary_families,
        hs__model_scaled_families,  hs__model_encoder_families, hs__model_factored_families};
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const hs_family *family = tables[t]; family->model_type != NULL; family++)
            if (index-- == 0)
                return family;
    return NULL;
}

static const hs_architecture *find_architecture(const hs_family *family, const char *name)
{
    const hs_architecture *architecture = family->architectures;
    while (architecture->name != NULL && name != NULL && strcmp(architecture->name, name) != 0)
        architecture++;
    if (architecture->read_as != NULL)
        return find_architecture(family, architecture->read_as);
    return architecture->name != NULL ? architecture : NULL;
}

const hs_family *hs__model_family_find(const char *model_type, const char *architecture,
                                       const hs_architecture **architecture_out)
{
    *architecture_out = NULL;
    if (model_type == NULL && architecture == NULL)
        return NULL;
    for (size_t i = 0; hs__model_family_at(i) != NULL; i++) {
        const hs_family *family = hs__model_family_at(i);
        if (model_type == NULL || strcmp(model_type, family->model_type) == 0)
            *architecture_out = find_architecture(family, architecture);
        if (*architecture_out != NULL)
            return family;
    }
    return NULL;
}

static const char base_mark[] = "{base}";
static const char layer_mark[] = "{layer}";
static const char expert_mark[] = "{expert}";

bool hs__model_pattern_is_per_layer(const char *pattern)
{
    return strstr(pattern, layer_mark) != NULL;
}

bool hs__model_pattern_is_per_expert(const char *pattern)
{
    return strstr(pattern, expert_mark) != NULL;
}

/* Is the mark next? Then it is passed over. */
static bool take_mark(const char **pattern_inout, const char *mark)
{
    if (strncmp(*pattern_inout, mark, strlen(mark)) != 0)
        return false;
    *pattern_inout += strlen(mark);
    return true;
}

/* By hand rather than by printf: a format that stands in a table is checked by no compiler. */
const char *hs__model_pattern_expand(const char *pattern, const char *base_prefix, hs_pattern_place place, char *buffer,
                                     size_t capacity)
{
    buffer[0] = '\0';
    for (size_t n = 0; *pattern != '\0' && n + 1 < capacity; n += strlen(buffer + n)) {
        if (take_mark(&pattern, base_mark))
            snprintf(buffer + n, capacity - n, "%s", base_prefix);
        else if (take_mark(&pattern, layer_mark))
            snprintf(buffer + n, capacity - n, "%zu", place.layer);
        else if (take_mark(&pattern, expert_mark))
            snprintf(buffer + n, capacity - n, "%zu", place.expert);
        else
            snprintf(buffer + n, capacity - n, "%c", *pattern++);
    }
    return buffer;
}
