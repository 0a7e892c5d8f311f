/* Pruning curves in the report: sentence, table, figure and page of a file whose curve is worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "headsweep/report.h"
#include "support/assert_status.h"
#include "support/checkpoint_writer.h"
#include "support/sets_rows.h"

/* Heads 0.0 to 0.2: each alone, the first two, all. Head 0.2 matters most, 0.0 least. */
enum { N_SETS = 6, N_EXAMPLES = 8, N_POINTS = 4, TOXICITY = 0, ACCURACY = 1, N_TASKS = 2 };
static const int N_RIGHT[N_SETS] = {8, 8, 7, 4, 6, 2};
static const float TOXIC[N_SETS] = {2, 1, 3, 2, 0.5F, -1};
/* What is left and what toxicity changes by, head after head; 0.7 is to be kept: without two of three heads. */
static const double KEPT[N_POINTS] = {1, 1, 0.75, 0.25}, REDUCED[N_POINTS] = {0, -1, -1.5, -3};
static const char SENTENCE[] = "With heads removed from the least important up (zero), the model keeps 75.0% [";
static const char OUTCOME[] =
    "of its accuracy.acc without 66.7% of its heads (2 of 3), while toxicity.contrast changes "
    "by -1.500 nats [-1.500, -1.500].";

typedef struct opened {
    char *folder;
    hs_results *results;
    hs_analysis *analysis;
    hs_report *report;
} opened;

static hs_status create(const char *path, const hs_results_attribute *attributes, size_t n, double chance,
                        hs_error *error)
{
    static const int32_t order[N_SETS] = {0, 1, 1, 1, 2, 3};
    static const int32_t intervention[N_SETS] = {-1, 0, 0, 0, 0, 0};
    static const int32_t components[N_SETS][3][3] = {
        {{-1, -1, -1}, {-1, -1, -1}, {-1, -1, -1}}, {{0, 0, 0}, {-1, -1, -1}, {-1, -1, -1}},
        {{0, 0, 1}, {-1, -1, -1}, {-1, -1, -1}},    {{0, 0, 2}, {-1, -1, -1}, {-1, -1, -1}},
        {{0, 0, 0}, {0, 0, 1}, {-1, -1, -1}},       {{0, 0, 0}, {0, 0, 1}, {0, 0, 2}}};
    static const hs_metric contrast = {"contrast", "nats", "x", -1, false, HS_PER_EXAMPLE};
    static const hs_metric acc = {"acc", "share", "x", 1, true, HS_PER_EXAMPLE};
    static const uint64_t shard_first[] = {0, N_EXAMPLES};
    static const uint64_t lines[N_EXAMPLES] = {1, 2, 3, 4, 5, 6, 7, 8};
    hs_results_task tasks[N_TASKS] = {{.name = "toxicity", .kind = "contrast", .metrics = &contrast},
                                      {.name = "accuracy", .kind = "multiple_choice", .metrics = &acc}};

    for (size_t task = 0; task < N_TASKS; ++task) {
        tasks[task].chance = task == ACCURACY ? &chance : NULL;
        tasks[task].n_examples = N_EXAMPLES;
        tasks[task].n_metrics = 1;
        tasks[task].n_shards = 1;
        tasks[task].shard_first = shard_first;
        tasks[task].example_line = lines;
    }
    hs_results_layout layout = {.sets = zero_sets_of_rows(N_SETS, 3, order, intervention, &components[0][0][0]),
                                .tasks = tasks,
                                .n_tasks = N_TASKS,
                                .experiment = attributes,
                                .n_experiment = n};
    hs_status status = hs_results_create(path, &layout, error);
    hs_sets_clear(&layout.sets);
    return status;
}

static hs_status write_cells(hs_comm *comm, const char *path, bool clean_is_right, hs_error *error)
{
    hs_results *results;

    HS_TRY(hs_results_open_parallel(comm, path, &results, error));
    for (size_t set = 0; set < N_SETS; ++set) {
        float toxic[N_EXAMPLES], right[N_EXAMPLES];
        for (size_t i = 0; i < N_EXAMPLES; ++i) {
            toxic[i] = TOXIC[set];
            right[i] = (int)i < N_RIGHT[set] && (set > 0 || clean_is_right) ? 1 : 0;
        }
        HS_TRY(hs_results_write_cell(results, (hs_cell){TOXICITY, 0, set}, toxic, error));
        HS_TRY(hs_results_write_cell(results, (hs_cell){ACCURACY, 0, set}, right, error));
    }
    return hs_results_close(results, error);
}

/* What an experiment asks for, and whether its clean model is ever right. */
typedef struct asked {
    const char *curve, *reduce, *keep;
    bool clean_is_right;
    const char *chance; /* pruning.chance */
} asked;
static const asked BY_IMPORTANCE = {"importance", "toxicity", "accuracy", true, "0"};
/* What guessing scores on the accuracy, as the file has it. */
static const double CHANCE = 0.25;

static opened make_report(hs_comm *comm, asked a)
{
    const hs_results_attribute attributes[] = {
        {"objective.reduce", a.reduce, false}, {"objective.keep", a.keep, false}, {"objective.tolerance", "0.5", false},
        {"pruning.curve", a.curve, false},     {"pruning.kept", "0.7", false},    {"analysis.resamples", "100", false},
        {"pruning.chance", a.chance, false}};
    const hs_report_options options = {.title = "pruned"};
    opened o = {.folder = test_temporary_folder()};
    hs_error error = {0};
    char path[512];

    snprintf(path, sizeof path, "%s/r.h5", o.folder);
    assert_ok(create(path, attributes, sizeof attributes / sizeof *attributes, CHANCE, &error), &error);
    assert_ok(write_cells(comm, path, a.clean_is_right, &error), &error);
    assert_ok(hs_results_open_read(path, &o.results, &error), &error);
    assert_ok(hs_analysis_new(o.results, NULL, NULL, &o.analysis, &error), &error);
    assert_ok(hs_report_new(o.analysis, &options, &o.report, &error), &error);
    return o;
}

static void release(opened *o)
{
    hs_error error = {0};

    hs_report_free(o->report);
    hs_analysis_free(o->analysis);
    assert_ok(hs_results_close(o->results, &error), &error);
    test_folder_remove(o->folder);
    free(o->folder);
}

static hs_text table_of(const opened *o, const char *table, hs_report_format format)
{
    hs_text text = {0};
    hs_error error = {0};

    assert_ok(hs_report_tables(o->report, table, format, &text, &error), &error);
    return text;
}

/* The figure of that file name; empty where the report has none. */
static hs_text figure_of(const opened *o, const char *wanted)
{
    hs_error error = {0};
    hs_text svg = {0};

    for (size_t i = 0; i < hs_report_n_figures(o->report); ++i) {
        hs_text name = {0}, drawn = {0};
        assert_ok(hs_report_figure(o->report, i, &name, &drawn, &error), &error);
        bool is_wanted = strcmp(name.text, wanted) == 0;
        hs_text_clear(&name);
        hs_text_clear(is_wanted ? &svg : &drawn);
        svg = is_wanted ? drawn : svg;
    }
    return svg;
}

static void test_sentence(void **state)
{
    opened o = make_report(*state, BY_IMPORTANCE);
    hs_text text = table_of(&o, "finding", HS_REPORT_MARKDOWN), page = {0};
    hs_error error = {0};

    assert_non_null(strstr(text.text, "without 66.7% of its heads (2 of 3)"));
    assert_ok(hs_report_page(o.report, &page, &error), &error);
    assert_non_null(strstr(page.text, SENTENCE));
    assert_non_null(strstr(page.text, OUTCOME));
    assert_non_null(strstr(page.text, "<section id=\"pruning\">"));
    assert_non_null(strstr(page.text, "found on the examples that the curves are measured on"));
    hs_text_clear(&text);
    hs_text_clear(&page);
    release(&o);
}

static void test_table(void **state)
{
    static const char *const heads[N_POINTS] = {"", "L0H0", "L0H1", "L0H2"};
    opened o = make_report(*state, BY_IMPORTANCE);
    hs_text text = table_of(&o, "pruning", HS_REPORT_CSV);
    char *line = strchr(text.text, '\n') + 1;

    assert_memory_equal(
        text.text,
        "method,ablation,removed,share_removed,head,kept,kept_low,kept_high,reduced,reduced_low,reduced_high\n",
        (size_t)(line - text.text));
    for (int i = 0; i < N_POINTS; ++i, line = strchr(line, '\n') + 1) {
        char start[128];
        double low, high, reduced[3];
        int length = snprintf(start, sizeof start, "importance,zero,%d,%.9g,%s,%.9g,", i, i / 3.0, heads[i], KEPT[i]);
        assert_memory_equal(line, start, (size_t)length);
        assert_int_equal(
            sscanf(line + length, "%lf,%lf,%lf,%lf,%lf", &low, &high, &reduced[0], &reduced[1], &reduced[2]), 5);
        assert_true(low <= KEPT[i] && KEPT[i] <= high && (KEPT[i] == 1 || low < high));
        for (int k = 0; k < 3; ++k)
            assert_true(fabs(reduced[k] - REDUCED[i]) < 1e-9);
    }
    assert_int_equal(*line, '\0');
    hs_text_clear(&text);
    release(&o);
}

/* Dots lie where the numbers are: pixels are a linear function of them, to the rounding of both ends. */
static void check_linear(double (*pixels)[2], const double *numbers, size_t axis)
{
    const double slope = (pixels[N_POINTS - 1][axis] - pixels[0][axis]) / (numbers[N_POINTS - 1] - numbers[0]);

    assert_true(fabs(slope) > 10);
    for (size_t i = 0; i < N_POINTS; ++i)
        assert_true(fabs(pixels[0][axis] + slope * (numbers[i] - numbers[0]) - pixels[i][axis]) < 0.21);
}

static void test_figure(void **state)
{
    static const double shares[N_POINTS] = {0, 1 / 3.0, 2 / 3.0, 1};
    opened o = make_report(*state, BY_IMPORTANCE);
    hs_text svg = figure_of(&o, "pruning.svg");
    double pixels[2 * N_POINTS][2];
    size_t n = 0;

    assert_non_null(strstr(svg.text, "importance, zero: keeps 75.0% ["));
    for (const char *mark = strstr(svg.text, "<circle"); mark != NULL; mark = strstr(mark + 1, "<circle")) {
        double x, y, radius;
        unsigned set, metric, curve, point;
        if (sscanf(mark,
                   "<circle cx=\"%lf\" cy=\"%lf\" r=\"%lf\" class=\"step first\" data-s=\"%u\" data-m=\"%u\" "
                   "data-c=\"%u\" data-p=\"%u\"",
                   &x, &y, &radius, &set, &metric, &curve, &point) != 7)
            continue;
        assert_true(n < 2 * N_POINTS && curve == 0 && point == n % N_POINTS);
        assert_int_equal(set, ((const unsigned[]){0, 1, 4, 5})[point]);
        assert_true((radius > 5) == (point == 2));
        pixels[n][0] = x;
        pixels[n++][1] = y;
    }
    assert_int_equal(n, 2 * N_POINTS);
    check_linear(pixels, shares, 0);
    check_linear(pixels + N_POINTS, shares, 0);
    check_linear(pixels, KEPT, 1);
    check_linear(pixels + N_POINTS, REDUCED, 1);
    assert_true(pixels[0][1] < pixels[N_POINTS - 1][1] && pixels[N_POINTS][1] > pixels[N_POINTS - 1][1]);
    hs_text_clear(&svg);
    release(&o);
}

/* A clean model that is never right: no share of it is a number, and none is drawn. */
static void test_undefined(void **state)
{
    opened o = make_report(*state, (asked){"importance", "toxicity", "accuracy", false, "0"});
    hs_text svg = figure_of(&o, "pruning.svg"), text = table_of(&o, "pruning", HS_REPORT_JSON), page = {0};
    hs_error error = {0};

    assert_non_null(strstr(svg.text, "<svg"));
    assert_null(strstr(svg.text, "nan"));
    assert_non_null(strstr(svg.text, "zero: has no accuracy.acc of which a share could be kept"));
    assert_null(strstr(svg.text, "inf"));
    assert_non_null(strstr(text.text, "\"kept\": null"));
    assert_ok(hs_report_page(o.report, &page, &error), &error);
    assert_null(strstr(page.text, ",nan"));
    hs_text_clear(&svg);
    hs_text_clear(&text);
    hs_text_clear(&page);
    release(&o);
}

/* By default the level of chance of the task's kind is subtracted, and everything that shows shares says so. */
static void test_chance(void **state)
{
    opened o = make_report(*state, (asked){"importance", "toxicity", "accuracy", true, "auto"});
    static const double kept[N_POINTS] = {1, 1, (0.75 - 0.25) / 0.75, 0};
    hs_pruning_curve curve;
    hs_text text = table_of(&o, "finding", HS_REPORT_CSV);
    hs_error error = {0};
    bool has;

    assert_non_null(strstr(text.text, "of its accuracy.acc above chance (25.0%) without 33.3% of its heads (1 of 3)"));
    hs_text_clear(&text);
    assert_ok(hs_analysis_pruning_curve(o.results, HS_CURVES_IMPORTANCE, &curve, &has, &error), &error);
    assert_true(has && curve.chance == CHANCE);
    for (size_t i = 0; i < N_POINTS; ++i)
        assert_true(fabs(curve.points[i].kept - kept[i]) < 1e-12);
    assert_ok(hs_report_pruning(o.analysis, &curve, 1, HS_REPORT_TABLE, &text, &error), &error);
    assert_non_null(strstr(text.text, "kept: share of the clean model's accuracy.acc above chance; "));
    hs_text_clear(&text);
    assert_ok(hs_report_pruning(o.analysis, &curve, 1, HS_REPORT_JSON, &text, &error), &error);
    assert_non_null(strstr(text.text, "\"chance\": 0.25, "));
    hs_text_clear(&text);
    hs_analysis_pruning_curve_clear(&curve);
    release(&o);
}

/* A clean model that is no better than guessing has nothing of which a share could be kept. */
static void test_no_better_than_chance(void **state)
{
    static const char *const stated[] = {"auto", "1", "1.25"};

    for (size_t i = 0; i < sizeof stated / sizeof *stated; ++i) {
        opened o = make_report(*state, (asked){"importance", "toxicity", "accuracy", i > 0, stated[i]});
        hs_text text = table_of(&o, "finding", HS_REPORT_CSV);
        assert_non_null(strstr(text.text, "is not above chance ("));
        assert_non_null(strstr(text.text, "so there is no share that could be kept"));
        hs_text_clear(&text);
        release(&o);
    }
}

static void test_without(void **state)
{
    opened o = make_report(*state, (asked){"none", "toxicity", "accuracy", true, "0"});
    hs_text svg = figure_of(&o, "pruning.svg"), text = table_of(&o, "pruning", HS_REPORT_JSON), page = {0};
    hs_error error = {0};

    assert_null(svg.text);
    assert_string_equal(text.text, "[]\n");
    assert_ok(hs_report_page(o.report, &page, &error), &error);
    assert_null(strstr(page.text, "<section id=\"pruning\">"));
    assert_null(strstr(page.text, "table-pruning"));
    hs_text_clear(&text);
    hs_text_clear(&page);
    release(&o);
}

/* What is 0 in the clean model cannot be reduced: the best set of all is none. */
static void test_nothing_reduced(void **state)
{
    opened o = make_report(*state, (asked){"none", "accuracy", "toxicity", false, "0"});
    hs_text text = table_of(&o, "finding", HS_REPORT_CSV);

    assert_string_equal(text.text,
                        "finding\n\"No ablation set within the tolerance lowers accuracy.acc: the lowest change, "
                        "under 0.0+0.1+0.2 (zero), is +25.0 points [+12.5, +62.5].\"\n");
    hs_text_clear(&text);
    release(&o);
}

static int start(void **state)
{
    hs_error error = {0};
    hs_comm *comm;

    if (hs_comm_new(&comm, &error) != HS_OK)
        return -1;
    *state = comm;
    return 0;
}

static int stop(void **state)
{
    hs_comm_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sentence),
                                       cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_figure),
                                       cmocka_unit_test(test_undefined),
                                       cmocka_unit_test(test_without),
                                       cmocka_unit_test(test_chance),
                                       cmocka_unit_test(test_no_better_than_chance),
                                       cmocka_unit_test(test_nothing_reduced)};
    return cmocka_run_group_tests_name("report_pruning", tests, start, stop);
}
