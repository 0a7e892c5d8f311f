/* The words of each enum of words.h, in the order in which people read them. */
#include "headsweep/words.h"

#include <assert.h>
#include <stddef.h>

const hs_word_list HS_CONFIG_UNITS = {{{"query_head", HS_COMPONENT_HEAD}, {"kv_group", HS_COMPONENT_KV_GROUP}}};
const hs_word_list HS_CONFIG_POSITIONS = {{{"all", HS_POSITIONS_ALL}, {"scored", HS_POSITIONS_SCORED}}};
const hs_word_list HS_CONFIG_VALUE_BIASES = {{{"raw", HS_VALUE_BIAS_RAW}, {"folded", HS_VALUE_BIAS_FOLDED}}};
const hs_word_list HS_CONFIG_QUOTES = {
    {{"auto", HS_QUOTE_AUTO}, {"none", HS_QUOTE_NONE}, {"double", HS_QUOTE_DOUBLE}, {"single", HS_QUOTE_SINGLE}}};
const hs_word_list HS_CONFIG_LABEL_IS = {{{"auto", HS_LABEL_IS_AUTO},
                                          {"index", HS_LABEL_IS_INDEX},
                                          {"text", HS_LABEL_IS_TEXT},
                                          {"marks", HS_LABEL_IS_MARKS}}};
const hs_word_list HS_CONFIG_TOO_LONG = {{{"truncate", HS_TOO_LONG_TRUNCATE}, {"error", HS_TOO_LONG_ERROR}}};
const hs_word_list HS_CONFIG_BOS = {{{"auto", HS_BOS_AUTO}, {"always", HS_BOS_ALWAYS}, {"never", HS_BOS_NEVER}}};
const hs_word_list HS_CONFIG_SCORERS = {{{"lexicon", HS_SCORER_LEXICON}, {"classifier", HS_SCORER_CLASSIFIER}}};
const hs_word_list HS_CONFIG_SCORER_TEXTS = {
    {{"continuation", HS_SCORER_TEXT_CONTINUATION}, {"pair", HS_SCORER_TEXT_PAIR}}};
const hs_word_list HS_CONFIG_INTERVALS = {{{"bca", HS_INTERVAL_BCA}, {"percentile", HS_INTERVAL_PERCENTILE}}};
const hs_word_list HS_CONFIG_CURVES = {{{"none", HS_CURVES_NONE},
                                        {"importance", HS_CURVES_IMPORTANCE},
                                        {"greedy", HS_CURVES_GREEDY},
                                        {"both", HS_CURVES_BOTH}}};
const hs_word_list HS_CONFIG_ENGINES = {{{"prefix", HS_ENGINE_PREFIX}, {"reference", HS_ENGINE_REFERENCE}}};
const hs_word_list HS_CONFIG_SCHEDULERS = {{{"guided", HS_SCHEDULER_GUIDED}, {"static", HS_SCHEDULER_STATIC}}};

/* A key's field is written through an int, whichever of these it is. */
static_assert(sizeof(hs_component_kind) == sizeof(int) && sizeof(hs_positions) == sizeof(int) &&
                  sizeof(hs_value_bias) == sizeof(int) && sizeof(hs_engine_kind) == sizeof(int) &&
                  sizeof(hs_scheduler_policy) == sizeof(int) && sizeof(hs_quote) == sizeof(int) &&
                  sizeof(hs_label_is) == sizeof(int) && sizeof(hs_too_long) == sizeof(int) &&
                  sizeof(hs_bos) == sizeof(int) && sizeof(hs_scorer_kind) == sizeof(int) &&
                  sizeof(hs_scorer_text) == sizeof(int) && sizeof(hs_interval) == sizeof(int) &&
                  sizeof(hs_curves) == sizeof(int),
              "an enum is as large as an int");

const char *hs_config_word(const hs_word_list *list, int value)
{
    for (const hs_word *row = list->rows; row->text != NULL; row++)
        if (row->value == value)
            return row->text;
    return "";
}
