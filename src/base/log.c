/*
 * log: lines for people on stderr, and bytes, counts and durations in the short forms that they
 * contain.
 */
#include "headsweep/base.h"

#include <math.h>
#include <string.h>
#include <time.h>

static void print_formatted(FILE *stream, const char *format, va_list arguments)
{
    hs_error error = {0};
    char *text = NULL;
    va_list measured;
    va_copy(measured, arguments);
    int length = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    if (length >= 0 && hs_allocate(&text, (size_t)length + 1, 1, "message", &error) == HS_OK) {
        (void)vsnprintf(text, (size_t)length + 1, format, arguments);
        hs_print_visible(stream, text, (size_t)length, true);
    }
    hs_free(text);
}

void hs_log_print(const hs_log *log, hs_log_level level, const char *format, ...)
{
    static const char *const prefixes[] = {
        [HS_LOG_QUIET] = "", [HS_LOG_WARNING] = "warning: ", [HS_LOG_INFO] = "", [HS_LOG_DEBUG] = "debug: "};
    if (log->stream == NULL || level == HS_LOG_QUIET || level > log->level)
        return;
    (void)fputs(prefixes[level], log->stream);
    va_list arguments;
    va_start(arguments, format);
    print_formatted(log->stream, format, arguments);
    va_end(arguments);
    (void)fputc('\n', log->stream);
    (void)fflush(log->stream);
}

void hs_log_print_lines(const hs_log *log, hs_log_level level, const char *text)
{
    for (const char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
        hs_log_print(log, level, "%.*s", (int)(end - line), line);
}

double hs_time_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/*
 * The limits are those at which printf rounds up to one more digit: 999.6 kB is written 1.0 MB,
 * not 1000 kB.
 */
const char *hs_format_bytes(double n_bytes, char *buffer, size_t capacity)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    enum { N_UNITS = sizeof units / sizeof units[0] };
    if (!isfinite(n_bytes)) {
        (void)snprintf(buffer, capacity, "?");
        return buffer;
    }
    const char *sign = n_bytes < 0 ? "-" : "";
    double scaled = fabs(n_bytes);
    size_t unit = 0;
    for (; unit + 1 < N_UNITS && scaled >= 999.5; unit++)
        scaled /= 1000;
    int n_decimals = unit > 0 && scaled < 99.95 ? 1 : 0;
    (void)snprintf(buffer, capacity, "%s%.*f %s", sign, n_decimals, scaled, units[unit]);
    return buffer;
}

/*
 * Numbers of heads and sets are compared with each other and are therefore exact up to four
 * digits. Limits that end in 95 are those at which printf rounds up.
 */
const char *hs_format_count(double count, char *buffer, size_t capacity)
{
    static const char *const prefixes[] = {"", " k", " M", " G", " T", " P", " E"};
    enum { N_PREFIXES = sizeof prefixes / sizeof prefixes[0] };
    if (!isfinite(count)) {
        (void)snprintf(buffer, capacity, "?");
        return buffer;
    }
    const char *sign = count < 0 ? "-" : "";
    double scaled = fabs(count);
    size_t prefix = 0;
    /* Up to four digits are written out; above, 0.9 of a unit is already written in that unit. */
    if (scaled >= 9999.5)
        for (; prefix + 1 < N_PREFIXES && (prefix == 0 || scaled >= 899.95); prefix++)
            scaled /= 1000;
    int n_decimals = prefix == 0 && (scaled >= 999.95 || scaled == floor(scaled)) ? 0 : 1;
    (void)snprintf(buffer, capacity, "%s%.*f%s", sign, n_decimals, scaled, prefixes[prefix]);
    return buffer;
}

/*
 * Rounded once, before it is taken apart: parts that are rounded by themselves give 0:60. Days
 * stay a double, because an estimate may be of any size.
 */
const char *hs_format_duration(double seconds, char *buffer, size_t capacity)
{
    if (!isfinite(seconds) || seconds < 0) {
        (void)snprintf(buffer, capacity, "?");
        return buffer;
    }
    double rounded = round(seconds);
    double days = floor(rounded / 86400);
    int rest = (int)(rounded - days * 86400);
    int hours = rest / 3600, minutes = rest / 60 % 60;
    if (days > 0)
        (void)snprintf(buffer, capacity, "%.0fd %02d:%02d", days, hours, minutes);
    else if (hours > 0)
        (void)snprintf(buffer, capacity, "%d:%02d:%02d", hours, minutes, rest % 60);
    else
        (void)snprintf(buffer, capacity, "%d:%02d", minutes, rest % 60);
    return buffer;
}
