/*
 * The numbers behind the page. A table is a text of five base64 digits a number: a float without its two lowest
 * bits, chosen so that it reads as the number itself does where people see it; NaN is NaN. All pairs of GPT-2 small
 * take 0.47 MB per metric.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "headsweep/sets.h"
#include "report/contents.h"
#include "report/listing.h"
#include "report/payload_sets.h"

static const struct {
    const char *key;
    hs_statistic statistic;
    bool of_pairs;
} tables[] = {
    {"mean", HS_STATISTIC_MEAN, false},
    {"delta", HS_STATISTIC_DELTA, false},
    {"low", HS_STATISTIC_DELTA_LOW, false},
    {"high", HS_STATISTIC_DELTA_HIGH, false},
    {"q", HS_STATISTIC_DELTA_Q, false},
    {"interaction", HS_STATISTIC_INTERACTION, true},
    {"interaction_low", HS_STATISTIC_INTERACTION_LOW, true},
    {"interaction_high", HS_STATISTIC_INTERACTION_HIGH, true},
    {"interaction_q", HS_STATISTIC_INTERACTION_Q, true},
};
enum { N_TABLES = sizeof tables / sizeof *tables, ENCODED_BYTES = 5 };

typedef struct payload {
    const hs_report *report;
    payload_choice chosen;
    hs_json_writer *json;
} payload;

/* What a set takes in the tables of one metric. */
static size_t bytes_a_row(const hs_report *report)
{
    size_t n = 0;

    for (size_t i = 0; i < N_TABLES; ++i)
        n += !tables[i].of_pairs || report->has_pairs;
    return n * ENCODED_BYTES;
}

/* Bits of a float that are kept, as a number; of what is not finite those of NaN. */
enum { LOST_BITS = 2, NAN_BITS = 0x7fc00000 >> LOST_BITS };

static double decoded(uint32_t bits)
{
    float single;

    bits <<= LOST_BITS;
    memcpy(&single, &bits, sizeof single);
    return (double)single;
}

static uint32_t nearest_bits(double value)
{
    const float single = (float)value;
    uint32_t bits;

    memcpy(&bits, &single, sizeof bits);
    return (bits + (1u << (LOST_BITS - 1))) >> LOST_BITS;
}

/*
 * The nearest bits, or else the next ones towards the number as people read it: whoever rounds them comes to the
 * same digits, also where the number lies between two of them. The sizes of floats are in the order of their bits.
 */
static uint32_t shortened(double value, const report_format *format)
{
    enum { MOST_STEPS = 8 };
    const double within = 0.5 - 1e-6; /* of the last digit's worth */
    double unit;

    if (!isfinite((float)value))
        return NAN_BITS;
    const double size = fabs(value), shown = fabs(hs__report_shown_number(format, value, &unit));
    uint32_t bits = nearest_bits(size);
    for (int step = 0; step < MOST_STEPS && fabs(format->factor * decoded(bits) - shown) > within * unit; ++step)
        bits += format->factor * decoded(bits) < shown ? 1u : -1u;
    return bits | (value < 0 ? 1u << (31 - LOST_BITS) : 0);
}

/* The upper bits first, so that the characters of a number are its bits in order. */
static void encode(uint32_t bits, char out[ENCODED_BYTES])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (int i = 0; i < ENCODED_BYTES; ++i)
        out[i] = alphabet[(bits >> (6 * (ENCODED_BYTES - 1 - i))) & 63];
}

static report_format format_of(const report_metric *metric, hs_statistic statistic)
{
    return statistic == HS_STATISTIC_DELTA_Q || statistic == HS_STATISTIC_INTERACTION_Q ? hs__report_p_format
           : statistic == HS_STATISTIC_MEAN                                             ? hs__report_mean_format(metric)
                                            : hs__report_change_format(metric);
}

/* A string of its own making: nothing in it needs an escape. */
static void put_table(const payload *p, const report_metric *metric, size_t table)
{
    const report_format format = format_of(metric, tables[table].statistic);
    char encoded[ENCODED_BYTES + 1] = "";
    hs_text digits = {0};

    hs_text_put(&digits, "");
    for (size_t i = 0; i < p->chosen.n_sets; ++i) {
        encode(shortened(hs__report_value(p->report, tables[table].statistic, metric, p->chosen.sets[i]), &format),
               encoded);
        hs_text_put(&digits, encoded);
    }
    hs_json_begin_line(p->json, 0);
    hs_json_put_key(p->json, tables[table].key);
    hs_json_put_string(p->json, hs_text_kept(p->json->text, &digits));
    hs_text_keep(p->json->text, digits.status);
    hs_text_clear(&digits);
}

static void put_string(const payload *p, const char *key, const char *string)
{
    hs_json_put_key(p->json, key);
    hs_json_put_string(p->json, string);
}

static void put_whole(const payload *p, const char *key, int64_t number)
{
    hs_json_put_key(p->json, key);
    hs_json_put_whole(p->json, number);
}

/* The clean model's value as it is, and as people read it. */
static void put_clean(const payload *p, const report_metric *metric)
{
    const report_format format = hs__report_mean_format(metric);
    const double clean = hs__report_value(p->report, HS_STATISTIC_MEAN, metric, 0);
    hs_text shown = {0};

    hs_text_put(&shown, "");
    hs__report_put_number(&format, clean, &shown);
    hs_json_put_key(p->json, "clean");
    hs_json_put_number(p->json, clean);
    put_string(p, "clean_text", hs_text_kept(p->json->text, &shown));
    hs_text_keep(p->json->text, shown.status);
    hs_text_clear(&shown);
}

/*
 * A metric beyond n_metrics has its description and no numbers, so that indices are those of the
 * report.
 */
static void put_metric(const payload *p, size_t row)
{
    const report_metric *metric = &p->report->metrics[row];

    hs_json_begin_line(p->json, 0);
    hs_json_begin(p->json, '{');
    put_string(p, "task", metric->of->name);
    put_string(p, "metric", metric->is->name);
    put_string(p, "unit", hs__report_unit(metric));
    put_string(p, "meaning", metric->is->meaning);
    put_whole(p, "factor", (int64_t)metric->factor);
    put_whole(p, "digits", metric->digits);
    put_whole(p, "better", metric->is->better);
    put_whole(p, "examples", (int64_t)metric->of->n_examples);
    put_clean(p, metric);
    for (size_t i = 0; row < p->chosen.n_metrics && i < N_TABLES; ++i)
        if (!tables[i].of_pairs || p->report->has_pairs)
            put_table(p, metric, i);
    hs_json_end(p->json, '}');
}

/* The script names sets from these: a name per set would be most of the page. */
static void put_names(const payload *p)
{
    const hs_report *report = p->report;

    hs_json_begin_line(p->json, 0);
    hs_json_put_key(p->json, "interventions");
    hs_json_begin(p->json, '[');
    for (size_t i = 0; i < report->sets->n_interventions; ++i)
        hs_json_put_string(p->json, report->sets->intervention_names[i]);
    hs_json_end(p->json, ']');
    hs_json_begin_line(p->json, 0);
    hs_json_put_key(p->json, "components");
    hs_json_begin(p->json, '[');
    for (size_t i = 0; i < report->n_components; ++i)
        hs_json_put_string(p->json, report->components[i].name);
    hs_json_end(p->json, ']');
}

/* What the page makes "L2KV1" of "2.kv1" with: letters by the prefix of a name. */
static void put_kinds(const payload *p)
{
    hs_json_begin_line(p->json, 0);
    hs_json_put_key(p->json, "kinds");
    hs_json_begin(p->json, '{');
    for (int32_t kind = 0; kind < HS_COMPONENT_KINDS; ++kind) {
        hs_json_put_key(p->json, hs_sets_kind(kind)->prefix);
        hs_json_put_string(p->json, hs_sets_kind(kind)->letters);
    }
    hs_json_end(p->json, '}');
}

/* `ids` are left out where they are 1, 2, 3, ... */
static void put_ids(const payload *p)
{
    hs_json_begin_line(p->json, 0);
    put_whole(p, "n_sets", (int64_t)p->report->sets->n_sets);
    hs_json_begin_line(p->json, 0);
    hs_json_put_key(p->json, "ids");
    if (p->chosen.n_sets + 1 == p->report->sets->n_sets) {
        hs_json_put_null(p->json);
        return;
    }
    hs_json_begin(p->json, '[');
    for (size_t i = 0; i < p->chosen.n_sets; ++i)
        hs_json_put_whole(p->json, (int64_t)p->chosen.sets[i]);
    hs_json_end(p->json, ']');
}

/* Every set as [intervention, component, ...]. */
static void put_sets(const payload *p)
{
    hs_json_begin_line(p->json, 0);
    hs_json_put_key(p->json, "sets");
    hs_json_begin(p->json, '[');
    for (size_t i = 0; i < p->chosen.n_sets; ++i) {
        hs_json_begin(p->json, '[');
        hs_json_put_whole(p->json, p->report->sets->intervention[p->chosen.sets[i]]);
        for (int32_t place = 0; place < p->report->sets->order[p->chosen.sets[i]]; ++place)
            hs_json_put_whole(p->json, (int64_t)hs__report_component_of(p->report, p->chosen.sets[i], place));
        hs_json_end(p->json, ']');
    }
    hs_json_end(p->json, ']');
}

/* What people read of a point: which it is, what is kept and, where something is to be reduced, how it changes. */
static void put_point(const payload *p, const hs_pruning_curve *curve, const hs_pruning_point *point, hs_text *text)
{
    static const report_format share = {.factor = 100, .digits = 1};
    char head[PRUNING_HEAD_BYTES];

    hs_text_putf(text, "%s, %s: %zu of %zu heads removed (", hs_analysis_pruning_method(curve->method),
                 p->report->sets->intervention_names[curve->intervention], point->n_removed, curve->n_heads);
    hs__report_put_number(&share, (double)point->n_removed / (double)curve->n_heads, text);
    hs__report_pruning_format_head(point, head);
    hs_text_putf(text, "%%)%s%s\n", head[0] != '\0' ? ", the last " : "", head);
    hs__report_put_metric(&p->report->metrics[hs__report_find_metric(p->report, curve->task, curve->metric)], text);
    hs_text_put(text, " kept: ");
    hs__report_put_interval(&share, point->kept, point->kept_low, point->kept_high, "%", ", ", text);
    if (!curve->has_reduced)
        return;
    const size_t row = hs__report_find_metric(p->report, curve->reduced_task, curve->reduced_metric);
    hs_text_put(text, "\n");
    hs__report_put_metric(&p->report->metrics[row], text);
    hs_text_put(text, ": ");
    hs__report_findings_put_change(&p->report->metrics[row], point->reduced, point->reduced_low, point->reduced_high,
                                   text);
}

/* Sentences come from here, as in all other formats; the script formats no intervals of its own. */
static void put_says(const payload *p, const hs_pruning_curve *curve)
{
    hs_text says = {0};

    hs_json_begin_line(p->json, 0);
    hs_json_put_key(p->json, "says");
    hs_json_begin(p->json, '[');
    for (size_t i = 0; i < curve->n_points; ++i) {
        says.length = 0;
        put_point(p, curve, &curve->points[i], &says);
        hs_json_put_string(p->json, hs_text_kept(p->json->text, &says));
    }
    hs_json_end(p->json, ']');
    hs_text_keep(p->json->text, says.status);
    hs_text_clear(&says);
}

/* Number `number` of every point; behind the last of them how many heads are removed. */
static void put_numbers(const payload *p, const hs_pruning_curve *curve, size_t number)
{
    double numbers[PRUNING_NUMBERS];

    hs_json_begin_line(p->json, 0);
    hs_json_put_key(p->json, number < PRUNING_NUMBERS ? hs__report_pruning_number_names[number] : "removed");
    hs_json_begin(p->json, '[');
    for (size_t i = 0; i < curve->n_points; ++i) {
        hs__report_pruning_list_numbers(curve, &curve->points[i], numbers);
        hs_json_put_number(p->json, number < PRUNING_NUMBERS ? numbers[number] : (double)curve->points[i].n_removed);
    }
    hs_json_end(p->json, ']');
}

static void put_curve(const payload *p, const hs_pruning_curve *curve)
{
    hs_json_begin_line(p->json, 0);
    hs_json_begin(p->json, '{');
    put_string(p, "method", hs_analysis_pruning_method(curve->method));
    put_string(p, "ablation", p->report->sets->intervention_names[curve->intervention]);
    put_whole(p, "heads", (int64_t)curve->n_heads);
    put_whole(p, "metric", (int64_t)hs__report_find_metric(p->report, curve->task, curve->metric));
    put_says(p, curve);
    for (size_t number = 0; number <= PRUNING_NUMBERS; ++number)
        put_numbers(p, curve, number);
    hs_json_end(p->json, '}');
}

/*
 * Flat and in the order in which the script reads it; a table is one string, which parsers take in
 * faster than as many numbers.
 */
static void put_all(const payload *p)
{
    hs_json_begin(p->json, '{');
    hs_json_put_key(p->json, "level");
    hs_json_put_number(p->json, 1 - p->report->analysis->options.confidence);
    put_names(p);
    put_kinds(p);
    put_ids(p);
    put_sets(p);
    hs_json_begin_line(p->json, 0);
    hs_json_put_key(p->json, "curves");
    hs_json_begin(p->json, '[');
    for (size_t i = 0; i < p->report->n_curves; ++i)
        put_curve(p, &p->report->curves[i]);
    hs_json_end(p->json, ']');
    hs_json_begin_line(p->json, 0);
    hs_json_put_key(p->json, "metrics");
    hs_json_begin(p->json, '[');
    for (size_t m = 0; m < p->report->n_metrics; ++m)
        put_metric(p, m);
    hs_json_end(p->json, ']');
    hs_json_end(p->json, '}');
    hs_text_put(p->json->text, "\n");
}

/* What else there is: names, and the points of the curves with what is said of them. */
static size_t bytes_beside(const hs_report *report)
{
    enum { NAME_BYTES = 12, POINT_BYTES = 480, METRIC_BYTES = 600 };
    size_t n_bytes = report->n_components * NAME_BYTES + report->n_metrics * METRIC_BYTES;

    for (size_t i = 0; i < report->n_curves; ++i)
        n_bytes += report->curves[i].n_points * POINT_BYTES;
    return n_bytes;
}

hs_status hs__report_payload_write(const hs_report *report, size_t n_most_bytes, hs_text *text, hs_error *error)
{
    hs_json_writer json = {.text = text, .is_compact = true};
    const size_t beside = bytes_beside(report);
    payload p = {.report = report, .json = &json};
    hs_status status = hs__report_payload_choose(report, bytes_a_row(report),
                                                 n_most_bytes > beside ? n_most_bytes - beside : 0, &p.chosen, error);

    if (status == HS_OK)
        put_all(&p);
    hs_free(p.chosen.sets);
    return status;
}
