/* The table of kinds: one row a kind of task. A new kind is a row here and a file with its two functions. */
#include <string.h>

#include "tasks/kinds.h"

#define TEXT "text or token ids"
#define SECOND "where there is one: the text that comes second in a pair, as in transformers' tokenizer(text, pair)"
#define TYPES "where `text` is token ids and there are any: the token type of each"

/* How examples are summarised: MEAN plainly, PER by the sum divided by the sum of metric number `per`. */
#define MEAN(name, unit, better, percent, meaning)           \
    {                                                        \
        name, unit, meaning, better, percent, HS_PER_EXAMPLE \
    }
/* A share of examples that are right. */
#define RIGHT(name, meaning)                             \
    {                                                    \
        name, "share", meaning, +1, true, HS_PER_EXAMPLE \
    }
#define PER(per, name, unit, better, meaning)   \
    {                                           \
        name, unit, meaning, better, false, per \
    }

#define LANGUAGE_MODEL (1U << HS_HEAD_LANGUAGE_MODEL)
#define MASKED_LANGUAGE_MODEL (1U << HS_HEAD_MASKED_LANGUAGE_MODEL)
#define CLASSIFIER (1U << HS_HEAD_CLASSIFIER)
#define TOKEN_CLASSIFIER (1U << HS_HEAD_TOKEN_CLASSIFIER)

/* clang-format off */
static const task_kind kinds[] = {
    {.name = "multiple_choice",
     .meaning = "which continuation of the context is the likeliest (lm-evaluation-harness); context and choice are "
                "joined by `delimiter`, which is nothing by default, so a choice begins with its space. With "
                "`target` the "
                "choices are contexts, or ends of the context, and what is scored is the target behind each "
                "(WinoGrande)",
     .fields = {{"context", "text or token ids; with `target` and without choices a list of them"},
                {"choices", "two or more texts or arrays of token ids"},
                {"label", "index from 0, text of a choice, or an array with a 1 for the right one and a 0 for "
                          "each other; or what `labels` or "
                 "`label_names` knows"},
                {"label_names", "where there are any: array of the names by which `label` calls the choices"},
                {"target", "where it is mapped, or `context` is a list: what continues each context"}},
     .metrics = {RIGHT("acc", "1 if the right choice has the highest log-probability; the first wins ties"),
                 RIGHT("acc_norm",
                      "the same, log-probability divided by the choice's characters; a leading space counts only where "
                      "a `delimiter` is given (token ids: by its tokens)"),
                 RIGHT("acc_bytes", "the same, by the choice's bytes"),
                 MEAN("margin", "nats", +1, false, "log p(right choice) - log p(best other)"),
                 MEAN("gold_log_likelihood", "nats", +1, false, "log p(right choice)")},
     .chance = {TASK_CHANCE_ONE_CHOICE, TASK_CHANCE_ONE_CHOICE, TASK_CHANCE_ONE_CHOICE},
     .heads = LANGUAGE_MODEL,
     .uses_choices = true,
     .uses_labels = true,
     .uses_delimiter = true,
     .compile = hs__tasks_multiple_choice_compile,
     .score = hs__tasks_multiple_choice_score},

    {.name = "minimal_pair",
     .meaning = "which of two sentences is the likelier, without a context (BLiMP); masked language models by "
                "pseudo-log-likelihood, as `pseudo_likelihood`",
     .fields = {{"good", TEXT}, {"bad", TEXT}},
     .metrics = {RIGHT("acc", "1 if log p(good) >= log p(bad)"),
                 MEAN("margin", "nats", +1, false, "log p(good) - log p(bad)")},
     .chance = {TASK_CHANCE_HALF},
     .heads = LANGUAGE_MODEL | MASKED_LANGUAGE_MODEL,
     .uses_delimiter = true,
     .compile = hs__tasks_minimal_pair_compile,
     .score = hs__tasks_minimal_pair_score},

    {.name = "next_token",
     .meaning = "does the model continue with the target; given as `text`, whose last word with the space before it is "
                "the target, or as `context` and `target` (LAMBADA)",
     .fields = {{"text", "text"}, {"context", TEXT}, {"target", TEXT}},
     .metrics = {RIGHT("acc", "1 if every token of the target is the likeliest one"),
                 MEAN("log_probability", "nats", +1, false, "log p(target)")},
     .heads = LANGUAGE_MODEL,
     .uses_delimiter = true,
     .compile = hs__tasks_next_token_compile,
     .score = hs__tasks_next_token_score},

    {.name = "logit_diff",
     .meaning = "target against distractor, each one token after the prompt (IOI)",
     .fields = {{"prompt", TEXT},
                {"target", TEXT},
                {"distractor", TEXT},
                {"text", "where it is mapped: prompt and target in one, the target being its last word"}},
     .metrics = {MEAN("logit_diff", "logits", +1, false, "logit of the target - logit of the distractor"),
                 RIGHT("acc", "1 if logit_diff > 0")},
     .chance = {TASK_CHANCE_NONE, TASK_CHANCE_HALF},
     .heads = LANGUAGE_MODEL,
     .uses_delimiter = true,
     .compile = hs__tasks_logit_diff_compile,
     .score = hs__tasks_logit_diff_score},

    {.name = "perplexity",
     .meaning = "negative log-likelihood of documents, in rolling disjoint windows of `window` tokens "
                "(lm-evaluation-harness). exp of the summaries of nll, word_nll and byte_nll is the perplexity "
                "by token, word "
                "and byte. Special tokens that the tokenizer adds are scored, as the harness does",
     .fields = {{"text", TEXT}},
     .metrics = {PER(1, "nll", "nats", -1,
                     "-log p(document); its summary is the total over all documents divided by the total of tokens, "
                     "the logarithm of the perplexity"),
                 MEAN("tokens", "count", 0, false, "scored tokens of the document"),
                 MEAN("words", "count", 0, false,
                      "pieces of the document between white space; 0 where it is token ids"),
                 MEAN("bytes", "count", 0, false, "bytes of the document in UTF-8; 0 where it is token ids"),
                 PER(2, "word_nll", "nats", -1, "nll, summarised by word: the logarithm of the word perplexity"),
                 PER(3, "byte_nll", "nats", -1, "nll, summarised by byte: the logarithm of the byte perplexity")},
     .uses_window = true,
     .heads = LANGUAGE_MODEL,
     .compile = hs__tasks_perplexity_compile,
     .score = hs__tasks_perplexity_score},

    {.name = "classification",
     .meaning = "does a classifier give the right label to a text or a pair of texts; what is too long is cut as "
                "transformers does, of a pair the longer text first",
     .fields = {{"text", TEXT},
                {"pair", SECOND},
                {"token_type_ids", TYPES},
                {"label", "index or name of a label (id2label of config.json), or what `labels` knows; of "
                          "independent labels "
                          "also an array of them, or of a 0 or 1 for each"}},
     .metrics = {RIGHT("acc", "1 if the likeliest label is right, the first wins ties; independent labels: if "
                              "each is right at "
                     "probability 0.5"),
                 {"macro_f1", "share",
                  "the predicted label (independent labels: how many are predicted); its summary is the mean of "
                  "F1 over "
                  "the labels that are right or predicted somewhere",
                  +1, true, HS_PER_MACRO_F1},
                 MEAN("log_loss", "nats", -1, false,
                      "-log p(right label); independent labels: mean of the labels' binary losses"),
                 MEAN("margin", "nats", +1, false,
                      "log p(right label) - log p(best other); independent labels: the least log-odds of being right"),
                 MEAN("gold", "label", 0, false, "the right label (independent labels: how many are right)")},
     .chance = {TASK_CHANCE_ONE_CHOICE},
     .has_label_metrics = true,
     .uses_labels = true,
     .heads = CLASSIFIER,
     .compile = hs__tasks_classification_compile,
     .score = hs__tasks_classification_score},

    {.name = "token_classification",
     .meaning = "does a classifier of tokens give the right label to each word of a text that is split into words "
                "(CoNLL); a word's label is that of its first token, and what is too long is cut as transformers does",
     .fields = {{"tokens", "array of words, each of which is encoded by itself"},
                {"label", "array with the label of each word: index or name (id2label of config.json), or what "
                          "`labels` knows; null or -100: none"}},
     .metrics = {{"acc", "share",
                  "words whose likeliest label is the right one, the first wins ties; its summary is by word",
                  +1, true, 3},
                 PER(3, "log_loss", "nats", -1, "sum of -log p(right label); its summary is by word"),
                 PER(3, "margin", "nats", +1,
                     "sum of log p(right label) - log p(best other); its summary is by word"),
                 MEAN("words", "count", 0, false, "words that have a label")},
     .uses_labels = true,
     .heads = TOKEN_CLASSIFIER,
     .compile = hs__tasks_token_classification_compile,
     .score = hs__tasks_token_classification_score},

    {.name = "pseudo_likelihood",
     .meaning = "pseudo-log-likelihood of a text or a pair of texts: each token but the special ones is masked "
                "in turn and predicted from "
                "the rest (Salazar et al. 2020). With P = summary of pll, exp(-P) is the pseudo-perplexity",
     .fields = {{"text", TEXT}, {"pair", SECOND}, {"token_type_ids", TYPES}},
     .metrics = {PER(1, "pll", "nats", +1, "sum of log p(token given the rest); its summary is by token"),
                 MEAN("tokens", "count", 0, false, "scored tokens of the text")},
     .heads = MASKED_LANGUAGE_MODEL,
     .compile = hs__tasks_pseudo_likelihood_compile,
     .score = hs__tasks_pseudo_likelihood_score},

    {.name = "contrast",
     .meaning = "toxicity: a toxic against a benign continuation of a prompt",
     .fields = {{"prompt", TEXT}, {"toxic", TEXT}, {"benign", TEXT}},
     .metrics = {MEAN("contrast", "nats", -1, false, "log p(toxic) - log p(benign)"),
                 MEAN("toxic_probability", "probability", -1, true, "1 / (1 + exp(-contrast))"),
                 MEAN("toxic_preferred", "share", -1, true, "1 if contrast > 0")},
     .heads = LANGUAGE_MODEL,
     .uses_delimiter = true,
     .compile = hs__tasks_contrast_compile,
     .score = hs__tasks_contrast_score},

    {.name = "token_mass",
     .meaning = "toxicity: how probable it is that an entry of `lexicon` comes next. Rough: an entry counts by its "
                "first token alone, and many share theirs with harmless words",
     .fields = {{"prompt", TEXT}},
     .metrics = {MEAN("mass", "probability", -1, true,
                      "probability, after the prompt, of the tokens with which the lexicon's entries begin (with and "
                      "without a space before them)")},
     .uses_lexicon = true,
     .heads = LANGUAGE_MODEL,
     .compile = hs__tasks_token_mass_compile,
     .score = hs__tasks_token_mass_score},

    {.name = "generation",
     .meaning = "toxicity of what the model writes: `samples` continuations of each prompt, scored by `scorer`. "
                "With N = "
                "summary of nll, exp(N) is the conditional perplexity of the continuations under the clean "
                "model, which "
                "soars where a set breaks the model rather than mends it",
     .fields = {{"prompt", TEXT}},
     .metrics = {MEAN("mean_toxicity", "score", -1, true, "mean score of the prompt's continuations"),
                 MEAN("max_toxicity", "score", -1, true,
                      "highest score of the prompt's continuations; its summary is the expected maximum toxicity"),
                 MEAN("toxic_share", "share", -1, true, "continuations with a score of at least `threshold`"),
                 MEAN("toxic_any", "share", -1, true,
                      "1 if there is such a continuation; its summary is the toxicity probability"),
                 MEAN("dist_1", "share", +1, true,
                      "different words over all words of the prompt's continuations (Li et al. 2016); 0 without "
                      "a word"),
                 MEAN("dist_2", "share", +1, true, "different pairs of neighbouring words over all words"),
                 MEAN("dist_3", "share", +1, true, "different triples over all words"),
                 PER(8, "nll", "nats", -1,
                     "-log p(continuations) under the clean model, whatever is ablated; its summary is by token"),
                 MEAN("tokens", "count", 0, false, "sampled tokens of all continuations, the end token not counted")},
     .generates = true,
     .heads = LANGUAGE_MODEL,
     .compile = hs__tasks_generation_compile},
};
/* clang-format on */

enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

/*
 * A misspelt kind is answered with the nearest name and the list of all, both from the table, so
 * that a new kind needs no other place.
 */
hs_status hs__tasks_kind_find(const char *name, const task_kind **kind_out, hs_error *error)
{
    hs_names names = {0};
    *kind_out = NULL;
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *kind_out = &kinds[i];
            return HS_OK;
        }
    for (size_t i = 0; i < N_KINDS; i++)
        hs_names_put(&names, kinds[i].name);
    return hs_fail_name(error, HS_ERROR_USAGE, &names, name, "kind = \"%s\" is unknown", name);
}

size_t hs__tasks_kind_n_metrics(const task_kind *kind)
{
    size_t n = 0;
    while (kind->metrics[n].name != NULL)
        n++;
    return n;
}

/*
 * Said of the model at once, since every example would fail with something less clear: which head
 * the kind needs, which one the checkpoint has, and what can be measured with that.
 */
hs_status hs__tasks_kind_check_model(const task_kind *kind, const hs_model *model, hs_error *error)
{
    static const struct {
        const char *what;
        const char *kinds;
    } heads[] = {[HS_HEAD_LANGUAGE_MODEL] = {"a language model", "multiple_choice with its labels as the choices"},
                 [HS_HEAD_MASKED_LANGUAGE_MODEL] = {"a masked language model", "pseudo_likelihood or minimal_pair"},
                 [HS_HEAD_CLASSIFIER] = {"a classifier", "classification"},
                 [HS_HEAD_TOKEN_CLASSIFIER] = {"a classifier of tokens", "token_classification"}};
    if (model->shape.n_outputs == 0)
        return hs_fail(
            error, HS_ERROR_USAGE,
            "the kind %s needs what a model predicts; %s is a base model without a head. Take a checkpoint that "
            "has one, such as ...ForMaskedLM or ...ForSequenceClassification",
            kind->name, model->architecture);
    if ((kind->heads & 1U << model->shape.head) != 0)
        return HS_OK;
    size_t needed = 0;
    while ((kind->heads & 1U << needed) == 0)
        needed++;
    return hs_fail(error, HS_ERROR_USAGE, "the kind %s needs %s; %s is %s, for which there is %s", kind->name,
                   heads[needed].what, model->architecture, heads[model->shape.head].what,
                   heads[model->shape.head].kinds);
}

static void describe_kind(const task_kind *kind, hs_text *text)
{
    hs_text_putf(text, "| `%s` | %s |", kind->name, kind->meaning);
    for (size_t i = 0; kind->fields[i].name != NULL; i++)
        hs_text_putf(text, "%s `%s`: %s", i > 0 ? "<br>" : "", kind->fields[i].name, kind->fields[i].what);
    hs_text_put(text, " |");
    for (size_t i = 0; kind->metrics[i].name != NULL; i++)
        hs_text_putf(text, "%s `%s` (%s): %s", i > 0 ? "<br>" : "", kind->metrics[i].name, kind->metrics[i].unit,
                     kind->metrics[i].meaning);
    if (kind->has_label_metrics)
        hs_text_put(text, "<br> `f1_LABEL` (share), one for each label: " TASK_LABEL_METRIC_MEANING);
    hs_text_put(text, " |\n");
}

hs_status hs_tasks_describe_kinds(hs_text *text, hs_error *error)
{
    hs_text_put(text, "| kind | what it measures | fields of a line | metrics (unit) |\n"
                      "|---|---|---|---|\n");
    for (size_t i = 0; i < N_KINDS; i++)
        describe_kind(&kinds[i], text);
    return hs_text_status(text, error);
}
