/*
 * watch: headsweep status --watch, a file looked at again and again, from outside the run: it
 * needs no answer from it and does not disturb it.
 */
#include "cli/watch.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/results_file.h"
#include "cli/stop.h"
#include "headsweep/results.h"

#define TERMINAL_INTERVAL_SECONDS 2.0
#define LOG_INTERVAL_SECONDS 30.0

enum { BAR_WIDTH = 40, NAP_NANOSECONDS = 100000000 };

static const char no_run[] = "no run holds this file; run the same command again to continue";

typedef struct watch {
    const char *path;
    bool terminal;
    double interval_seconds;
    size_t n_lines; /* of the view that is on the terminal */
    hs_results_watch cells;
    /* What the last look found. */
    double seconds; /* when it was; 0: there was none */
    hs_results_counts counts;
    size_t n_phases;
    size_t n_chosen;
    bool ranked;
    char phase[32]; /* the name of the last one that is chosen */
    hs_text holder; /* empty: no run holds the file, or nobody knows which */
    bool idle;      /* nobody holds the file, and nothing is new in it */
    bool swept;     /* every cell of every phase is done */
    bool finished;  /* and the ranking */
    /* Where the rate is counted from, and when a cell was seen to arrive. */
    uint64_t start_done;
    double start_seconds;
    double news_seconds;
} watch;

static hs_status look_at_cells(watch *w, hs_error *error)
{
    hs_results *results = NULL;

    HS_TRY(hs_results_open_read(w->path, &results, error));
    hs_status status = hs_results_look(results, &w->cells, &w->counts, error);
    if (status == HS_OK)
        status = hs_results_ranking_done(results, &w->ranked, error);
    w->n_phases = hs_results_n_phases(results);
    w->n_chosen = hs_results_n_chosen_phases(results);
    snprintf(w->phase, sizeof w->phase, "%s", hs_results_phase_name(results, w->n_chosen - 1));
    return hs_results_close_after(results, status, error);
}

/*
 * No lock alone does not make it idle: a run may have written its last cells since the look before
 * and let go. Only if nothing came either is nobody at work.
 */
static hs_status look(watch *w, hs_error *error)
{
    const uint64_t n_before = w->counts.n_done;
    const bool first = w->seconds == 0;
    bool held;

    /* The lock comes first: of a run that ends in between, what it left is seen. */
    hs_text_clear(&w->holder);
    HS_TRY(hs_results_lock_look(w->path, &held, &w->holder, error));
    HS_TRY(look_at_cells(w, error));
    w->seconds = hs_time_seconds();
    w->swept = w->counts.n_done == w->counts.n_cells && w->n_chosen == w->n_phases;
    w->finished = w->swept && w->ranked;
    w->idle = !held && (first || w->counts.n_done == n_before);
    if (first || w->counts.n_done != n_before)
        w->news_seconds = w->seconds;
    /* The rate is that of the run that writes now. */
    if (first || w->idle || w->counts.n_done < n_before) {
        w->start_done = w->counts.n_done;
        w->start_seconds = w->seconds;
    }
    return HS_OK;
}

static double share_done(const watch *w)
{
    return (double)w->counts.n_done / (double)w->counts.n_cells;
}

/* Not rounded up: 100% is finished. */
static double percent_done(const watch *w)
{
    return floor(1000 * share_done(w)) / 10;
}

/* "45.1 cells/s", then `separator` and "0:16 left"; empty while no cell arrived. */
static void format_rate(const watch *w, const char *separator, char *buffer, size_t capacity)
{
    const double n = (double)(w->counts.n_done - w->start_done), seconds = w->seconds - w->start_seconds;
    char duration[32], number[32];

    buffer[0] = '\0';
    if (n <= 0 || seconds <= 0)
        return;
    hs_format_duration((double)(w->counts.n_cells - w->counts.n_done) * seconds / n, duration, sizeof duration);
    snprintf(buffer, capacity, "%s cells/s%s%s left", hs__cli_progress_format_rate(n / seconds, number, sizeof number),
             separator, duration);
}

/*
 * One line, complete in itself, because a log is read by grep. "no new cell for" is the sign of a
 * run that hangs.
 */
static void append_line(const watch *w, hs_text *text)
{
    const hs_results_counts *counts = &w->counts;
    const bool stands = !w->swept && !w->idle && w->news_seconds < w->seconds;
    char rate[64], duration[32];

    format_rate(w, "  ", rate, sizeof rate);
    hs_text_putf(text, "status  %.1f%%  %" PRIu64 "/%" PRIu64 " cells", percent_done(w), counts->n_done,
                 counts->n_cells);
    if (rate[0] != '\0' && !w->swept)
        hs_text_putf(text, "  %s", rate);
    hs_text_putf(text, "  %" PRIu64 " damaged  %" PRIu64 " not finite  phase %zu of %zu", counts->n_damaged,
                 counts->n_not_finite, w->n_chosen, w->n_phases);
    if (stands)
        hs_text_putf(text, "  no new cell for %s",
                     hs_format_duration(w->seconds - w->news_seconds, duration, sizeof duration));
    hs_text_putf(text, "%s%s\n",
                 w->finished ? "  finished"
                 : w->idle   ? "  "
                 : w->swept  ? "  statistics running"
                             : "",
                 w->idle && !w->finished ? no_run : "");
}

/* What the run does, in words. */
static void append_run(const watch *w, hs_text *text)
{
    char duration[32];

    if (w->finished || w->idle) {
        hs_text_putf(text, "  run         %s\n", w->finished ? "finished" : no_run);
        return;
    }
    hs_format_duration(w->seconds - w->news_seconds, duration, sizeof duration);
    hs_text_putf(text, "  run         %s; last new cell %s ago%s\n",
                 w->holder.text != NULL ? w->holder.text : "unknown", duration, w->swept ? "; statistics running" : "");
}

/* One line a fact, because draw() goes back over as many lines as it has drawn. */
static void append_view(const watch *w, hs_text *text)
{
    const hs_results_counts *counts = &w->counts;
    char bar[BAR_WIDTH + 1], rate[64];

    hs__cli_progress_draw_bar(share_done(w), BAR_WIDTH, bar);
    format_rate(w, ", ", rate, sizeof rate);
    hs_text_putf(text, "%s\n[%s]  %.1f%%\n", w->path, bar, percent_done(w));
    hs_text_putf(text, "  cells       %" PRIu64 " of %" PRIu64 "\n", counts->n_done, counts->n_cells);
    hs_text_putf(text, "  rate        %s\n", rate[0] != '\0' ? rate : w->swept ? "-" : "not known yet");
    hs_text_putf(text, "  phase       %zu of %zu, %s\n", w->n_chosen, w->n_phases, w->phase);
    hs_text_putf(text, "  damaged     %" PRIu64 " cells\n", counts->n_damaged);
    hs_text_putf(text, "  not finite  %" PRIu64 " values\n", counts->n_not_finite);
    append_run(w, text);
}

/* Over the view before. Lines are cut at the terminal's edge, so that they stay as many as they are. */
static void draw(watch *w, const char *text)
{
    if (w->n_lines > 0)
        printf("\033[%zuA", w->n_lines);
    w->n_lines = 0;
    printf("\033[?7l");
    for (const char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        hs_print_visible(stdout, line, (size_t)(end - line), true);
        printf("\033[K\n");
        ++w->n_lines;
    }
    printf("\033[?7h");
}

/* Flushed each time, because whoever reads the log through a pipe waits for it. */
static hs_status show(watch *w, hs_error *error)
{
    hs_text text = {0};

    if (w->terminal)
        append_view(w, &text);
    else
        append_line(w, &text);
    const hs_status status = hs_text_status(&text, error);
    if (status == HS_OK && w->terminal)
        draw(w, text.text);
    else if (status == HS_OK)
        hs_print_visible(stdout, text.text, text.length, false);
    fflush(stdout);
    hs_text_clear(&text);
    return status;
}

/* In naps, so that a signal between two of them is not slept over. */
static void wait_for_next(const watch *w)
{
    const double end = hs_time_seconds() + w->interval_seconds;
    const struct timespec nap = {0, NAP_NANOSECONDS};

    while (!hs__cli_stop_is_requested(NULL) && hs_time_seconds() < end)
        nanosleep(&nap, NULL);
}

/* Ctrl-C is a wish like any other here: it ends between two looks with HS_UNFINISHED. */
hs_status hs__cli_watch_results(const char *path, double interval_seconds, hs_error *error)
{
    watch w = {.path = path, .terminal = isatty(STDOUT_FILENO) == 1, .interval_seconds = interval_seconds};
    hs_status status = HS_OK;

    if (w.interval_seconds == 0)
        w.interval_seconds = w.terminal ? TERMINAL_INTERVAL_SECONDS : LOG_INTERVAL_SECONDS;
    hs__cli_stop_catch_signals();
    while (status == HS_OK && !w.finished && !hs__cli_stop_is_requested(NULL)) {
        status = look(&w, error);
        if (status == HS_OK)
            status = show(&w, error);
        if (status == HS_OK && !w.finished)
            wait_for_next(&w);
    }
    hs_results_watch_clear(&w.cells);
    hs_text_clear(&w.holder);
    return status == HS_OK && !w.finished ? HS_UNFINISHED : status;
}
