/*
 * An experiment file: read, printed, and what was printed read again; and the same bytes as a block of several texts.
 */
#include "fuzz/fuzz.h"
#include "headsweep/config.h"

static void read_printed(const hs_experiment *experiment)
{
    hs_text text = {0};
    hs_error error = {0};
    hs_experiment *again = NULL;

    if (hs_config_print(experiment, &text, &error) == HS_OK &&
        hs_config_load(fuzz_write("printed.cfg", (const uint8_t *)text.text, text.length), NULL, 0, &again, &error) !=
            HS_OK)
        __builtin_trap();
    hs_config_free(again);
    hs_text_clear(&text);
}

static void parse_block(const uint8_t *bytes, size_t n_bytes)
{
    const hs_text block = {.text = (char *)(uintptr_t)bytes, .length = n_bytes};
    hs_error error = {0};
    hs_experiment *experiment = NULL;

    (void)hs_config_parse("e.cfg", &block, NULL, 0, &experiment, &error);
    hs_config_free(experiment);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    hs_error error = {0};
    hs_experiment *experiment = NULL;

    if (hs_config_load(fuzz_write("e.cfg", bytes, n_bytes), NULL, 0, &experiment, &error) == HS_OK)
        read_printed(experiment);
    hs_config_free(experiment);
    parse_block(bytes, n_bytes);
    return 0;
}
