/* How numbers and names are written for people: one rule for all that shows them. */
#include "report/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const report_format hs__report_p_format = {.factor = 1, .digits = -2, .least = 1e-30};

enum { NUMBER_BYTES = 400 }; /* of any double with a few digits */

/* Zero has no sign of its own: what is a change has the plus. */
static void print_number(const report_format *format, double number, char text[NUMBER_BYTES])
{
    const double shown = number == 0 ? 0 : number * format->factor;

    if (format->digits < 0)
        snprintf(text, NUMBER_BYTES, format->sign ? "%+.*g" : "%.*g", -format->digits, shown);
    else
        snprintf(text, NUMBER_BYTES, format->sign ? "%+.*f" : "%.*f", format->digits, shown);
}

void hs__report_put_number(const report_format *format, double number, hs_text *text)
{
    char printed[NUMBER_BYTES];

    if (!isfinite(number))
        return;
    if (fabs(number) < format->least) {
        hs_text_putf(text, "< %g", format->least);
        return;
    }
    print_number(format, number, printed);
    hs_text_put(text, printed);
}

void hs__report_put_interval(const report_format *format, double value, double low, double high, const char *unit,
                             const char *comma, hs_text *text)
{
    if (!isfinite(value))
        return;
    hs__report_put_number(format, value, text);
    hs_text_put(text, unit);
    if (!isfinite(low) || !isfinite(high))
        return;
    hs_text_put(text, " [");
    hs__report_put_number(format, low, text);
    hs_text_put(text, comma);
    hs__report_put_number(format, high, text);
    hs_text_put(text, "]");
}

double hs__report_shown_number(const report_format *format, double number, double *unit_out)
{
    const double size = fabs(number * format->factor);
    char printed[NUMBER_BYTES];

    print_number(format, number, printed);
    *unit_out = format->digits >= 0 ? pow(10, -format->digits)
                : size > 0          ? pow(10, floor(log10(size)) + 1 + format->digits)
                                    : 1;
    return strtod(printed, NULL);
}

/* Largest of a statistic over the complete sets, as shown. */
static double largest_of(const hs_analysis *analysis, hs_statistic statistic, const report_metric *metric)
{
    double largest = 0;

    for (uint64_t set = 0; set < analysis->n_sets; ++set) {
        const double value = fabs(hs_analysis_value(analysis, statistic, metric->task, metric->metric, set));
        if (analysis->complete[set] && isfinite(value))
            largest = fmax(largest, value);
    }
    return largest * metric->factor;
}

/*
 * The page's numbers have 22 bits; the ends of intervals and interactions may be twice as large as means and
 * changes.
 */
enum { MOST_UNITS = 1 << 20, MOST_DIGITS = 7 };

static int digits_of(const hs_analysis *analysis, const report_metric *metric)
{
    const double change = largest_of(analysis, HS_STATISTIC_DELTA, metric);
    const double most = fmax(change, largest_of(analysis, HS_STATISTIC_MEAN, metric));
    const int least = metric->is->percent ? 1 : 3;
    int digits = change > 0 ? (int)fmin(1 - floor(log10(change)), MOST_DIGITS) : 0;

    digits = digits > least ? digits : least;
    while (digits > 0 && most * pow(10, digits) >= MOST_UNITS)
        --digits;
    return digits;
}

report_metric hs__report_metric_of(const hs_analysis *analysis, size_t task, size_t metric)
{
    const hs_results_task *of = hs_results_task_at(analysis->results, task);
    report_metric shown = {.task = task, .metric = metric, .of = of, .is = &of->metrics[metric]};

    shown.factor = shown.is->percent ? 100 : 1;
    shown.digits = digits_of(analysis, &shown);
    return shown;
}

report_format hs__report_change_format(const report_metric *metric)
{
    return (report_format){.factor = metric->factor, .digits = metric->digits, .sign = true};
}

report_format hs__report_mean_format(const report_metric *metric)
{
    return (report_format){.factor = metric->factor, .digits = metric->digits};
}

const char *hs__report_unit(const report_metric *metric)
{
    return metric->is->percent ? "points" : metric->is->unit;
}

void hs__report_put_mean(const report_metric *metric, double mean, double low, double high, hs_text *text)
{
    const report_format format = hs__report_mean_format(metric);

    if (!isfinite(mean)) {
        hs_text_put(text, "no number");
        return;
    }
    hs__report_put_interval(&format, mean, low, high, metric->is->percent ? "%" : "", ",", text);
    if (!metric->is->percent)
        hs_text_putf(text, " %s", metric->is->unit);
}

void hs__report_put_metric(const report_metric *metric, hs_text *text)
{
    hs_text_putf(text, "%s.%s", metric->of->name, metric->is->name);
}

void hs__report_put_set(const hs_sets *sets, uint64_t set, hs_text *text)
{
    hs_error error;

    error.status = HS_OK;
    if (text->status == HS_OK)
        hs_text_keep(text, hs_sets_name(sets, set, text, &error));
}
