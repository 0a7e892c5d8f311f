/* headsweep inspect: what a checkpoint folder holds. */
#include <string.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "cli/printing.h"
#include "headsweep/engine.h"
#include "headsweep/tasks.h"
#include "headsweep/tokenizer.h"

static const char usage[] = "usage: headsweep inspect CHECKPOINT\n"
                            "\n"
                            "What a checkpoint folder holds and how headsweep reads it: family, shapes, heads, memory "
                            "and tokenizer. Reads every\n"
                            "weight, so a damaged file shows here. Prints key = value lines.\n";

static hs_status describe_model(hs_model *model, hs_text *text, hs_error *error)
{
    float *arena = NULL;
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&arena, hs_model_arena_bytes(model), 1, "converted weights", error));
    HS_GOTO_DONE(hs_model_load(model, arena, 0, 1, error));
    HS_GOTO_DONE(hs_model_describe(model, text, error));
done:
    hs_free(arena);
    return status;
}

/* Encodes and decodes a line that has letters of several scripts, digits and white space. */
static hs_status check_round_trip(const hs_tokenizer *tokenizer, hs_text *text, hs_error *error)
{
    static const char sample[] = "The cat's 2 hats,\n  na\303\257ve \316\261\316\262 \346\274\242\345\255\227";
    hs_token_list ids = {0};
    hs_text decoded = {0};
    hs_status status;

    HS_GOTO_DONE(hs_tokenizer_encode(tokenizer, sample, sizeof sample - 1, false, &ids, error));
    HS_GOTO_DONE(hs_tokenizer_decode(tokenizer, ids.ids, ids.n, true, &decoded, error));
    bool same = decoded.length == sizeof sample - 1 && memcmp(decoded.text, sample, decoded.length) == 0;
    HS_GOTO_DONE(hs_text_appendf(text, error, "tokenizer_round_trip = %s (%zu tokens)\n",
                                 same ? "exact" : "not exact: the tokenizer normalises or lacks characters", ids.n));
done:
    hs_tokenizer_token_list_clear(&ids);
    hs_text_clear(&decoded);
    return status;
}

/* Of encoders no text begins or ends so. */
static hs_status describe_tokens(const hs_model *model, const hs_tokenizer *tokenizer, hs_text *text, hs_error *error)
{
    const hs_text_tokens tokens = hs_tasks_text_tokens_choose(model, tokenizer);

    for (hs_text_token which = 0; !model->shape.bidirectional && which < HS_N_TEXT_TOKENS; which++) {
        HS_TRY(hs_text_appendf(text, error, "%s = ", hs_tasks_text_token_name(which)));
        HS_TRY(hs_tasks_text_tokens_describe(&tokens, which, tokenizer, true, text, error));
        HS_TRY(hs_text_appendf(text, error, "\n"));
    }
    return HS_OK;
}

/*
 * A tokenizer that cannot be read is described, not refused: token ids can still be given, and the
 * reason is what the user looks for.
 */
static hs_status describe_tokenizer(const char *folder, const hs_model *model, hs_text *text, hs_error *error)
{
    hs_tokenizer *tokenizer = NULL;
    hs_status status;

    HS_TRY(hs_tokenizer_open_if_any(folder, &tokenizer, error));
    if (tokenizer == NULL || hs_tokenizer_problem(tokenizer) != NULL) {
        HS_GOTO_DONE(hs_text_appendf(text, error, "tokenizer = %s: examples must give token ids\n",
                                     tokenizer == NULL ? "none" : hs_tokenizer_description(tokenizer)));
        status = describe_tokens(model, tokenizer, text, error);
        goto done;
    }
    HS_GOTO_DONE(hs_text_appendf(text, error, "tokenizer = %s\n", hs_tokenizer_description(tokenizer)));
    if (hs_tokenizer_vocabulary(tokenizer) > model->shape.vocabulary)
        HS_GOTO_DONE(hs_text_appendf(text, error,
                                     "tokenizer_warning = it has %zu ids, the model only %zu: texts with the others "
                                     "cannot be evaluated\n",
                                     hs_tokenizer_vocabulary(tokenizer), model->shape.vocabulary));
    HS_GOTO_DONE(describe_tokens(model, tokenizer, text, error));
    HS_GOTO_DONE(check_round_trip(tokenizer, text, error));
done:
    hs_tokenizer_free(tokenizer);
    return status;
}

/* Printed only when all of it is known: scripts that read it should not find half. */
hs_status hs__cli_command_inspect(int argc, char **argv, hs_error *error)
{
    hs_model *model = NULL;
    hs_text text = {0};
    const char *folder;
    const command_syntax syntax = {.usage = usage, .argument = "CHECKPOINT", .argument_out = &folder};
    bool ended;
    hs_status status;

    HS_TRY(hs__cli_read_command_line(argc, argv, &syntax, &ended, error));
    if (ended)
        return HS_OK;
    HS_GOTO_DONE(hs_model_open(folder, &model, error));
    HS_GOTO_DONE(describe_model(model, &text, error));
    HS_GOTO_DONE(describe_tokenizer(folder, model, &text, error));
    hs__cli_print_text(&text);
done:
    hs_text_clear(&text);
    hs_model_free(model);
    return status;
}
