/* The progress bar on a terminal, or a line every so often in a job's log. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "headsweep/study.h"

typedef struct progress_display {
    FILE *stream; /* NULL: nothing is shown */
    bool terminal;
    double interval_seconds; /* between two lines in a log */
    double last_seconds;     /* when something was shown; 0 = never */
    bool bar_is_up;
} progress_display;

progress_display hs__cli_progress_display_make(FILE *stream, double log_interval_seconds);
/* An hs_study_run_options.progress: with NULL it takes the bar away, so that other text can follow. */
void hs__cli_progress_show(void *display, const hs_study_progress *progress);

/* The same of other work: its share (0 to 1) that is done, and what it is. */
void hs__cli_progress_show_share(progress_display *display, double share, const char *what);

/* "45.1", "1234": never with an exponent; returns `buffer`. */
const char *hs__cli_progress_format_rate(double rate, char *buffer, size_t capacity);
/* bar[width + 1]: '#' for the share (0 to 1) that is done, then spaces; zero-terminated. */
void hs__cli_progress_draw_bar(double share, size_t width, char *bar);

#endif
