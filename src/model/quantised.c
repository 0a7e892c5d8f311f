/* quantised: methods by the name that transformers gives them, and what undoes each. */
#include "model/quantised.h"

#include <string.h>

#define LOADED "python3 -c \"import transformers as t; t.AutoModelForCausalLM.from_pretrained('FOLDER'"
#define SAVED ".save_pretrained('NEW_FOLDER')\" (the class in \"architectures\" where it is another)"
#define WITH(class)                                                                                                 \
    LOADED ", quantization_config=t." class "(dequantize=True))" SAVED ", and take \"quantization_config\" out of " \
                                            "its config.json if it is still there"
#define ORIGINAL "take the checkpoint that it was quantised from, which its model card names (base_model)"

const char hs__model_quantised_advice[] =
    "quantised weights are not read; dequantise the model to F32, F16 or BF16 first, or " ORIGINAL;

typedef struct method_row {
    const char *name;
    const char *advice;
} method_row;

/* What transformers itself turns back; of the others nothing is left but the original. */
static const method_row methods[] = {
    {"bitsandbytes", LOADED ").dequantize()" SAVED},
    {"higgs", LOADED ").dequantize()" SAVED},
    {"fp8", WITH("FineGrainedFP8Config")},
    {"mxfp4", WITH("Mxfp4Config")},
    {"compressed-tensors", WITH("CompressedTensorsConfig")},
};

static const char *advice_for(const char *method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].name, method) == 0)
            return methods[i].advice;
    return ORIGINAL;
}

/* Configs of the first version of bitsandbytes do not name it. */
static const char *default_method(const hs_config *section)
{
    const bool is_bitsandbytes =
        hs__model_config_has(section, "load_in_8bit") || hs__model_config_has(section, "load_in_4bit");
    return is_bitsandbytes ? "bitsandbytes" : "a method that it does not name";
}

/* An empty section says nothing, as in transformers. */
hs_status hs__model_quantised_refuse(const hs_config *config, hs_error *error)
{
    static const char key[] = "quantization_config";
    hs_config section;
    const hs_json_value *value = hs_json_get(config->object, key);
    const hs_json_kind kind = hs_json_kind_of(value);
    if (!hs__model_config_has(config, key) ||
        ((kind == HS_JSON_OBJECT || kind == HS_JSON_ARRAY) && hs_json_size(value) == 0))
        return HS_OK;
    HS_TRY(hs__model_config_section(config, key, "quantization_config.", &section, error));
    const char *method = default_method(&section);
    HS_TRY(hs__model_config_text(&section, "quant_method", &method, error));
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: \"%s\" says that the weights are quantised by %s: quantised weights are not read. To get a "
                   "checkpoint that is: %s",
                   config->path, key, method, advice_for(method));
}
