/* The words of each enum of words.h, in the order in which people read them. */
#include "headsweep/words.h"

#include <assert.h>
#include <stddef.h>

const hs_word_list HS_CONFIG_UNITS = {{{"query_head", HS_COMPONENT_HEAD}, {"kv_group", HS_COMPONENT_KV_GROUP}}};
const hs_word_list HS_CONFIG_POSITIONS = {{{"all", HS_POSITIONS_ALL}, {"scored", HS_POSITIONS_SCORED}}};
const hs_word_list HS_CONFIG_VALUE_BIASES = {{{"raw", HS_VALUE_BIAS_RAW}, {"folded", HS_VALUE_BIAS_FOLDED}}};
const hs_word_list HS_CONFIG_ENGINES = {{{"prefix", HS_ENGINE_PREFIX}, {"reference", HS_ENGINE_REFERENCE}}};
const hs_word_list HS_CONFIG_SCHEDULERS = {{{"guided", HS_SCHEDULER_GUIDED}, {"static", HS_SCHEDULER_STATIC}}};

/* A key's field is written through an int, whichever of these it is. */
static_assert(sizeof(hs_component_kind) == sizeof(int) && sizeof(hs_positions) == sizeof(int) &&
                  sizeof(hs_value_bias) == sizeof(int) && sizeof(hs_engine_kind) == sizeof(int) &&
                  sizeof(hs_scheduler_policy) == sizeof(int),
              "an enum is as large as an int");

const char *hs_config_word(const hs_word_list *list, int value)
{
    for (const hs_word *row = list->rows; row->text != NULL; row++)
        if (row->value == value)
            return row->text;
    return "";
}
