/* names: the names that there are, in messages about one that there is not. */
#include "headsweep/base.h"

#include <string.h>

/* Where the analyser reads it it is something else than what is defined here. */
#undef hs_fail_name

enum { MAX_COMPARED = 96, MAX_LISTED = 360, MAX_MESSAGE = 600 };

static size_t smaller(size_t left, size_t right)
{
    return left < right ? left : right;
}

/*
 * Exchanged neighbours, the commonest slip, count once (optimal string alignment). The table is on
 * the stack because names are short; what is longer was not meant to be one.
 */
size_t hs_edit_distance(const char *left, const char *right)
{
    size_t n_left = strlen(left), n_right = strlen(right);
    size_t cost[MAX_COMPARED][MAX_COMPARED];
    if (n_left >= MAX_COMPARED || n_right >= MAX_COMPARED)
        return SIZE_MAX;
    for (size_t i = 0; i <= n_left; i++) {
        for (size_t j = 0; j <= n_right; j++) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            size_t changed = left[i - 1] == right[j - 1] ? 0 : 1;
            cost[i][j] = smaller(smaller(cost[i - 1][j], cost[i][j - 1]) + 1, cost[i - 1][j - 1] + changed);
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                cost[i][j] = smaller(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[n_left][n_right];
}

size_t hs_most_edits(const char *name)
{
    return (strlen(name) + 2) / 3;
}

/* The one name that begins so, or NULL. */
static const char *find_beginning(const hs_names *names, const char *name)
{
    const char *found = NULL;
    for (size_t i = 0; name[0] != '\0' && i < names->n; i++) {
        if (strncmp(names->items[i], name, strlen(name)) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = names->items[i];
    }
    return found;
}

static const char *find_nearest(const hs_names *names, const char *name)
{
    size_t nearest = names->n, least = hs_most_edits(name) + 1;
    for (size_t i = 0; i < names->n; i++) {
        size_t distance = hs_edit_distance(name, names->items[i]);
        if (distance < least) {
            least = distance;
            nearest = i;
        }
    }
    return nearest < names->n ? names->items[nearest] : find_beginning(names, name);
}

void hs_names_put(hs_names *names, const char *name)
{
    hs_error error = {0};
    if (names->status == HS_OK)
        names->status =
            hs_reserve(&names->items, &names->capacity, names->n + 1, sizeof *names->items, "names", &error);
    if (names->status == HS_OK)
        names->items[names->n++] = name;
}

void hs_names_clear(hs_names *names)
{
    hs_free(names->items);
    *names = (hs_names){0};
}

/* "acc, acc_norm, margin", or as many as fit and how many there are. */
static void list_names(const hs_names *names, char list[MAX_LISTED])
{
    size_t used = 0;
    list[0] = '\0';
    for (size_t i = 0; i < names->n; i++) {
        size_t length = strlen(names->items[i]) + 2;
        if (used + length + sizeof ", ... (4294967295 in all)" > MAX_LISTED) {
            (void)snprintf(list + used, MAX_LISTED - used, "%s... (%zu in all)", used > 0 ? ", " : "", names->n);
            return;
        }
        used += (size_t)snprintf(list + used, MAX_LISTED - used, "%s%s", used > 0 ? ", " : "", names->items[i]);
    }
}

static hs_status record(hs_error *error, hs_status status, const hs_names *names, const char *name, const char *message)
{
    char list[MAX_LISTED];
    if (names->status != HS_OK)
        return hs_fail(error, names->status, "%s; and the memory for the names that there are is missing", message);
    if (names->n == 0)
        return hs_fail(error, status, "%s; there is none", message);
    list_names(names, list);
    const char *nearest = find_nearest(names, name);
    if (nearest == NULL)
        return hs_fail(error, status, "%s; there are: %s", message, list);
    return hs_fail(error, status, "%s; did you mean \"%s\"? There are: %s", message, nearest, list);
}

/*
 * All in one message, because hs_fail keeps only the first: what the caller says, what may have
 * been meant and what there is.
 */
hs_status hs_fail_name(hs_error *error, hs_status status, hs_names *names, const char *name, const char *format, ...)
{
    char message[MAX_MESSAGE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    status = record(error, status, names, name, message);
    hs_names_clear(names);
    return status;
}
