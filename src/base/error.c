/*
 * error: exit codes and meanings of the statuses, and the one message that an hs_error keeps. The
 * first failure is the cause; what fails after it, because of it, is not recorded.
 */
#include "headsweep/base.h"

#include <string.h>

/* Where the analyser reads them they are something else than what is defined here. */
#undef hs_fail
#undef hs_fail_system

typedef struct status_row {
    int exit_code;
    const char *meaning;
} status_row;

static const status_row status_rows[] = {
#define STATUS_ROW(name, exit_code, meaning) [name] = {exit_code, meaning},
    HS_STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};

static const status_row *row_of(hs_status status)
{
    size_t n_rows = sizeof status_rows / sizeof status_rows[0];
    return &status_rows[(size_t)status < n_rows ? status : HS_ERROR_INTERNAL];
}

int hs_status_exit_code(hs_status status)
{
    return row_of(status)->exit_code;
}

const char *hs_status_meaning(hs_status status)
{
    return row_of(status)->meaning;
}

/* A message that did not fit ends in "..." after its last whole character, so that it stays valid UTF-8. */
static void mark_cut(char *message, size_t capacity)
{
    static const char mark[] = "...";
    size_t end = capacity - sizeof mark;
    while (end > 0 && ((unsigned char)message[end] & 0xC0) == 0x80)
        end--;
    memcpy(message + end, mark, sizeof mark);
}

static void append(char *message, size_t capacity, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void append(char *message, size_t capacity, const char *format, va_list arguments)
{
    size_t used = strlen(message);
    int n = vsnprintf(message + used, capacity - used, format, arguments);
    if (n < 0)
        message[used] = '\0';
    else if ((size_t)n >= capacity - used)
        mark_cut(message, capacity);
}

static void append_text(char *message, size_t capacity, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void append_text(char *message, size_t capacity, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append(message, capacity, format, arguments);
    va_end(arguments);
}

/* True if this is the first error, which alone is recorded. A failure that claims success is a bug of its own. */
static bool record_status(hs_error *error, hs_status status)
{
    if (error->status != HS_OK)
        return false;
    error->status = status == HS_OK ? HS_ERROR_INTERNAL : status;
    error->has_rank = false;
    error->message[0] = '\0';
    return true;
}

hs_status hs_fail(hs_error *error, hs_status status, const char *format, ...)
{
    if (record_status(error, status)) {
        va_list arguments;
        va_start(arguments, format);
        append(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return error->status;
}

hs_status hs_fail_system(hs_error *error, hs_status status, int system_error, const char *format, ...)
{
    if (record_status(error, status)) {
        char meaning[256];
        if (strerror_r(system_error, meaning, sizeof meaning) != 0)
            (void)snprintf(meaning, sizeof meaning, "system error %d", system_error);
        va_list arguments;
        va_start(arguments, format);
        append(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        append_text(error->message, sizeof error->message, ": %s", meaning);
    }
    return error->status;
}

hs_status hs_error_prefix(hs_error *error, const char *format, ...)
{
    if (error->status == HS_OK)
        return HS_OK;
    char message[sizeof error->message] = "";
    va_list arguments;
    va_start(arguments, format);
    append(message, sizeof message, format, arguments);
    va_end(arguments);
    append_text(message, sizeof message, ": %s", error->message);
    memcpy(error->message, message, sizeof message);
    return error->status;
}
