/* progress: how far a run is, as a bar on a terminal and as a line now and then in a log. */
#include "cli/progress.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A launcher does not tell how wide the terminal is. */
enum { MIN_BAR_WIDTH = 10, MAX_BAR_WIDTH = 40, USUAL_COLUMNS = 80 };
#define TERMINAL_INTERVAL_SECONDS 0.1

/*
 * mpirun takes the standard error of its ranks through a pipe and prints it on its own. So a rank asks what its
 * parent's is: on the launcher's host that is mpirun's own, elsewhere a daemon's, which is not a terminal.
 */
static bool parent_writes_to_a_terminal(void)
{
    char link[64], target[64];

    snprintf(link, sizeof link, "/proc/%ld/fd/2", (long)getppid());
    ssize_t length = readlink(link, target, sizeof target - 1);
    if (length < 0)
        return false;
    target[length] = '\0';
    return strncmp(target, "/dev/pts/", 9) == 0 || strncmp(target, "/dev/tty", 8) == 0;
}

progress_display hs__cli_progress_display_make(FILE *stream, double log_interval_seconds)
{
    bool terminal = stream != NULL && (isatty(fileno(stream)) == 1 || parent_writes_to_a_terminal());

    return (progress_display){.stream = stream,
                              .terminal = terminal,
                              .interval_seconds = terminal ? TERMINAL_INTERVAL_SECONDS : log_interval_seconds,
                              .last_seconds = hs_time_seconds()};
}

/* "0:12 left", or nothing while the rate is not known. */
static void format_time_left(const hs_progress *progress, char *buffer, size_t capacity)
{
    char duration[32];
    double rate = (double)progress->cells_this_run / progress->seconds;

    buffer[0] = '\0';
    if (progress->cells_this_run == 0 || progress->seconds <= 0)
        return;
    hs_format_duration((double)(progress->cells_total - progress->cells_done) / rate, duration, sizeof duration);
    snprintf(buffer, capacity, "  %s left", duration);
}

void hs__cli_progress_draw_bar(double share, size_t width, char *bar)
{
    size_t filled = (size_t)(share * (double)width);

    memset(bar, ' ', width);
    memset(bar, '#', filled < width ? filled : width);
    bar[width] = '\0';
}

static size_t columns_of(FILE *stream)
{
    struct winsize size = {0};

    return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : USUAL_COLUMNS;
}

const char *hs__cli_progress_format_rate(double rate, char *buffer, size_t capacity)
{
    snprintf(buffer, capacity, rate < 100 ? "%.3g" : "%.0f", rate);
    return buffer;
}

/* Half of what a terminal has beyond the usual. */
static size_t bar_width(size_t columns)
{
    const size_t wide = columns > USUAL_COLUMNS ? MIN_BAR_WIDTH + (columns - USUAL_COLUMNS) / 2 : MIN_BAR_WIDTH;

    return wide > MAX_BAR_WIDTH ? MAX_BAR_WIDTH : wide;
}

/*
 * The bar is as wide as the terminal lets it be, whatever stands beside it: it would move if it took what is left.
 * What does not fit into the rest of the line is cut off.
 */
static void show_bar(progress_display *display, double share, const char *text)
{
    const size_t columns = columns_of(display->stream), width = bar_width(columns);
    const size_t taken = width + strlen("[] ") + 1, room = columns > taken ? columns - taken : 0;
    char bar[MAX_BAR_WIDTH + 1];

    hs__cli_progress_draw_bar(share, width, bar);
    fprintf(display->stream, "\r[%s] ", bar);
    hs_print_visible(display->stream, text, strnlen(text, room), true);
    fputs("\033[K", display->stream);
    display->bar_is_up = true;
}

static void hide_bar(progress_display *display)
{
    if (display->bar_is_up)
        fprintf(display->stream, "\r\033[K");
    display->bar_is_up = false;
}

/* "30/60 sets  2 sets/s  0:15 left  best head 0.2 zero -1.45 toxicity.contrast" */
static void format_state(const hs_study_progress *progress, char *text, size_t capacity)
{
    const hs_progress *cells = &progress->cells;
    const double a_set = (double)progress->cells_a_set;
    const double rate = cells->seconds > 0 ? (double)cells->cells_this_run / a_set / cells->seconds : 0;
    char left[48], number[32];

    format_time_left(cells, left, sizeof left);
    snprintf(text, capacity, "%.0f/%.0f sets  %s sets/s%s%s%s", (double)cells->cells_done / a_set,
             (double)cells->cells_total / a_set, hs__cli_progress_format_rate(rate, number, sizeof number), left,
             progress->best[0] != '\0' ? "  best head " : "", progress->best);
}

static bool is_due(progress_display *display)
{
    const double now = hs_time_seconds();
    const bool due = display->stream != NULL && now - display->last_seconds >= display->interval_seconds;

    display->last_seconds = due ? now : display->last_seconds;
    return due;
}

static void show(progress_display *display, double share, const char *text)
{
    if (display->terminal)
        show_bar(display, share, text);
    else
        hs_log_print(&(hs_log){display->stream, HS_LOG_INFO}, HS_LOG_INFO, "progress  %.1f%%  %s", 100 * share, text);
    fflush(display->stream);
}

/*
 * Called after every group, so it first looks at the clock: a log of thousands of lines, or a
 * terminal that is drawn a thousand times a second, would cost more than it tells. NULL is the end
 * of a phase: the bar must not stand between the lines that follow.
 */
void hs__cli_progress_show(void *context, const hs_study_progress *progress)
{
    progress_display *display = context;
    char text[512];

    if (progress == NULL) {
        hide_bar(display);
        return;
    }
    if (!is_due(display))
        return;
    format_state(progress, text, sizeof text);
    show(display, (double)progress->cells.cells_done / (double)progress->cells.cells_total, text);
}

void hs__cli_progress_show_share(progress_display *display, double share, const char *what)
{
    if (is_due(display))
        show(display, share, what);
}
