/*
 * classes: a row for each tokenizer class of transformers 5.24 (tokenization_NAME.py of each model), and
 * the class that AutoTokenizer takes for a type of model (models/auto/tokenization_auto.py).
 */
#include "tokenizer/classes.h"

#include "tokenizer/json_keys.h"

#include <string.h>

#define END_OF_TEXT "<|endoftext|>"
#define ROBERTA_TOKENS                                                                                          \
    {                                                                                                           \
        [TOKENIZER_BOS] = "<s>", [TOKENIZER_EOS] = "</s>", [TOKENIZER_UNK] = "<unk>", [TOKENIZER_SEP] = "</s>", \
        [TOKENIZER_PAD] = "<pad>", [TOKENIZER_CLS] = "<s>", [TOKENIZER_MASK] = "<mask>"                         \
    }

static const tokenizer_class CLASSES[] = {
    {.names = "GPT2Tokenizer WhisperTokenizer CodeGenTokenizer",
     .tokens = {[TOKENIZER_BOS] = END_OF_TEXT, [TOKENIZER_EOS] = END_OF_TEXT, [TOKENIZER_UNK] = END_OF_TEXT}},
    {.names = "GPTNeoXTokenizer",
     .tokens = {[TOKENIZER_BOS] = END_OF_TEXT,
                [TOKENIZER_EOS] = END_OF_TEXT,
                [TOKENIZER_UNK] = END_OF_TEXT,
                [TOKENIZER_PAD] = "<|padding|>"},
     .frame = TOKENIZER_FRAME_NONE},
    {.names = "Qwen2Tokenizer Qwen3_5Tokenizer",
     .tokens = {[TOKENIZER_EOS] = END_OF_TEXT, [TOKENIZER_UNK] = END_OF_TEXT, [TOKENIZER_PAD] = END_OF_TEXT},
     .plain_specials = true},
    {.names = "LlamaTokenizer CodeLlamaTokenizer",
     .tokens = {[TOKENIZER_BOS] = "<s>", [TOKENIZER_EOS] = "</s>", [TOKENIZER_UNK] = "<unk>"}},
    {.names = "GemmaTokenizer Siglip2Tokenizer",
     .tokens = {[TOKENIZER_BOS] = "<bos>",
                [TOKENIZER_EOS] = "<eos>",
                [TOKENIZER_UNK] = "<unk>",
                [TOKENIZER_PAD] = "<pad>",
                [TOKENIZER_MASK] = "<mask>"}},
    {.names = "CohereTokenizer",
     .tokens = {[TOKENIZER_BOS] = "<BOS_TOKEN>",
                [TOKENIZER_EOS] = "<|END_OF_TURN_TOKEN|>",
                [TOKENIZER_UNK] = "<UNK>",
                [TOKENIZER_SEP] = "<SEP>",
                [TOKENIZER_PAD] = "<PAD>",
                [TOKENIZER_CLS] = "<CLS>",
                [TOKENIZER_MASK] = "<MASK_TOKEN>"}},
    {.names = "BertTokenizer DistilBertTokenizer ElectraTokenizer MobileBertTokenizer",
     .tokens = {[TOKENIZER_UNK] = "[UNK]",
                [TOKENIZER_SEP] = "[SEP]",
                [TOKENIZER_PAD] = "[PAD]",
                [TOKENIZER_CLS] = "[CLS]",
                [TOKENIZER_MASK] = "[MASK]"},
     .frame = TOKENIZER_FRAME_CLS_SEP,
     .joint = TOKENIZER_JOINT_SEGMENTS},
    {.names = "AlbertTokenizer",
     .tokens = {[TOKENIZER_BOS] = "[CLS]",
                [TOKENIZER_EOS] = "[SEP]",
                [TOKENIZER_UNK] = "<unk>",
                [TOKENIZER_SEP] = "[SEP]",
                [TOKENIZER_PAD] = "<pad>",
                [TOKENIZER_CLS] = "[CLS]",
                [TOKENIZER_MASK] = "[MASK]"},
     .frame = TOKENIZER_FRAME_CLS_SEP,
     .joint = TOKENIZER_JOINT_SEGMENTS},
    {.names = "RobertaTokenizer BartTokenizer LongformerTokenizer LEDTokenizer MvpTokenizer BlenderbotTokenizer",
     .tokens = ROBERTA_TOKENS,
     .mask_strips = true,
     .frame = TOKENIZER_FRAME_CLS_SEP,
     .joint = TOKENIZER_JOINT_SEPARATORS},
    {.names = "XLMRobertaTokenizer",
     .tokens = ROBERTA_TOKENS,
     .frame = TOKENIZER_FRAME_BOS_EOS,
     .joint = TOKENIZER_JOINT_SEPARATORS},
    {.names = "CamembertTokenizer",
     .tokens = ROBERTA_TOKENS,
     .extras = {"<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"},
     .mask_strips = true,
     .frame = TOKENIZER_FRAME_BOS_EOS,
     .joint = TOKENIZER_JOINT_SEPARATORS},
};

/* The class of a model's type; `wins` over another one that the files declare. */
static const struct registered {
    const char *model_type;
    const char *class;
    bool wins;
} REGISTERED[] = {
    {"gpt2", "GPT2Tokenizer", false},           {"mistral", "TokenizersBackend", false},
    {"qwen2", "Qwen2Tokenizer", true},          {"gpt_neox", "GPTNeoXTokenizer", false},
    {"bert", "BertTokenizer", false},           {"distilbert", "BertTokenizer", false},
    {"roberta", "RobertaTokenizer", false},     {"xlm-roberta", "XLMRobertaTokenizer", false},
    {"camembert", "CamembertTokenizer", false}, {"phi", "GPT2Tokenizer", false},
    {"qwen3", "Qwen2Tokenizer", false},         {"gemma", "GemmaTokenizer", false},
    {"gemma2", "GemmaTokenizer", false},        {"olmo", "GPTNeoXTokenizer", false},
    {"olmo2", "TokenizersBackend", false},      {"gemma3_text", "GemmaTokenizer", false},
    {"olmo3", "TokenizersBackend", false},      {"electra", "BertTokenizer", false},
    {"albert", "AlbertTokenizer", false},       {"opt", "GPT2Tokenizer", false},
    {"gpt_neo", "GPT2Tokenizer", false},        {"mpt", "GPTNeoXTokenizer", false},
    {"phi3", "TokenizersBackend", false},       {"stablelm", "TokenizersBackend", false},
    {"cohere", "CohereTokenizer", false},       {"gptj", "GPT2Tokenizer", false},
    {"ministral", "TokenizersBackend", false},  {"granite", "TokenizersBackend", false},
};

const tokenizer_class *hs__tokenizer_class_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof CLASSES / sizeof *CLASSES; i++)
        if (hs__tokenizer_is_listed(CLASSES[i].names, name, strlen(name)))
            return &CLASSES[i];
    return NULL;
}

bool hs__tokenizer_class_gives_types(const char *name)
{
    static const char WITHOUT[] =
        "RobertaTokenizer XLMRobertaTokenizer CamembertTokenizer DistilBertTokenizer AlbertTokenizer "
        "BartTokenizer LongformerTokenizer LEDTokenizer MvpTokenizer BlenderbotTokenizer";
    return name == NULL || !hs__tokenizer_is_listed(WITHOUT, name, strlen(name));
}

static const struct registered *find_registered(const char *model_type)
{
    for (size_t i = 0; model_type != NULL && i < sizeof REGISTERED / sizeof *REGISTERED; i++)
        if (strcmp(REGISTERED[i].model_type, model_type) == 0)
            return &REGISTERED[i];
    return NULL;
}

bool hs__tokenizer_class_asks_for_byte_level(const tokenizer_class_signs *signs)
{
    const struct registered *registered = find_registered(signs->model_type);
    return signs->declared != NULL && strcmp(signs->declared, "LlamaTokenizer") == 0 &&
           (registered == NULL || !registered->wins);
}

/* Llama 3's files declare Llama 2's class, which has another pipeline: transformers tells them by their split. */
const char *hs__tokenizer_class_choose(const tokenizer_class_signs *signs)
{
    const struct registered *registered = find_registered(signs->model_type);
    if (signs->byte_level && hs__tokenizer_class_asks_for_byte_level(signs))
        return "TokenizersBackend";
    if (registered == NULL)
        return signs->declared;
    if (signs->declared == NULL || registered->wins || strcmp(registered->class, "TokenizersBackend") == 0)
        return registered->class;
    return signs->declared;
}
