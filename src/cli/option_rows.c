/*
 * option_rows: the options of a subcommand as rows, from which help, getopt's tables and the
 * reading follow.
 */
#include "cli/option_rows.h"
#include "cli/help_forms.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* The rows as getopt_long takes them, --help behind them. It returns FIRST_ROW + the row, or the row's letter. */
enum { FIRST_ROW = 256 };

typedef struct options {
    const command_syntax *syntax;
    struct option *list; /* [n_rows + 2] */
    char *letters;       /* ":" first: a missing value is told apart */
} options;

static int kind_of_argument(const option_row *row)
{
    return row->argument == NULL ? no_argument : row->argument[0] == '[' ? optional_argument : required_argument;
}

/*
 * Room for two letters an option (its own and the colon of a value), for the leading colon that
 * keeps getopt silent, and for --help.
 */
static hs_status options_init(options *o, const command_syntax *syntax, hs_error *error)
{
    char *letter;

    *o = (options){.syntax = syntax};
    HS_TRY(hs_allocate(&o->list, syntax->n_rows + 2, sizeof *o->list, "options", error));
    HS_TRY(hs_allocate(&o->letters, 2 * syntax->n_rows + 2, 1, "options", error));
    letter = o->letters;
    *letter++ = ':';
    for (size_t i = 0; i < syntax->n_rows; ++i) {
        const option_row *row = &syntax->rows[i];
        o->list[i] = (struct option){row->name, kind_of_argument(row), NULL, FIRST_ROW + (int)i};
        if (row->letter == 0)
            continue;
        *letter++ = row->letter;
        if (row->argument != NULL)
            *letter++ = ':';
    }
    o->list[syntax->n_rows] = (struct option){"help", optional_argument, NULL, FIRST_ROW + (int)syntax->n_rows};
    return HS_OK;
}

static void options_clear(options *o)
{
    hs_free(o->list);
    hs_free(o->letters);
}

/* Row of what getopt_long returned; n_rows for --help. */
static size_t row_of(const command_syntax *syntax, int option)
{
    size_t row = 0;

    if (option >= FIRST_ROW)
        return (size_t)(option - FIRST_ROW);
    while (syntax->rows[row].letter != option)
        ++row;
    return row;
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* A word that begins with "--": it is none, could be several, or is given a value that it does not take. */
static hs_status fail_long(const char *command, const char *word, const struct option *list, hs_error *error)
{
    char name[64];
    hs_names names = {0};
    size_t n_begun = 0;

    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (size_t i = 0; list[i].name != NULL; ++i) {
        if (strcmp(list[i].name, name) == 0) {
            hs_names_clear(&names);
            return hs_fail(error, HS_ERROR_USAGE, "--%s takes no value; see headsweep %s --help", name, command);
        }
        n_begun += begins_with(list[i].name, name);
        hs_names_put(&names, list[i].name);
    }
    return hs_fail_name(error, HS_ERROR_USAGE, &names, name, "headsweep %s: %s option --%s", command,
                        n_begun > 1 ? "ambiguous" : "unknown", name);
}

/* As getopt_long, but what is wrong is an error; -1 at the end. */
static hs_status next_option(int argc, char **argv, const options *o, int *option_out, hs_error *error)
{
    opterr = 0;
    *option_out = getopt_long(argc, argv, o->letters, o->list, NULL);
    if (*option_out == ':')
        return hs_fail(error, HS_ERROR_USAGE, "%s needs a value; see headsweep %s --help", argv[optind - 1], argv[0]);
    if (*option_out != '?')
        return HS_OK;
    /* Behind a letter that is none optind need not have moved, and what stands there can be a file. */
    if (begins_with(argv[optind - 1], "--") && (optopt == 0 || strchr(argv[optind - 1], '=') != NULL))
        return fail_long(argv[0], argv[optind - 1], o->list, error);
    return hs_fail(error, HS_ERROR_USAGE, "unknown option -%c; see headsweep %s --help", optopt, argv[0]);
}

static bool is_number(const char *text)
{
    char *end;

    (void)strtod(text, &end);
    return isdigit((unsigned char)text[0]) != 0 && *end == '\0';
}

/* getopt knows values that may be left out only behind "=": a number that follows is taken for one too. */
static char *value_of(const option_row *row, int argc, char **argv)
{
    if (optarg == NULL && kind_of_argument(row) == optional_argument && optind < argc && is_number(argv[optind]))
        return argv[optind++];
    return optarg;
}

/*
 * Stops at an option that prints and ends, so that --help works whatever else is wrong behind it.
 */
static hs_status read_options(int argc, char **argv, const options *o, bool *ended_out, hs_error *error)
{
    int option;

    while (!*ended_out) {
        HS_TRY(next_option(argc, argv, o, &option, error));
        if (option == -1)
            return HS_OK;
        const size_t row = row_of(o->syntax, option);
        *ended_out = row == o->syntax->n_rows || o->syntax->rows[row].ends;
        if (row == o->syntax->n_rows)
            HS_TRY(hs__cli_print_help(argv[0], o->syntax, optarg, error));
        else
            HS_TRY(
                o->syntax->rows[row].read(&o->syntax->rows[row], value_of(&o->syntax->rows[row], argc, argv), error));
    }
    return HS_OK;
}

static hs_status read_argument(int argc, char **argv, const command_syntax *syntax, hs_error *error)
{
    const char *what = syntax->argument;

    if (optind == argc)
        return hs_fail(error, HS_ERROR_USAGE, "%s is missing; see headsweep %s --help", what, argv[0]);
    if (optind + 1 < argc && argv[optind + 1][0] == '-' && getenv("POSIXLY_CORRECT") != NULL)
        return hs_fail(error, HS_ERROR_USAGE, "%s: POSIXLY_CORRECT is set, so that options go before %s",
                       argv[optind + 1], what);
    if (optind + 1 < argc)
        return hs_fail(error, HS_ERROR_USAGE, "unexpected argument \"%s\" after %s", argv[optind + 1], what);
    *syntax->argument_out = argv[optind];
    return HS_OK;
}

hs_status hs__cli_read_command_line(int argc, char **argv, const command_syntax *syntax, bool *ended_out,
                                    hs_error *error)
{
    options o;
    hs_status status = options_init(&o, syntax, error);

    *ended_out = false;
    if (status == HS_OK)
        status = read_options(argc, argv, &o, ended_out, error);
    options_clear(&o);
    if (status == HS_OK && !*ended_out && syntax->argument != NULL)
        status = read_argument(argc, argv, syntax, error);
    return status;
}
