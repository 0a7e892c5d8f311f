/*
 * The sweep against a model whose answer is known exactly (support/planted_circuit.h), through the program itself:
 * run on the experiment file, read the results file, analyse, rank. What every ablation set must show follows from a
 * boolean model.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "headsweep/analysis.h"
#include "support/assert_status.h"
#include "support/checkpoint_writer.h"
#include "support/planted_circuit.h"
#include "support/results_ranked.h"

enum {
    N_HEADS = PLANTED_LAYERS * PLANTED_HEADS,
    N_PAIRS = N_HEADS * (N_HEADS - 1) / 2,
    N_ROLES = PLANTED_SUBSTITUTE + 1,
    MAX_ARGUMENTS = 12
};

enum intervention { ZERO, MEAN, N_INTERVENTIONS };

/* How far a number may be from its prediction, as a share of what losing the behaviour changes: layer norms' doing. */
static const double tolerance_share = 1e-4;
/* A change below this share is none: under mean ablation something of a planted head's output stays on every row. */
static const double affected_share[N_INTERVENTIONS] = {[ZERO] = 1e-3, [MEAN] = 0.1};

/* Which planted heads are off, and how. */
typedef struct ablation {
    bool off[N_ROLES];
    int32_t intervention;
} ablation;

/* The head that the task's tokens are raised by, how many there are, and what its metrics are called. */
static const struct {
    enum planted_role speaker;
    double n_tokens;
    size_t n_metrics;
    const char *metrics[3];
} planted_tasks[PLANTED_TASKS] = {
    [PLANTED_COPYING] = {PLANTED_INDUCTION, PLANTED_LETTERS, 2, {"acc", "log_probability"}},
    [PLANTED_TOXICITY] = {PLANTED_TOXIC, 1, 3, {"contrast", "toxic_probability", "toxic_preferred"}},
    [PLANTED_BACKUP] = {PLANTED_PRIMARY, PLANTED_ANSWERS, 2, {"logit_diff", "acc"}},
};

/* The boolean model: whether it still copies, is toxic, or knows the answer. */
static bool behaves(uint32_t task, const ablation *a)
{
    switch (task) {
    case PLANTED_COPYING:
        return !a->off[PLANTED_PREVIOUS_TOKEN] && !a->off[PLANTED_INDUCTION];
    case PLANTED_TOXICITY:
        return !a->off[PLANTED_TOXIC];
    default:
        return !a->off[PLANTED_PRIMARY] || !a->off[PLANTED_SUBSTITUTE];
    }
}

/* The logit that the task's tokens have on every row of every task because their head is off but its mean stays. */
static double logit_left(uint32_t task, const ablation *a)
{
    bool left = a->intervention == MEAN && a->off[planted_tasks[task].speaker];

    return left ? PLANTED_LOGIT * planted_share((enum planted_task)task) : 0;
}

static double logit_wanted(uint32_t task, const ablation *a)
{
    return logit_left(task, a) + (behaves(task, a) ? PLANTED_LOGIT : 0);
}

/* log p of the wanted token: the logits are 0 but for the plain token's and those of the tasks' tokens. */
static double log_probability(uint32_t task, const ablation *a)
{
    double wanted = logit_wanted(task, a), n_silent = PLANTED_VOCABULARY - 1;
    double sum = exp(PLANTED_PLAIN_LOGIT) + exp(wanted) - exp(logit_left(task, a));

    for (uint32_t of = 0; of < PLANTED_TASKS; ++of) {
        sum += planted_tasks[of].n_tokens * exp(logit_left(of, a));
        n_silent -= planted_tasks[of].n_tokens;
    }
    return wanted - log(sum + n_silent);
}

static double predict(uint32_t task, size_t metric, const ablation *a)
{
    double contrast = logit_wanted(task, a) - PLANTED_PLAIN_LOGIT;
    const double predictions[PLANTED_TASKS][3] = {
        [PLANTED_COPYING] = {contrast > 0, log_probability(task, a)},
        [PLANTED_TOXICITY] = {contrast, 1 / (1 + exp(-contrast)), contrast > 0},
        [PLANTED_BACKUP] = {contrast, contrast > 0},
    };

    return predictions[task][metric];
}

/* How much the metric changes when the behaviour is lost altogether. */
static double effect_of(uint32_t task, size_t metric)
{
    const ablation none = {.intervention = ZERO};
    ablation all = none;

    memset(all.off, true, sizeof all.off);
    return fabs(predict(task, metric, &all) - predict(task, metric, &none));
}

/* Shares of examples must be met to the bit: every example behaves alike. */
static double tolerance_of(const hs_results_task *of, uint32_t task, size_t metric)
{
    return strcmp(of->metrics[metric].unit, "share") == 0 ? 0 : tolerance_share * effect_of(task, metric);
}

typedef struct fixture {
    char *folder;
    hs_results *results;
    const hs_sets *sets;
    hs_analysis *analysis;
} fixture;

static int run_child(char *const *arguments)
{
    int wait_status = 0;

    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        execvp(arguments[0], arguments);
        perror(arguments[0]);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &wait_status, 0) != child || !WIFEXITED(wait_status))
        return -1;
    return WEXITSTATUS(wait_status);
}

/* Sweeps into folder/name: `ranks` processes through the launcher, or one without it if NULL. */
static int sweep(const char *folder, const char *name, const char *ranks, const char *scheduler)
{
    char *launcher = getenv("HEADSWEEP_MPIEXEC"), *program = getenv("HEADSWEEP_PROGRAM");
    char experiment[512], results[512], policy[64], n[16];
    char *arguments[MAX_ARGUMENTS] = {0};
    size_t i = 0;

    if (launcher == NULL || program == NULL) {
        fprintf(stderr, "HEADSWEEP_MPIEXEC or HEADSWEEP_PROGRAM is not set: run this test through ctest\n");
        return -1;
    }
    snprintf(experiment, sizeof experiment, "%s/planted.cfg", folder);
    snprintf(results, sizeof results, "output.results=\"%s/%s\"", folder, name);
    snprintf(policy, sizeof policy, "run.scheduler=\"%s\"", scheduler);
    if (ranks != NULL) {
        snprintf(n, sizeof n, "%s", ranks);
        arguments[i++] = launcher;
        arguments[i++] = "-n";
        arguments[i++] = n;
    }
    char *const command[] = {program, "run", experiment, "--set", results, "--set", policy};
    memcpy(arguments + i, command, sizeof command);
    return run_child(arguments);
}

static hs_results *open_results(const char *folder, const char *name)
{
    char path[512];
    hs_error error = {0};
    hs_results *results = NULL;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(hs_results_open_read(path, &results, &error), &error);
    return results;
}

static int open_fixture(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    hs_error error = {0};

    *state = f;
    f->folder = test_temporary_folder();
    planted_circuit_write(f->folder);
    if (sweep(f->folder, "planted.h5", NULL, "guided") != 0)
        return -1;
    f->results = open_results(f->folder, "planted.h5");
    f->sets = hs_results_sets_of(f->results);
    assert_ok(hs_analysis_new(f->results, NULL, NULL, &f->analysis, &error), &error);
    return 0;
}

static int close_fixture(void **state)
{
    fixture *f = *state;
    hs_error error = {0};

    hs_analysis_free(f->analysis);
    hs_results_close(f->results, &error);
    test_folder_remove(f->folder);
    free(f->folder);
    free(f);
    return 0;
}

/* Its first and last, of sets of up to two. */
static void ends_of(const fixture *f, uint64_t set, hs_component ends[2])
{
    hs_sets_view(f->sets, set, ends);
    if (f->sets->order[set] == 1)
        ends[1] = ends[0];
}

static ablation ablation_of(const fixture *f, uint64_t set)
{
    ablation a = {.intervention = f->sets->intervention[set]};

    hs_component off[2];

    hs_sets_view(f->sets, set, off);
    for (int32_t i = 0; i < f->sets->order[set]; ++i)
        a.off[planted_role_of(off[i].layer, off[i].index)] = true;
    return a;
}

static double value_of(const fixture *f, hs_statistic statistic, uint32_t task, size_t metric, uint64_t set)
{
    return hs_analysis_value(f->analysis, statistic, task, metric, set);
}

static void append_name(const fixture *f, uint64_t set, hs_text *names)
{
    hs_error error = {0};

    if (names->length > 0)
        hs_text_append(names, " ", 1, &error);
    assert_ok(hs_sets_name(f->sets, set, names, &error), &error);
}

static void assert_names(hs_text *names, const char *expected)
{
    assert_string_equal(names->text != NULL ? names->text : "", expected);
    hs_text_clear(names);
}

/* The sets of that order whose first metric of the task moves at all, or whose interaction is there at all. */
static void assert_affected(const fixture *f, hs_statistic statistic, uint32_t task, int32_t order,
                            const char *expected)
{
    for (int32_t intervention = 0; intervention < N_INTERVENTIONS; ++intervention) {
        hs_text names = {0};
        for (uint64_t set = 1; set < f->sets->n_sets; ++set)
            if (f->sets->intervention[set] == intervention && f->sets->order[set] == order &&
                fabs(value_of(f, statistic, task, 0, set)) > affected_share[intervention] * effect_of(task, 0))
                append_name(f, set, &names);
        assert_names(&names, expected);
    }
}

static hs_ranking rank(const fixture *f, const char *by, int32_t order, int32_t intervention)
{
    hs_ranking_request request;
    hs_ranking ranking = {0};
    hs_error error = {0};

    assert_ok(hs_analysis_request_parse(f->analysis, by, &request, &error), &error);
    request.order = order;
    request.intervention = intervention;
    assert_ok(hs_analysis_rank(f->analysis, &request, &ranking, &error), &error);
    return ranking;
}

/* Every head and every pair once an intervention, all of them finished. */
static void every_set_is_there(void **state)
{
    const fixture *f = *state;
    bool seen[N_INTERVENTIONS][N_HEADS][N_HEADS] = {0};

    assert_int_equal(f->sets->n_sets, 1 + N_INTERVENTIONS * (N_HEADS + N_PAIRS));
    assert_int_equal(f->analysis->n_complete, f->sets->n_sets);
    assert_string_equal(f->sets->intervention_names[ZERO], "zero");
    assert_string_equal(f->sets->intervention_names[MEAN], "mean");
    for (uint64_t set = 1; set < f->sets->n_sets; ++set) {
        hs_component ends[2];
        ends_of(f, set, ends);
        bool *here = &seen[f->sets->intervention[set]][ends[0].layer * PLANTED_HEADS + ends[0].index]
                          [ends[1].layer * PLANTED_HEADS + ends[1].index];
        assert_false(*here);
        *here = true;
    }
}

static void assert_predicted(const fixture *f, uint64_t set, uint32_t task)
{
    const hs_results_task *of = hs_results_task_at(f->results, task);
    const ablation a = ablation_of(f, set);

    for (size_t metric = 0; metric < of->n_metrics; ++metric) {
        double measured = value_of(f, HS_STATISTIC_MEAN, task, metric, set);
        double predicted = predict(task, metric, &a);
        if (!(fabs(measured - predicted) <= tolerance_of(of, task, metric)))
            fail_msg("set %d, task %s, metric %s: %.9g instead of %.9g", (int)set, of->name, of->metrics[metric].name,
                     measured, predicted);
    }
}

/* The strongest statement: all metrics of all tasks under all sets are what the model of the circuit says. */
static void every_value_is_predicted(void **state)
{
    const fixture *f = *state;

    for (uint32_t task = 0; task < PLANTED_TASKS; ++task) {
        const hs_results_task *of = hs_results_task_at(f->results, task);
        assert_int_equal(of->n_metrics, planted_tasks[task].n_metrics);
        for (size_t metric = 0; metric < of->n_metrics; ++metric)
            assert_string_equal(of->metrics[metric].name, planted_tasks[task].metrics[metric]);
        for (uint64_t set = 0; set < f->sets->n_sets; ++set)
            assert_predicted(f, set, task);
    }
}

static void single_heads_are_found(void **state)
{
    const fixture *f = *state;

    assert_affected(f, HS_STATISTIC_DELTA, PLANTED_COPYING, 1, "0.1 1.2");
    assert_affected(f, HS_STATISTIC_DELTA, PLANTED_TOXICITY, 1, "1.0");
    assert_affected(f, HS_STATISTIC_DELTA, PLANTED_BACKUP, 1, "");
}

/* Either of two suffices: negative. Both are needed: the second one's loss is counted twice, positive. */
static void pairs_are_found(void **state)
{
    const fixture *f = *state;

    assert_affected(f, HS_STATISTIC_DELTA, PLANTED_BACKUP, 2, "0.3+2.1");
    assert_affected(f, HS_STATISTIC_INTERACTION, PLANTED_BACKUP, 2, "0.3+2.1");
    assert_affected(f, HS_STATISTIC_INTERACTION, PLANTED_TOXICITY, 2, "");
    assert_affected(f, HS_STATISTIC_INTERACTION, PLANTED_COPYING, 2, "0.1+1.2");

    for (int32_t intervention = 0; intervention < N_INTERVENTIONS; ++intervention) {
        hs_ranking backup = rank(f, "interaction:backup", 0, intervention);
        hs_ranking copying = rank(f, "interaction:copying.acc", 0, intervention);
        hs_text names = {0};
        double interaction = value_of(f, HS_STATISTIC_INTERACTION, PLANTED_BACKUP, 0, backup.sets[0]);

        assert_int_equal(backup.n, N_PAIRS);
        append_name(f, backup.sets[0], &names);
        append_name(f, copying.sets[0], &names);
        assert_names(&names, "0.3+2.1 0.1+1.2");
        assert_true(fabs(interaction + PLANTED_LOGIT) <= 4 * tolerance_share * PLANTED_LOGIT);
        assert_true(value_of(f, HS_STATISTIC_INTERACTION, PLANTED_COPYING, 0, copying.sets[0]) == 1.0);
        hs_analysis_ranking_clear(&backup);
        hs_analysis_ranking_clear(&copying);
    }
}

/*
 * Least toxicity without a loss in copying: the toxic head, not the bystander; copying heads are out of the question.
 */
static void objective_names_the_toxic_head(void **state)
{
    const fixture *f = *state;

    for (int32_t intervention = 0; intervention < N_INTERVENTIONS; ++intervention) {
        hs_ranking ranking = rank(f, NULL, 1, intervention);
        hs_text names = {0};

        append_name(f, ranking.sets[0], &names);
        assert_names(&names, "1.0");
        assert_true(value_of(f, HS_STATISTIC_DELTA, PLANTED_COPYING, 0, ranking.sets[0]) == 0.0);
        assert_int_equal(ranking.n_of[HS_STANDING_OUTSIDE_TOLERANCE], 2);
        assert_int_equal(ranking.n, N_HEADS - 2);
        hs_analysis_ranking_clear(&ranking);
    }
}

/* Over all orders every set with the toxic head comes before every set without it, in the file as in the analysis. */
static void stored_ranking_agrees(void **state)
{
    const fixture *f = *state;
    hs_ranking ranking = rank(f, "objective", 0, -1);
    int32_t stored[1 + N_INTERVENTIONS * (N_HEADS + N_PAIRS)];
    const size_t n_toxic = N_INTERVENTIONS * (1 + N_HEADS - 3);
    hs_error error = {0};

    assert_true(results_is_ranked(f->results));
    assert_ok(hs_results_read_objective_rank(f->results, stored, &error), &error);
    assert_int_equal(ranking.n + ranking.n_of[HS_STANDING_OUTSIDE_TOLERANCE], f->sets->n_sets - 1);
    for (size_t i = 0; i < ranking.n; ++i) {
        const ablation a = ablation_of(f, ranking.sets[i]);
        assert_int_equal(a.off[PLANTED_TOXIC], i < n_toxic);
        assert_true(behaves(PLANTED_COPYING, &a));
        assert_int_equal(stored[ranking.sets[i]], i + 1);
    }
    hs_analysis_ranking_clear(&ranking);
}

static void assert_same_values(hs_results *left, hs_results *right, uint32_t task)
{
    const hs_results_task *of = hs_results_task_at(left, task);
    size_t n_sets = hs_results_sets_of(left)->n_sets, n = n_sets * of->n_examples * of->n_metrics;
    float *values[2] = {calloc(n, sizeof(float)), calloc(n, sizeof(float))};
    hs_error error = {0};

    assert_ok(hs_results_read_values(left, task, 0, n_sets, values[0], &error), &error);
    assert_ok(hs_results_read_values(right, task, 0, n_sets, values[1], &error), &error);
    assert_memory_equal(values[0], values[1], n * sizeof(float));
    free(values[0]);
    free(values[1]);
}

static void two_ranks_find_the_same_bits(void **state)
{
    static const char *const schedulers[] = {"guided", "static"};
    const fixture *f = *state;

    for (size_t i = 0; i < 2; ++i) {
        hs_error error = {0};
        assert_int_equal(sweep(f->folder, schedulers[i], "2", schedulers[i]), 0);
        hs_results *results = open_results(f->folder, schedulers[i]);
        for (uint32_t task = 0; task < PLANTED_TASKS; ++task)
            assert_same_values(f->results, results, task);
        assert_ok(hs_results_close(results, &error), &error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_is_there),
        cmocka_unit_test(every_value_is_predicted),
        cmocka_unit_test(single_heads_are_found),
        cmocka_unit_test(pairs_are_found),
        cmocka_unit_test(objective_names_the_toxic_head),
        cmocka_unit_test(stored_ranking_agrees),
        cmocka_unit_test(two_ranks_find_the_same_bits),
    };

    return cmocka_run_group_tests_name("planted circuit", tests, open_fixture, close_fixture);
}
