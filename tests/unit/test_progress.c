/* How far a run is, as people see it: a bar on a terminal, a line in a log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "cli/progress.h"

static void shown(progress_display display, const hs_study_progress *progress, char *text, size_t capacity)
{
    display.stream = tmpfile();
    assert_non_null(display.stream);
    hs__cli_progress_show(&display, progress);
    rewind(display.stream);
    text[fread(text, 1, capacity - 1, display.stream)] = '\0';
    (void)fclose(display.stream);
}

static void test_bar_and_line(void **state)
{
    hs_study_progress progress = {
        {.cells_done = 60, .cells_total = 120, .cells_this_run = 40, .seconds = 10}, .cells_a_set = 2, .best = ""};
    progress_display display = {0};
    char text[512];

    (void)state;
    shown(display, &progress, text, sizeof text);
    assert_string_equal(text, "progress  50.0%  30/60 sets  2 sets/s  0:15 left\n");
    progress.best = "0.2 zero -1.45 toxicity.contrast";
    shown(display, &progress, text, sizeof text);
    assert_string_equal(
        text, "progress  50.0%  30/60 sets  2 sets/s  0:15 left  best head 0.2 zero -1.45 toxicity.contrast\n");
    /* A file has no columns: 80 are taken for it, and the last one stays free. */
    display.terminal = true;
    progress.best = "";
    shown(display, &progress, text, sizeof text);
    assert_string_equal(text, "\r[#####     ] 30/60 sets  2 sets/s  0:15 left\033[K");
    progress.best = "0.2 zero -1.45 toxicity.contrast";
    shown(display, &progress, text, sizeof text);
    assert_string_equal(text,
                        "\r[#####     ] 30/60 sets  2 sets/s  0:15 left  best head 0.2 zero -1.45 toxicity\033[K");
}

/* Rates have no exponent, however large. */
static void test_rates(void **state)
{
    static const struct {
        double rate;
        const char *expected;
    } cases[] = {{0.0123, "0.0123"}, {6.644, "6.64"},   {99.94, "99.9"},
                 {1234.4, "1234"},   {9999.6, "10000"}, {1.5e6, "1500000"}};
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        assert_string_equal(hs__cli_progress_format_rate(cases[i].rate, text, sizeof text), cases[i].expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bar_and_line), cmocka_unit_test(test_rates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
