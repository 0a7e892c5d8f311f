#include "cli/arguments.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

hs_status next_option(int argc, char **argv, const struct option *options, int *option_out, hs_error *error)
{
    return next_option_or_letter(argc, argv, ":", options, option_out, error);
}

hs_status next_option_or_letter(int argc, char **argv, const char *letters, const struct option *options,
                                int *option_out, hs_error *error)
{
    int place = optind;

    opterr = 0;
    *option_out = getopt_long(argc, argv, letters, options, NULL);
    if (*option_out == ':')
        return hs_fail(error, HS_ERROR_USAGE, "%s needs a value; see headsweep %s --help", argv[optind - 1], argv[0]);
    if (*option_out == '?')
        return hs_fail(error, HS_ERROR_USAGE, "unknown option %s; see headsweep %s --help",
                       argv[place < argc && optind == place ? place : optind - 1], argv[0]);
    return HS_OK;
}

hs_status only_argument(int argc, char **argv, const char *what, const char **argument_out, hs_error *error)
{
    if (optind == argc)
        return hs_fail(error, HS_ERROR_USAGE, "%s is missing; see headsweep %s --help", what, argv[0]);
    if (optind + 1 < argc)
        return hs_fail(error, HS_ERROR_USAGE, "unexpected argument \"%s\" after %s", argv[optind + 1], what);
    *argument_out = argv[optind];
    return HS_OK;
}

hs_status read_count(const char *option, const char *text, int64_t minimum, int64_t *count_out, hs_error *error)
{
    char *end;

    errno = 0;
    *count_out = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *count_out < minimum)
        return hs_fail(error, HS_ERROR_USAGE, "%s %s: expected a whole number from %" PRId64 " on", option, text,
                       minimum);
    return HS_OK;
}

hs_status override_list_add(override_list *list, const char *override, hs_error *error)
{
    HS_TRY(hs_reserve(&list->items, &list->capacity, list->n + 1, sizeof *list->items, "--set", error));
    list->items[list->n++] = override;
    return HS_OK;
}

void override_list_clear(override_list *list)
{
    hs_free(list->items);
    *list = (override_list){0};
}

void print_and_clear_error(hs_error *error)
{
    if (error->message[0] != '\0')
        fprintf(stderr, "headsweep: %s\n", error->message);
    error->message[0] = '\0';
}

void print_text(hs_text *text)
{
    if (text->text != NULL)
        fwrite(text->text, 1, text->length, stdout);
    hs_text_clear(text);
}
