/*
 * A subcommand's options as rows: what --help says of them, what getopt_long is told and where a value goes all come
 * from one row. Readers of the usual kinds of value, which a row names, are here too.
 */
#ifndef CLI_COMMAND_SYNTAX_H
#define CLI_COMMAND_SYNTAX_H

#include "headsweep/base.h"

typedef struct option_row option_row;

struct option_row {
    const char *name;     /* "top" of --top */
    const char *argument; /* "N"; "[N]" may be left out; NULL: it takes none */
    const char *help;     /* lines without the last newline */
    /* Takes `value`, which is argv's or NULL where there is none, into `target`. */
    hs_status (*read)(const option_row *row, char *value, hs_error *error);
    void *target;
    int64_t minimum; /* of a count */
    int64_t maximum; /* of a count; 0: none */
    char letter;     /* 'o' if -o is the same; 0: none */
    bool ends;       /* prints something instead of what the subcommand does: nothing after it is read */
};

/* Into a bool, a const char * (borrowed from argv), an int64_t, a double above 0, a text_list. */
hs_status hs__cli_read_flag(const option_row *row, char *value, hs_error *error);
hs_status hs__cli_read_text(const option_row *row, char *value, hs_error *error);
hs_status hs__cli_read_count(const option_row *row, char *value, hs_error *error);
hs_status hs__cli_read_amount(const option_row *row, char *value, hs_error *error);
hs_status hs__cli_read_list(const option_row *row, char *value, hs_error *error);

/* Rows: of a kind of value that the readers above know, and of one that the subcommand reads itself. */
#define OPTION_FLAG(name_, help_, target_)                                         \
    {                                                                              \
        .name = name_, .help = help_, .read = hs__cli_read_flag, .target = target_ \
    }
#define OPTION_TEXT(name_, argument_, help_, target_) OPTION_READ(name_, argument_, help_, hs__cli_read_text, target_)
#define OPTION_LIST(name_, argument_, help_, target_) OPTION_READ(name_, argument_, help_, hs__cli_read_list, target_)
#define OPTION_COUNT(name_, argument_, minimum_, help_, target_)                                            \
    {                                                                                                       \
        .name = name_, .argument = argument_, .help = help_, .read = hs__cli_read_count, .target = target_, \
        .minimum = minimum_                                                                                 \
    }
#define OPTION_READ(name_, argument_, help_, read_, target_)                                  \
    {                                                                                         \
        .name = name_, .argument = argument_, .help = help_, .read = read_, .target = target_ \
    }

/* Values of an option that may be given several times, in order; the texts are borrowed from argv. */
typedef struct text_list {
    const char **items;
    size_t n;
    size_t capacity;
} text_list;

void hs__cli_text_list_clear(text_list *list);

typedef struct command_syntax {
    const char *usage;    /* what --help says before the options, up to the empty line */
    const char *notes;    /* and after them; NULL: nothing */
    const char *argument; /* "RESULTS.h5": the one that is not an option; NULL: any number of them, from optind on */
    const char **argument_out;
    const option_row *rows;
    size_t n_rows;
} command_syntax;

/* That of a file whose `usage` stands above: one argument into *target, and an array of rows. */
#define COMMAND_SYNTAX(argument_name, target, option_rows)                   \
    ((const command_syntax){usage, NULL, argument_name, target, option_rows, \
                            sizeof(option_rows) / sizeof *(option_rows)})

#endif
