/* command_syntax: readers of values, each of one kind, into what a row points to. */
#include "cli/command_syntax.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

hs_status hs__cli_read_flag(const option_row *row, char *value, hs_error *error)
{
    (void)value;
    (void)error;
    *(bool *)row->target = true;
    return HS_OK;
}

hs_status hs__cli_read_text(const option_row *row, char *value, hs_error *error)
{
    (void)error;
    *(const char **)row->target = value;
    return HS_OK;
}

hs_status hs__cli_read_count(const option_row *row, char *value, hs_error *error)
{
    char *end;

    errno = 0;
    const int64_t count = strtoll(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || count < row->minimum)
        return hs_fail(error, HS_ERROR_USAGE, "--%s %s: expected a whole number from %" PRId64 " on", row->name, value,
                       row->minimum);
    if (row->maximum > 0 && count > row->maximum)
        return hs_fail(error, HS_ERROR_USAGE, "--%s %s: at most %" PRId64, row->name, value, row->maximum);
    *(int64_t *)row->target = count;
    return HS_OK;
}

hs_status hs__cli_read_amount(const option_row *row, char *value, hs_error *error)
{
    char *end;
    const double amount = strtod(value, &end);

    if (end == value || *end != '\0' || !isfinite(amount) || amount <= 0)
        return hs_fail(error, HS_ERROR_USAGE, "--%s %s: expected a number above 0", row->name, value);
    *(double *)row->target = amount;
    return HS_OK;
}

hs_status hs__cli_read_list(const option_row *row, char *value, hs_error *error)
{
    text_list *list = row->target;

    HS_TRY(hs_reserve(&list->items, &list->capacity, list->n + 1, sizeof *list->items, row->name, error));
    list->items[list->n++] = value;
    return HS_OK;
}

void hs__cli_text_list_clear(text_list *list)
{
    hs_free(list->items);
    *list = (text_list){0};
}
