/* Deltas, interactions, rankings and their three formats, against numbers worked out by hand. */
#include "headsweep/report.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/checkpoint_writer.h"

/* Sets: clean, 0.0, 0.1, 1.0, and the three pairs of them. */
enum { N_SETS = 7, N_EXAMPLES = 4 };
enum { CLEAN, HEAD_A, HEAD_B, HEAD_C, PAIR_AB, PAIR_AC, PAIR_BC };

/* Task accuracy, metric acc: 1 or 0 an example. Means: 1, .75, 1, .5, .25, .5, NaN (pair BC holds one). */
static const float accuracy[N_SETS][N_EXAMPLES] = {{1, 1, 1, 1}, {1, 1, 1, 0}, {1, 1, 1, 1},  {1, 0, 1, 0},
                                                   {1, 0, 0, 0}, {1, 0, 1, 0}, {1, 1, NAN, 1}};
/* Task toxicity, metrics nll (per tokens) and tokens: nll / tokens is 4, 1, 3, 4, -2, 1, 2 by construction. */
static const float toxicity[N_SETS][N_EXAMPLES][2] = {
    {{4, 1}, {8, 2}, {0, 1}, {16, 3}}, {{1, 1}, {2, 2}, {1, 1}, {3, 3}},     {{3, 1}, {6, 2}, {3, 1}, {9, 3}},
    {{4, 1}, {8, 2}, {4, 1}, {12, 3}}, {{-2, 1}, {-4, 2}, {-2, 1}, {-6, 3}}, {{1, 1}, {2, 2}, {1, 1}, {3, 3}},
    {{2, 1}, {4, 2}, {2, 1}, {6, 3}}};

typedef struct fixture {
    char *folder;
    char path[512];
    hs_comm *comm;
    hs_results *results; /* open for reading */
} fixture;

static hs_status create(const char *path, hs_error *error)
{
    static const char *const interventions[] = {"zero"};
    static const int32_t order[N_SETS] = {0, 1, 1, 1, 2, 2, 2};
    static const int32_t intervention[N_SETS] = {-1, 0, 0, 0, 0, 0, 0};
    static const int32_t components[N_SETS][2][3] = {
        {{-1, -1, -1}, {-1, -1, -1}}, {{0, 0, 0}, {-1, -1, -1}}, {{0, 0, 1}, {-1, -1, -1}}, {{0, 1, 0}, {-1, -1, -1}},
        {{0, 0, 0}, {0, 0, 1}},       {{0, 0, 0}, {0, 1, 0}},    {{0, 0, 1}, {0, 1, 0}}};
    static const hs_results_metric acc = {"acc", "share", "share that is right", 1, true, -1};
    static const hs_results_metric nll[] = {{"nll", "nats", "negative log-likelihood a token", -1, false, 1},
                                            {"tokens", "count", "tokens", 0, false, -1}};
    static const uint64_t shard_first[] = {0, N_EXAMPLES};
    static const uint64_t lines[N_EXAMPLES] = {1, 2, 3, 4};
    static const hs_results_attribute experiment[] = {{"objective.reduce", "toxicity", false},
                                                      {"objective.reduce_metric", "", false},
                                                      {"objective.keep", "accuracy", false},
                                                      {"objective.keep_metric", "acc", false},
                                                      {"objective.tolerance", "0.25", false}};
    const hs_results_task tasks[] = {{.name = "accuracy",
                                      .kind = "multiple_choice",
                                      .n_examples = N_EXAMPLES,
                                      .n_metrics = 1,
                                      .metrics = &acc,
                                      .n_shards = 1,
                                      .shard_first = shard_first,
                                      .example_line = lines},
                                     {.name = "toxicity",
                                      .kind = "perplexity",
                                      .n_examples = N_EXAMPLES,
                                      .n_metrics = 2,
                                      .metrics = nll,
                                      .n_shards = 1,
                                      .shard_first = shard_first,
                                      .example_line = lines}};
    const hs_results_layout layout = {.experiment = experiment,
                                      .n_experiment = sizeof experiment / sizeof *experiment,
                                      .sets = {N_SETS, 2, order, intervention, &components[0][0][0], 1, interventions},
                                      .tasks = tasks,
                                      .n_tasks = 2};

    return hs_results_create(path, &layout, error);
}

/* Writes the cells of the first n_sets sets. */
static hs_status write_cells(fixture *f, uint64_t n_sets, hs_error *error)
{
    hs_results *results;

    HS_TRY(hs_results_open_parallel(f->comm, f->path, &results, error));
    for (uint64_t set = 0; set < n_sets; ++set) {
        HS_TRY(hs_results_write_cell(results, (hs_cell){0, 0, set}, accuracy[set], error));
        HS_TRY(hs_results_write_cell(results, (hs_cell){1, 0, set}, &toxicity[set][0][0], error));
    }
    return hs_results_close(results, error);
}

static void open_fixture(fixture *f, hs_comm *comm, uint64_t n_sets)
{
    hs_error error = {0};

    f->folder = test_temporary_folder();
    f->comm = comm;
    snprintf(f->path, sizeof f->path, "%s/r.h5", f->folder);
    if (create(f->path, &error) != HS_OK || write_cells(f, n_sets, &error) != HS_OK ||
        hs_results_open_read(f->path, &f->results, &error) != HS_OK)
        fail_msg("%s", error.message);
}

static void close_fixture(fixture *f)
{
    hs_error error = {0};

    hs_results_close(f->results, &error);
    test_folder_remove(f->folder);
    free(f->folder);
}

static hs_analysis *analyse(fixture *f)
{
    hs_analysis *analysis;
    hs_error error = {0};

    if (hs_analysis_new(f->results, NULL, NULL, &analysis, &error) != HS_OK)
        fail_msg("%s", error.message);
    return analysis;
}

static hs_ranking rank_by(const hs_analysis *analysis, const char *by, hs_ranking_request *request)
{
    hs_ranking ranking = {0};
    hs_error error = {0};

    if (hs_ranking_request_parse(analysis, by, request, &error) != HS_OK ||
        hs_analysis_rank(analysis, request, &ranking, &error) != HS_OK)
        fail_msg("%s", error.message);
    return ranking;
}

static void assert_ranked(const hs_analysis *analysis, const char *by, const uint64_t *expected, size_t n)
{
    hs_ranking_request request;
    hs_ranking ranking = rank_by(analysis, by, &request);

    assert_int_equal(ranking.n, n);
    for (size_t i = 0; i < n; ++i)
        assert_int_equal(ranking.sets[i], expected[i]);
    hs_ranking_clear(&ranking);
}

static void test_tables(void **state)
{
    static const double mean_acc[] = {1, .75, 1, .5, .25, .5};
    static const double mean_nll[] = {4, 1, 3, 4, -2, 1, 2};
    fixture f;

    open_fixture(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    assert_int_equal(analysis->n_complete, N_SETS);
    for (size_t set = 0; set < 6; ++set) {
        assert_true(analysis->tables[HS_STATISTIC_MEAN][0][set] == mean_acc[set]);
        assert_true(analysis->tables[HS_STATISTIC_DELTA][0][set] == mean_acc[set] - 1);
    }
    assert_true(isnan(analysis->tables[HS_STATISTIC_MEAN][0][PAIR_BC]));
    for (size_t set = 0; set < N_SETS; ++set)
        assert_true(analysis->tables[HS_STATISTIC_DELTA][1][2 * set] == mean_nll[set] - 4);
    /* accuracy AB: -.75 - (-.25) - 0; toxicity AB: -6 - (-3) - (-1); AC: -3 - (-3) - 0; BC: -2 - (-1) - 0. */
    assert_true(analysis->tables[HS_STATISTIC_INTERACTION][0][PAIR_AB] == -.5);
    assert_true(analysis->tables[HS_STATISTIC_INTERACTION][1][2 * PAIR_AB] == -2);
    assert_true(analysis->tables[HS_STATISTIC_INTERACTION][1][2 * PAIR_AC] == 0);
    assert_true(analysis->tables[HS_STATISTIC_INTERACTION][1][2 * PAIR_BC] == -1);
    assert_true(isnan(analysis->tables[HS_STATISTIC_INTERACTION][1][2 * HEAD_A]));
    hs_analysis_free(analysis);
    close_fixture(&f);
}

static void test_rankings(void **state)
{
    /* Within a loss of .25 of accuracy: A (-3), B (-1); C, AB and AC lose more; BC is not finite. */
    static const uint64_t by_objective[] = {HEAD_A, HEAD_B};
    static const uint64_t by_accuracy[] = {PAIR_AB, HEAD_C, PAIR_AC, HEAD_A, HEAD_B};
    static const uint64_t by_toxicity[] = {PAIR_AB, HEAD_A, PAIR_AC, PAIR_BC, HEAD_B, HEAD_C};
    static const uint64_t by_interaction[] = {PAIR_AB, PAIR_BC, PAIR_AC};
    fixture f;

    open_fixture(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    assert_ranked(analysis, NULL, by_objective, 2);
    assert_ranked(analysis, "objective", by_objective, 2);
    assert_ranked(analysis, "accuracy", by_accuracy, 5);
    assert_ranked(analysis, "toxicity.nll", by_toxicity, 6);
    assert_ranked(analysis, "interaction:toxicity", by_interaction, 3);

    hs_ranking_request request;
    hs_ranking ranking = rank_by(analysis, NULL, &request);
    assert_int_equal(ranking.n_outside_tolerance, 3);
    assert_int_equal(ranking.n_not_finite, 1);
    hs_ranking_clear(&ranking);
    hs_analysis_free(analysis);
    close_fixture(&f);
}

static void test_filters(void **state)
{
    hs_ranking_request request;
    hs_ranking ranking;
    hs_error error = {0};
    fixture f;

    open_fixture(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    assert_int_equal(hs_ranking_request_parse(analysis, "toxicity", &request, &error), HS_OK);
    request.order = 1;
    assert_int_equal(hs_analysis_rank(analysis, &request, &ranking, &error), HS_OK);
    assert_int_equal(ranking.n, 3);
    assert_int_equal(ranking.sets[0], HEAD_A);
    hs_ranking_clear(&ranking);
    hs_analysis_free(analysis);
    close_fixture(&f);
}

static void test_unknown_names(void **state)
{
    static const struct {
        const char *by;
        const char *expected;
    } cases[] = {{"rudeness", "there is no task \"rudeness\"; the file has accuracy, toxicity"},
                 {"toxicity.acc", "task \"toxicity\" has no metric \"acc\"; it has nll, tokens"},
                 {"interaction:x", "there is no task \"x\""}};
    hs_ranking_request request;
    fixture f;

    open_fixture(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        hs_error error = {0};
        assert_int_equal(hs_ranking_request_parse(analysis, cases[i].by, &request, &error), HS_ERROR_USAGE);
        if (strstr(error.message, cases[i].expected) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error.message, cases[i].expected);
    }
    hs_analysis_free(analysis);
    close_fixture(&f);
}

/* The first five sets are there: pairs AC and BC are not ranked, AB is. */
static void test_unfinished_file(void **state)
{
    static const uint64_t by_toxicity[] = {PAIR_AB, HEAD_A, HEAD_B, HEAD_C};
    fixture f;

    open_fixture(&f, *state, 5);
    hs_analysis *analysis = analyse(&f);
    assert_int_equal(analysis->n_complete, 5);
    assert_ranked(analysis, "toxicity", by_toxicity, 4);
    hs_analysis_free(analysis);
    close_fixture(&f);
}

/* Without the clean model there is no delta, so nothing can be ranked. */
static void test_nothing_done(void **state)
{
    fixture f;

    open_fixture(&f, *state, 0);
    hs_analysis *analysis = analyse(&f);
    assert_int_equal(analysis->n_complete, 0);
    assert_ranked(analysis, "toxicity", NULL, 0);
    hs_analysis_free(analysis);
    close_fixture(&f);
}

static void test_stored_ranking(void **state)
{
    double table[N_SETS * 2];
    int32_t ranks[N_SETS];
    hs_results_method method;
    hs_error error = {0};
    fixture f;

    open_fixture(&f, *state, N_SETS);
    assert_false(hs_results_ranking_done(f.results));
    assert_int_equal(hs_results_close(f.results, &error), HS_OK);
    assert_int_equal(hs_results_open_parallel(f.comm, f.path, &f.results, &error), HS_OK);
    hs_analysis *analysis = analyse(&f);
    assert_int_equal(hs_analysis_store(analysis, f.results, &error), HS_OK);
    hs_analysis_free(analysis);
    assert_int_equal(hs_results_close(f.results, &error), HS_OK);
    assert_int_equal(hs_results_open_read(f.path, &f.results, &error), HS_OK);
    assert_true(hs_results_ranking_done(f.results));
    assert_int_equal(hs_results_read_statistic(f.results, 1, HS_STATISTIC_INTERACTION, table, &error), HS_OK);
    assert_true(table[2 * PAIR_AB] == -2);
    assert_int_equal(hs_results_read_statistic(f.results, 1, HS_STATISTIC_DELTA_LOW, table, &error), HS_OK);
    assert_true(table[2 * PAIR_AB] <= -6 && isnan(table[0]));
    assert_int_equal(hs_results_read_method(f.results, &method, &error), HS_OK);
    assert_true(method.resamples == 2000 && method.permutations == 10000 && method.confidence == 0.95 &&
                method.bca == 1);
    assert_int_equal(hs_results_read_objective_rank(f.results, ranks, &error), HS_OK);
    assert_int_equal(ranks[HEAD_A], 1);
    assert_int_equal(ranks[HEAD_B], 2);
    assert_int_equal(ranks[PAIR_AB], 0);
    close_fixture(&f);
}

/* A finished file's statistics are read, an unfinished one's computed, and both are the same numbers. */
static void test_stored_statistics_are_read(void **state)
{
    hs_error error = {0};
    fixture f;

    open_fixture(&f, *state, N_SETS);
    assert_int_equal(hs_results_close(f.results, &error), HS_OK);
    assert_int_equal(hs_results_open_parallel(f.comm, f.path, &f.results, &error), HS_OK);
    hs_analysis *computed = analyse(&f);
    assert_int_equal(hs_analysis_store(computed, f.results, &error), HS_OK);
    hs_analysis *read = analyse(&f);
    for (size_t task = 0; task < 2; ++task) {
        size_t n = N_SETS * hs_results_task_at(f.results, task)->n_metrics;
        for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s)
            assert_memory_equal(read->tables[s][task], computed->tables[s][task], n * sizeof(double));
    }
    hs_analysis_free(read);
    hs_analysis_free(computed);
    close_fixture(&f);
}

/*
 * The front in (toxicity removed, accuracy lost): AB -6 for .75, A -3 for .25, B -1 for 0. AC -3 for .5 and C 0 for
 * .5 are beaten.
 */
static void test_pareto_front(void **state)
{
    static const uint64_t front[] = {PAIR_AB, HEAD_A, HEAD_B};
    hs_ranking_request request;
    hs_ranking ranking;
    hs_error error = {0};
    fixture f;

    open_fixture(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    assert_int_equal(hs_ranking_request_parse(analysis, NULL, &request, &error), HS_OK);
    request.pareto = true;
    assert_int_equal(hs_analysis_rank(analysis, &request, &ranking, &error), HS_OK);
    assert_int_equal(ranking.n, 3);
    assert_memory_equal(ranking.sets, front, sizeof front);
    assert_int_equal(ranking.n_outside_tolerance, 0);
    hs_ranking_clear(&ranking);
    hs_analysis_free(analysis);
    close_fixture(&f);
}

/* A second thing to keep: tokens never change, nll gets better; a task that is not there is named. */
static void test_keep_also(void **state)
{
    static const char *const kept[] = {"toxicity.tokens=0"}, *const missing[] = {"fluency"},
                             *const wrong[] = {"toxicity=x"};
    static const uint64_t within[] = {HEAD_A, HEAD_B};
    hs_objective objective;
    bool has = false;
    hs_error error = {0};
    fixture f;

    open_fixture(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    analysis->objective.keep_also = kept;
    analysis->objective.n_keep_also = 1;
    assert_ranked(analysis, NULL, within, 2);
    assert_int_equal(hs_analysis_objective(analysis, &objective, &has, &error), HS_OK);
    assert_true(has && objective.n_keeps == 2 && objective.keeps[1].metric == 1 && objective.keeps[1].tolerance == 0);
    analysis->objective.keep_also = missing;
    assert_int_equal(hs_analysis_objective(analysis, &objective, &has, &error), HS_ERROR_USAGE);
    assert_non_null(strstr(error.message, "there is no task \"fluency\""));
    error = (hs_error){0};
    analysis->objective.keep_also = wrong;
    assert_int_equal(hs_analysis_objective(analysis, &objective, &has, &error), HS_ERROR_USAGE);
    assert_non_null(strstr(error.message, "expected a tolerance"));
    hs_analysis_free(analysis);
    close_fixture(&f);
}

/* Heads 0.0 and 0.1 have one head in layer 0 each; 1.0 is alone in its layer, and so is each pair but AC and BC. */
static void test_controls(void **state)
{
    hs_control control;
    hs_error error = {0};
    fixture f;

    open_fixture(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    assert_int_equal(hs_analysis_control(analysis, 1, 0, HEAD_A, &control, &error), HS_OK);
    assert_true(control.n == 1 && control.mean == -1 && control.p == 0.5);
    assert_int_equal(hs_analysis_control(analysis, 1, 0, HEAD_B, &control, &error), HS_OK);
    assert_true(control.n == 1 && control.mean == -3 && control.p == 1);
    assert_int_equal(hs_analysis_control(analysis, 1, 0, PAIR_AC, &control, &error), HS_OK);
    assert_true(control.n == 1 && control.mean == -2 && control.p == 0.5);
    assert_int_equal(hs_analysis_control(analysis, 1, 0, PAIR_AB, &control, &error), HS_OK);
    assert_true(control.n == 0 && isnan(control.mean) && isnan(control.p));
    hs_analysis_free(analysis);
    close_fixture(&f);
}

/* What makes a pair a backup, by numbers put into the tables. */
static void test_backup(void **state)
{
    static const struct {
        double delta, interaction, q, single_high;
        bool backup;
    } cases[] = {{-8, -7, 0.01, 1, true},    {-8, 7, 0.01, 1, false},    {-8, -7, 0.2, 1, false},
                 {-8, -7, 0.01, 2.5, false}, {-8, -7, 0.01, NAN, false}, {8, 7, 0.01, 2, true}};
    hs_error error = {0};
    hs_ranking_request request;
    fixture f;

    open_fixture(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        analysis->tables[HS_STATISTIC_DELTA][1][2 * PAIR_AB] = cases[i].delta;
        analysis->tables[HS_STATISTIC_INTERACTION][1][2 * PAIR_AB] = cases[i].interaction;
        analysis->tables[HS_STATISTIC_DELTA_Q][1][2 * PAIR_AB] = 0.001;
        analysis->tables[HS_STATISTIC_INTERACTION_Q][1][2 * PAIR_AB] = cases[i].q;
        for (size_t head = HEAD_A; head <= HEAD_B; ++head) {
            analysis->tables[HS_STATISTIC_DELTA_LOW][1][2 * head] = -1;
            analysis->tables[HS_STATISTIC_DELTA_HIGH][1][2 * head] = cases[i].single_high;
        }
        assert_int_equal(hs_analysis_is_backup(analysis, 1, 0, PAIR_AB), cases[i].backup);
    }
    assert_int_equal(hs_ranking_request_parse(analysis, "backup:toxicity", &request, &error), HS_OK);
    assert_int_equal(request.key, HS_RANK_BY_BACKUP);
    assert_false(hs_analysis_is_backup(analysis, 1, 0, HEAD_A));
    hs_analysis_free(analysis);
    close_fixture(&f);
}

static hs_text print_as(const hs_analysis *analysis, const char *by, size_t top, hs_report_format format)
{
    hs_ranking_request request;
    hs_ranking ranking = rank_by(analysis, by, &request);
    hs_text text = {0};
    hs_error error = {0};

    if (hs_report_ranking(analysis, &request, &ranking, top, format, &text, &error) != HS_OK)
        fail_msg("%s", error.message);
    hs_ranking_clear(&ranking);
    return text;
}

static void assert_says(const hs_text *text, const char *expected)
{
    if (strstr(text->text, expected) == NULL)
        fail_msg("this does not say \"%s\":\n%s", expected, text->text);
}

static void test_table_format(void **state)
{
    fixture f;

    open_fixture(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    /* The bootstrap is checked elsewhere; here its numbers are made up. */
    analysis->tables[HS_STATISTIC_DELTA_LOW][1][2 * HEAD_A] = -3.5;
    analysis->tables[HS_STATISTIC_DELTA_HIGH][1][2 * HEAD_A] = -2.25;
    analysis->tables[HS_STATISTIC_DELTA_Q][1][2 * HEAD_A] = 0.049;
    analysis->tables[HS_STATISTIC_DELTA_LOW][0][HEAD_A] = NAN;
    hs_text text = print_as(analysis, NULL, 1, HS_REPORT_TABLE);
    assert_says(&text, "most toxicity removed with accuracy within 25 points\n"
                       "  clean model: accuracy acc 100.0% [100.0,100.0], toxicity nll 4.000 [");
    assert_says(&text,
                "; below: ablated minus clean\n"
                "  rank  heads  ablation     toxicity nll [nats]   accuracy acc [points]\n"
                "     1  0.0    zero      -3.000 [-3.500,-2.250]*                  -25.0\n"
                "  not shown: 1 ranked lower (--top 0 shows all), 3 outside the tolerance, 1 with a value that is "
                "not a finite number\n"
                "  not finite: 0.1+1.0 (zero)\n"
                "  [ , ]: 95% BCa intervals over examples (2000 resamples); *: q < 0.05 (sign-flip test, "
                "Benjamini-Hochberg)\n");
    assert_says(&text, "  stability of single heads by toxicity, zero: split-half Spearman 1.00 [1.00,1.00]\n"
                       "  control: ");
    hs_text_clear(&text);
    text = print_as(analysis, NULL, 1, HS_REPORT_MARKDOWN);
    assert_says(&text, "\n\n| rank | heads | ablation | toxicity nll [nats] | accuracy acc [points] |\n"
                       "| ---: | --- | --- | ---: | ---: |\n"
                       "| 1 | 0.0 | zero | -3.000 [-3.500,-2.250]\\* | -25.0 |\n\n"
                       "not shown: 1 ranked lower");
    hs_text_clear(&text);
    hs_analysis_free(analysis);
    close_fixture(&f);
}

/* An unfinished file says how far it is; the front says that it is one. */
static void test_table_titles(void **state)
{
    fixture f;
    hs_ranking_request request;
    hs_error error = {0};

    open_fixture(&f, *state, 5);
    hs_analysis *analysis = analyse(&f);
    hs_text text = print_as(analysis, "toxicity", 2, HS_REPORT_TABLE);
    assert_says(&text, "largest change of toxicity (nll)\n"
                       "  unfinished: 5 of 7 sets are complete (71.4%); only these are ranked\n");
    hs_text_clear(&text);
    hs_ranking ranking = rank_by(analysis, NULL, &request);
    request.pareto = true;
    assert_int_equal(hs_report_ranking(analysis, &request, &ranking, 2, HS_REPORT_TABLE, &text, &error), HS_OK);
    assert_says(&text, "Pareto front: no set removes more toxicity and keeps more accuracy\n");
    hs_text_clear(&text);
    hs_ranking_clear(&ranking);
    hs_analysis_free(analysis);
    close_fixture(&f);
}

/* The field of the second line under the title `name`. */
static double csv_number(const hs_text *text, const char *name)
{
    const char *title = text->text, *field = strchr(text->text, '\n') + 1;

    for (;;) {
        size_t length = strcspn(title, ",\n");
        if (length == strlen(name) && strncmp(title, name, length) == 0)
            return *field == ',' || *field == '\n' ? NAN : strtod(field, NULL);
        if (title[length] == '\n')
            fail_msg("there is no column %s", name);
        title += length + 1;
        field += strcspn(field, ",\n") + 1;
    }
}

static void test_csv_format(void **state)
{
    static const struct {
        const char *column;
        double value;
    } expected[] = {
        {"accuracy.acc.mean", 0.25},      {"accuracy.acc.delta", -0.75},     {"accuracy.acc.interaction", -0.5},
        {"toxicity.nll.mean", -2},        {"toxicity.nll.delta", -6},        {"toxicity.nll.interaction", -2},
        {"toxicity.nll.given_first", -3}, {"toxicity.nll.given_second", -5}, {"toxicity.tokens.delta", 0},
        {"accuracy.acc.product", -0.5},   {"toxicity.nll.product", NAN},     {"toxicity.tokens.delta_p", 1}};
    fixture f;

    open_fixture(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    hs_text text = print_as(analysis, "interaction:toxicity", 1, HS_REPORT_CSV);
    assert_says(&text, "rank,set,heads,order,ablation,accuracy.acc.mean,accuracy.acc.mean_low,");
    assert_says(&text, "\n1,4,0.0+0.1,2,zero,0.25,");
    for (size_t i = 0; i < sizeof expected / sizeof *expected; ++i) {
        double found = csv_number(&text, expected[i].column);
        if (isnan(expected[i].value) ? !isnan(found) : found != expected[i].value)
            fail_msg("%s is %g", expected[i].column, found);
    }
    hs_text_clear(&text);
    hs_analysis_free(analysis);
    close_fixture(&f);
}

static void test_json_format(void **state)
{
    fixture f;
    hs_json *json;
    hs_error error = {0};

    open_fixture(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    hs_text text = print_as(analysis, "toxicity", 0, HS_REPORT_JSON);
    assert_int_equal(hs_json_parse(text.text, text.length, "output", &json, &error), HS_OK);
    const hs_json_value *ranking = hs_json_get(hs_json_root(json), "ranking");
    assert_int_equal(hs_json_size(ranking), 6);
    const hs_json_value *first = hs_json_at(ranking, 0);
    assert_string_equal(hs_json_string(hs_json_get(first, "name")), "0.0+0.1");
    const hs_json_value *nll = hs_json_get(hs_json_get(hs_json_get(first, "tasks"), "toxicity"), "nll");
    assert_true(hs_json_number(hs_json_get(nll, "interaction")) == -2);
    const hs_json_value *fourth = hs_json_get(hs_json_get(hs_json_at(ranking, 3), "tasks"), "accuracy");
    assert_int_equal(hs_json_kind_of(hs_json_get(hs_json_get(fourth, "acc"), "delta")), HS_JSON_NULL);
    assert_int_equal(hs_json_size(nll), HS_STATISTIC_COUNT + 1);
    assert_true(hs_json_integer(hs_json_get(hs_json_get(hs_json_root(json), "method"), "resamples")) == 2000);
    const hs_json_value *stability = hs_json_get(hs_json_get(hs_json_root(json), "stability"), "zero");
    assert_true(hs_json_number(hs_json_get(stability, "split_half")) == 1);
    assert_int_equal(hs_json_kind_of(hs_json_get(stability, "top_5")), HS_JSON_NULL);
    assert_true(hs_json_integer(hs_json_get(hs_json_get(hs_json_root(json), "control_of_first"), "sets")) == 0);
    hs_json_free(json);
    hs_text_clear(&text);
    hs_analysis_free(analysis);
    close_fixture(&f);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),          cmocka_unit_test(test_rankings),
        cmocka_unit_test(test_filters),         cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_unfinished_file), cmocka_unit_test(test_nothing_done),
        cmocka_unit_test(test_stored_ranking),  cmocka_unit_test(test_stored_statistics_are_read),
        cmocka_unit_test(test_pareto_front),    cmocka_unit_test(test_keep_also),
        cmocka_unit_test(test_controls),        cmocka_unit_test(test_backup),
        cmocka_unit_test(test_table_titles),    cmocka_unit_test(test_table_format),
        cmocka_unit_test(test_csv_format),      cmocka_unit_test(test_json_format),
    };
    return cmocka_run_group_tests_name("analysis", tests, start, stop);
}
