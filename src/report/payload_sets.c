/*
 * The sets of which the page has numbers: all where they have room, else those that people look for first. The page
 * is to stay small enough to be opened, however many sets were swept.
 */
#include "report/payload_sets.h"

#include "report/listing.h"

/* Sets that are to be in the page, and what they take. */
typedef struct selection {
    const hs_report *report;
    uint8_t *wanted; /* [n_sets] */
    size_t n_bytes;
    size_t row_bytes; /* of a metric's tables */
} selection;

/* What a set takes: its number, intervention and components, and a row of each table of so many metrics. */
static size_t bytes_of_set(const selection *s, uint64_t set, size_t n_metrics)
{
    enum { NUMBER_BYTES = 8, BRACKETS_BYTES = 6, COMPONENT_BYTES = 5 };

    return NUMBER_BYTES + BRACKETS_BYTES + (size_t)s->report->sets->order[set] * COMPONENT_BYTES +
           n_metrics * s->row_bytes;
}

/* A set that several lists want has room once. False: it has none. */
static bool want(selection *s, uint64_t set, size_t n_most_bytes)
{
    const size_t n_bytes = bytes_of_set(s, set, s->report->n_main);

    if (s->wanted[set] || !s->report->analysis->complete[set])
        return true;
    if (s->n_bytes + n_bytes > n_most_bytes)
        return false;
    s->wanted[set] = 1;
    s->n_bytes += n_bytes;
    return true;
}

static hs_status want_largest(selection *s, hs_statistic statistic, size_t n_most_bytes, hs_error *error)
{
    const hs_report *report = s->report;
    uint64_t *largest = NULL;
    size_t n = 0;
    hs_status status = hs_allocate(&largest, report->sets->n_sets, sizeof *largest, "page", error);

    if (status == HS_OK)
        status = hs__report_largest(report, statistic, &report->metrics[hs__report_ranked_metric(report)], -1, largest,
                                    report->sets->n_sets, &n, error);
    for (size_t i = 0; status == HS_OK && i < n && want(s, largest[i], n_most_bytes); ++i)
        ;
    hs_free(largest);
    return status;
}

/* Points of a curve name hundreds of heads each: those for which there is no room are drawn all the same. */
static void want_curves(selection *s, size_t n_most_bytes)
{
    for (size_t i = 0; i < s->report->n_curves; ++i)
        for (size_t point = 0; point < s->report->curves[i].n_points; ++point)
            if (!want(s, s->report->curves[i].points[point].set, n_most_bytes))
                break;
}

/* Where not all have room: singles, the ranking, then the largest interactions and changes. */
static hs_status want_important(selection *s, size_t n_most_bytes, hs_error *error)
{
    const hs_report *report = s->report;
    const size_t quarter = n_most_bytes / 4;

    for (uint64_t set = 1; set < report->sets->n_sets; ++set)
        if (report->sets->order[set] == 1)
            (void)want(s, set, n_most_bytes);
    for (size_t i = 0; i < report->pareto.n; ++i)
        (void)want(s, report->pareto.sets[i], n_most_bytes);
    want_curves(s, s->n_bytes + quarter < n_most_bytes ? s->n_bytes + quarter : n_most_bytes);
    const size_t of_ranking = s->n_bytes + quarter < n_most_bytes ? s->n_bytes + quarter : n_most_bytes;
    for (size_t i = 0; i < report->ranking.n && want(s, report->ranking.sets[i], of_ranking); ++i)
        ;
    HS_TRY(want_largest(s, HS_STATISTIC_INTERACTION, n_most_bytes - quarter, error));
    return want_largest(s, HS_STATISTIC_DELTA, n_most_bytes, error);
}

/* Of all complete sets with so many metrics. */
static size_t bytes_of_all(const selection *s, size_t n_metrics)
{
    const hs_report *report = s->report;
    size_t n_bytes = 0;

    for (uint64_t set = 1; set < report->sets->n_sets; ++set)
        n_bytes += report->analysis->complete[set] ? bytes_of_set(s, set, n_metrics) : 0;
    return n_bytes;
}

/*
 * First sets for the main metrics, then as many further metrics as fit beside those sets; the main
 * ones stay in any case.
 */
hs_status hs__report_payload_choose(const hs_report *report, size_t row_bytes, size_t n_most_bytes,
                                    payload_choice *choice_out, hs_error *error)
{
    selection s = {.report = report, .row_bytes = row_bytes};
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&s.wanted, report->sets->n_sets, sizeof *s.wanted, "page", error));
    HS_GOTO_DONE(hs_allocate(&choice_out->sets, report->sets->n_sets, sizeof *choice_out->sets, "page", error));
    const bool all_fit = bytes_of_all(&s, report->n_main) <= n_most_bytes;
    if (!all_fit)
        HS_GOTO_DONE(want_important(&s, n_most_bytes, error));
    for (uint64_t set = 1; set < report->sets->n_sets; ++set)
        if ((all_fit || s.wanted[set]) && report->analysis->complete[set])
            choice_out->sets[choice_out->n_sets++] = set;
    const size_t n_bytes = all_fit ? bytes_of_all(&s, report->n_main) : s.n_bytes;
    const size_t n_left = n_most_bytes > n_bytes ? n_most_bytes - n_bytes : 0;
    choice_out->n_metrics = report->n_main + n_left / (row_bytes * (choice_out->n_sets + 1));
    choice_out->n_metrics = choice_out->n_metrics > report->n_metrics ? report->n_metrics : choice_out->n_metrics;
done:
    hs_free(s.wanted);
    return status;
}
