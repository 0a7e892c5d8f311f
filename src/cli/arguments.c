#include "cli/arguments.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

hs_status hs__cli_next_option(int argc, char **argv, const struct option *options, int *option_out, hs_error *error)
{
    return hs__cli_next_option_or_letter(argc, argv, ":", options, option_out, error);
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* A word that begins with "--": it is none, could be several, or is given a value that it does not take. */
static hs_status fail_long(const char *command, const char *word, const struct option *options, hs_error *error)
{
    char name[64];
    hs_names names = {0};
    hs_status status = HS_OK;
    size_t n_begun = 0;

    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (size_t i = 0; status == HS_OK && options[i].name != NULL; ++i) {
        if (strcmp(options[i].name, name) == 0) {
            hs_names_clear(&names);
            return hs_fail(error, HS_ERROR_USAGE, "--%s takes no value; see headsweep %s --help", name, command);
        }
        n_begun += begins_with(options[i].name, name);
        status = hs_names_add(&names, options[i].name, error);
    }
    if (status == HS_OK)
        status = hs_fail_name(error, HS_ERROR_USAGE, &names, name, "headsweep %s: %s option --%s", command,
                              n_begun > 1 ? "ambiguous" : "unknown", name);
    hs_names_clear(&names);
    return status;
}

hs_status hs__cli_next_option_or_letter(int argc, char **argv, const char *letters, const struct option *options,
                                        int *option_out, hs_error *error)
{
    opterr = 0;
    *option_out = getopt_long(argc, argv, letters, options, NULL);
    if (*option_out == ':')
        return hs_fail(error, HS_ERROR_USAGE, "%s needs a value; see headsweep %s --help", argv[optind - 1], argv[0]);
    if (*option_out != '?')
        return HS_OK;
    /* Behind a letter that is none optind need not have moved, and what stands there can be a file. */
    if (begins_with(argv[optind - 1], "--") && (optopt == 0 || strchr(argv[optind - 1], '=') != NULL))
        return fail_long(argv[0], argv[optind - 1], options, error);
    return hs_fail(error, HS_ERROR_USAGE, "unknown option -%c; see headsweep %s --help", optopt, argv[0]);
}

hs_status hs__cli_only_argument(int argc, char **argv, const char *what, const char **argument_out, hs_error *error)
{
    if (optind == argc)
        return hs_fail(error, HS_ERROR_USAGE, "%s is missing; see headsweep %s --help", what, argv[0]);
    if (optind + 1 < argc && argv[optind + 1][0] == '-' && getenv("POSIXLY_CORRECT") != NULL)
        return hs_fail(error, HS_ERROR_USAGE, "%s: POSIXLY_CORRECT is set, so that options go before %s",
                       argv[optind + 1], what);
    if (optind + 1 < argc)
        return hs_fail(error, HS_ERROR_USAGE, "unexpected argument \"%s\" after %s", argv[optind + 1], what);
    *argument_out = argv[optind];
    return HS_OK;
}

hs_status hs__cli_read_count(const char *option, const char *text, int64_t minimum, int64_t *count_out, hs_error *error)
{
    char *end;

    errno = 0;
    *count_out = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *count_out < minimum)
        return hs_fail(error, HS_ERROR_USAGE, "%s %s: expected a whole number from %" PRId64 " on", option, text,
                       minimum);
    return HS_OK;
}

hs_status hs__cli_override_list_add(override_list *list, const char *override, hs_error *error)
{
    HS_TRY(hs_reserve(&list->items, &list->capacity, list->n + 1, sizeof *list->items, "--set", error));
    list->items[list->n++] = override;
    return HS_OK;
}

void hs__cli_override_list_clear(override_list *list)
{
    hs_free(list->items);
    *list = (override_list){0};
}

static void print_error_line(const hs_error *error)
{
    fputs("headsweep: ", stderr);
    if (error->has_rank)
        fprintf(stderr, "rank %d: ", error->rank);
    hs_print_visible(stderr, error->message, strlen(error->message), true);
    fputc('\n', stderr);
}

void hs__cli_print_and_clear_error(hs_error *error)
{
    if (error->message[0] != '\0')
        print_error_line(error);
    error->message[0] = '\0';
}

void hs__cli_print_text(hs_text *text)
{
    hs_print_visible(stdout, text->text, text->length, false);
    hs_text_clear(text);
}

void hs__cli_print_data(hs_text *text)
{
    if (isatty(STDOUT_FILENO))
        hs_print_visible(stdout, text->text, text->length, false);
    else if (text->text != NULL)
        fwrite(text->text, 1, text->length, stdout);
    hs_text_clear(text);
}

void hs__cli_print_report(hs_text *text, hs_report_format format)
{
    if (format == HS_REPORT_TABLE || format == HS_REPORT_MARKDOWN)
        hs__cli_print_text(text);
    else
        hs__cli_print_data(text);
}
