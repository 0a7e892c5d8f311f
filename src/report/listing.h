/* A ranking as it is printed: what its formats share. Internal to the report room. */
#ifndef REPORT_LISTING_H
#define REPORT_LISTING_H

#include "headsweep/report.h"
#include "report/table.h"

/* Metrics beside heads and ablation that people can take in; CSV and JSON have all. */
enum { LISTING_MAX_METRICS = 12 };

/* A ranking and how much of it is wanted. Borrowed. */
typedef struct listing {
    const hs_analysis *analysis;
    const hs_ranking_request *request;
    const hs_ranking *ranking;
    const hs_sets *sets;
    size_t n_shown;
    bool all; /* of the ranking was asked for, without a bound */
} listing;

/* One file each: listing_table.c for both formats of people, listing_csv.c, listing_json.c. */
hs_status hs__report_listing_as_table(const listing *view, hs_text *text, hs_error *error);
hs_status hs__report_listing_as_markdown(const listing *view, hs_text *text, hs_error *error);
hs_status hs__report_listing_as_csv(const listing *view, hs_text *text, hs_error *error);
hs_status hs__report_listing_as_json(const listing *view, hs_text *text, hs_error *error);

/* listing_captions.c: what is ranked, the clean model; what is left out, method, stability, control. */
void hs__report_listing_captions_above(const listing *view, hs_text *text);
hs_status hs__report_listing_captions_below(const listing *view, hs_text *text, hs_error *error);

/* Of a ranking without a set: why it has none, as the end of a sentence. */
void hs__report_put_why_empty(const hs_analysis *analysis, const hs_ranking_request *request, const hs_ranking *ranking,
                              hs_text *text);

/* A set without a rank, and why it has none. */
typedef struct listing_unranked {
    uint64_t set;
    const char *standing; /* "clean", "outside tolerance", "added", ... */
} listing_unranked;
/* All of them in the order of the file but those that were not asked for: hs_free() the list. */
hs_status hs__report_listing_list_unranked(const listing *view, listing_unranked **list_out, size_t *n_out,
                                           hs_error *error);

const hs_results_task *hs__report_listing_task(const listing *view, size_t task);
/*
 * The metrics that people are shown: the one that decides the order, then of each task what is kept, or else its first.
 * Returns how many; what is kept goes before the rest where there are more than people can take in, and *n_left_out is
 * their number then.
 */
size_t hs__report_listing_shown_metrics(const listing *view, report_metric shown[LISTING_MAX_METRICS],
                                        size_t *n_left_out);
/* "L2H1+L3H10": for programs, to which "3.1" and "3.10" are one number. */
void hs__report_listing_spell_set(const listing *view, uint64_t set, hs_text *text);
const char *hs__report_listing_intervention(const listing *view, uint64_t set);
/* [HS_STABILITY_COUNT] of single components. */
const double *hs__report_listing_stability(const listing *view, size_t task, size_t metric, size_t intervention);
const char *hs__report_listing_statistic_name(hs_statistic statistic);

/* The row of the metric that is ranked by. */
report_metric hs__report_listing_ranked_metric(const listing *view);
/* "4.937 [4.909,4.966] nats" of a set; "not known yet" while it is not complete. */
void hs__report_listing_put_mean(const listing *view, const report_metric *metric, uint64_t set, hs_text *text);

/*
 * Where the clean model does no better on a metric than guessing does, says so: `before`, "clean model's accuracy.acc,
 * 24.0% [20.1,28.3], cannot be told from guessing (25.0%): ..."; else nothing.
 */
void hs__report_chance_sentence(const hs_analysis *analysis, size_t task, size_t metric, const char *before,
                                hs_text *text);

/* Numbers of a point of a pruning curve, and their names in CSV, JSON and the page. */
enum { PRUNING_NUMBERS = 7 };
extern const char *const hs__report_pruning_number_names[PRUNING_NUMBERS];
void hs__report_pruning_list_numbers(const hs_pruning_curve *curve, const hs_pruning_point *point,
                                     double numbers[PRUNING_NUMBERS]);
/* The head that goes at this point; nothing at the first. */
enum { PRUNING_HEAD_BYTES = 40 };
void hs__report_pruning_format_head(const hs_pruning_point *point, char head[PRUNING_HEAD_BYTES]);
/* "keeps 96.3% [94.1, 98.0] of its accuracy.acc without 25.0% of its heads (4 of 16)" */
void hs__report_put_curve_sentence(const hs_results *results, const hs_pruning_curve *curve, hs_text *text);

#endif
