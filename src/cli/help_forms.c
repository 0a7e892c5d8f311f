/* help_forms: see the header. The words of --help first, then the same rows for groff and for shells. */
#include "cli/help_forms.h"

#include <string.h>

/* Where what is said of an option begins; a longer heading has a line of its own. */
enum { HELP_COLUMN = 21 };

/*
 * Lines behind the first are indented to the same column; a help text may be empty and still has
 * its line.
 */
static void print_row(const option_row *row)
{
    char heading[80], letter[8] = "";
    bool begun = false;

    if (row->letter != 0)
        (void)snprintf(letter, sizeof letter, "-%c, ", row->letter);
    (void)snprintf(heading, sizeof heading, "  %s--%s%s%s", letter, row->name, row->argument != NULL ? " " : "",
                   row->argument != NULL ? row->argument : "");
    if (strlen(heading) > HELP_COLUMN - 2) {
        puts(heading);
        heading[0] = '\0';
    }
    for (const char *at = row->help; !begun || *at != '\0'; begun = true) {
        const size_t length = strcspn(at, "\n");
        printf("%-*s%.*s\n", HELP_COLUMN, begun ? "" : heading, (int)length, at);
        at += length + (at[length] == '\n');
    }
}

static void print_words(const char *command, const command_syntax *syntax)
{
    (void)command;
    fputs(syntax->usage, stdout);
    if (syntax->n_rows > 0)
        putchar('\n');
    for (size_t i = 0; i < syntax->n_rows; ++i)
        print_row(&syntax->rows[i]);
    if (syntax->notes != NULL)
        printf("\n%s", syntax->notes);
}

/*
 * A line that begins with a dot or an apostrophe would be a request. Hyphens and quotes are escaped because groff sets
 * typographic ones for them, which cannot be pasted into a shell.
 */
void hs__cli_print_roff(const char *text, size_t length)
{
    if (length > 0 && (text[0] == '.' || text[0] == '\''))
        fputs("\\&", stdout);
    for (size_t i = 0; i < length; ++i)
        switch (text[i]) {
        case '\\':
            fputs("\\e", stdout);
            break;
        case '-':
            fputs("\\-", stdout);
            break;
        case '\'':
            fputs("\\(aq", stdout);
            break;
        case '`':
            fputs("\\(ga", stdout);
            break;
        case '^':
            fputs("\\(ha", stdout);
            break;
        case '~':
            fputs("\\(ti", stdout);
            break;
        default:
            putchar(text[i]);
        }
}

/* Lines flow, but for those that begin with a space: these are tables and stay as they are. */
static void print_roff_lines(const char *text)
{
    bool is_table = false;

    for (const char *at = text; *at != '\0';) {
        const size_t length = strcspn(at, "\n");
        const bool begins_table = at[0] == ' ';
        if (begins_table != is_table)
            puts(begins_table ? ".nf" : ".fi");
        is_table = begins_table;
        if (length == 0) {
            puts(".PP");
        } else {
            hs__cli_print_roff(at, length);
            putchar('\n');
        }
        at += length + (at[length] == '\n');
    }
    if (is_table)
        puts(".fi");
}

/* "usage: headsweep run ..." and what stands below it up to the empty line. */
static const char *print_synopsis(const char *usage)
{
    static const char label[] = "usage: ";
    const char *end = strstr(usage, "\n\n");
    const char *at = usage;

    puts(".SH SYNOPSIS\n.nf");
    while (at < (end != NULL ? end : usage + strlen(usage))) {
        const size_t length = strcspn(at, "\n");
        const size_t skipped = length < sizeof label ? length : sizeof label - 1;
        hs__cli_print_roff(at + skipped, length - skipped);
        putchar('\n');
        at += length + 1;
    }
    puts(".fi");
    return end != NULL ? end + 2 : "";
}

/* The escapes of letter and dashes are written here; only names and texts go through hs__cli_print_roff(). */
static void print_man_row(const option_row *row)
{
    puts(".TP");
    fputs(".B ", stdout);
    if (row->letter != 0)
        printf("\\-%c, ", row->letter);
    fputs("\\-\\-", stdout);
    hs__cli_print_roff(row->name, strlen(row->name));
    if (row->argument != NULL) {
        putchar(' ');
        hs__cli_print_roff(row->argument, strlen(row->argument));
    }
    putchar('\n');
    print_roff_lines(row->help);
    putchar('\n');
}

/* NAME stands before this and EXIT STATUS behind it; pages.c prints both, as they need no rows. */
static void print_man(const char *command, const command_syntax *syntax)
{
    const char *description = print_synopsis(syntax->usage);

    (void)command;
    puts(".SH DESCRIPTION");
    print_roff_lines(description);
    if (syntax->n_rows > 0)
        puts(".SH OPTIONS");
    for (size_t i = 0; i < syntax->n_rows; ++i)
        print_man_row(&syntax->rows[i]);
    if (syntax->notes == NULL)
        return;
    puts(".SH NOTES");
    print_roff_lines(syntax->notes);
}

void hs__cli_print_quoted(const char *text, size_t length, const char *special)
{
    for (size_t i = 0; i < length; ++i) {
        if (strchr(special, text[i]) != NULL)
            putchar('\\');
        if (text[i] == '\'')
            fputs("'\\''", stdout);
        else
            putchar(text[i]);
    }
}

/* "table|csv|json" is a list of all values that there are. */
static bool has_choices(const option_row *row)
{
    return row->argument != NULL && row->argument[0] != '[' && strchr(row->argument, '|') != NULL;
}

static void print_choices(const option_row *row)
{
    for (const char *at = row->argument; *at != '\0'; ++at)
        putchar(*at == '|' ? ' ' : *at);
}

static void print_bash(const char *command, const command_syntax *syntax)
{
    printf("    %s:*) options='", command);
    for (size_t i = 0; i < syntax->n_rows; ++i)
        printf("--%s ", syntax->rows[i].name);
    puts("--help' ;;");
}

/* Of options whose values are known words. */
static void print_bash_values(const char *command, const command_syntax *syntax)
{
    for (size_t i = 0; i < syntax->n_rows; ++i) {
        if (!has_choices(&syntax->rows[i]))
            continue;
        printf("    %s:--%s) values='", command, syntax->rows[i].name);
        print_choices(&syntax->rows[i]);
        puts("' ;;");
    }
}

static size_t first_line(const char *text)
{
    return strcspn(text, "\n");
}

/*
 * One specification of _arguments: '--name=[what]:argument:(values)'. "=-" and "::" are of a value that may be left
 * out, which only "=" joins; colons and brackets in texts would end a part. A value that is no count and no choice is a
 * file.
 */
static void print_zsh_row(const option_row *row)
{
    printf("            '%s--%s%s[", row->read == hs__cli_read_list ? "*" : "", row->name,
           row->argument == NULL     ? ""
           : row->argument[0] == '[' ? "=-"
                                     : "=");
    hs__cli_print_quoted(row->help, first_line(row->help), "[]:\\");
    putchar(']');
    if (row->argument != NULL) {
        fputs(row->argument[0] == '[' ? "::" : ":", stdout);
        hs__cli_print_quoted(row->argument, strlen(row->argument), "[]:\\");
        putchar(':');
        if (has_choices(row)) {
            putchar('(');
            print_choices(row);
            putchar(')');
        } else {
            putchar(' ');
            fputs(row->read == hs__cli_read_count ? "" : "_files", stdout);
        }
    }
    puts("' \\");
}

static void print_zsh(const char *command, const command_syntax *syntax)
{
    printf("        %s) _arguments \\\n", command);
    for (size_t i = 0; i < syntax->n_rows; ++i)
        print_zsh_row(&syntax->rows[i]);
    puts("            '--help[say what it does]' \\\n            '*:file:_files' ;;");
}

/* -x: a value is needed and no file is one; -r: it is needed and may be a file. A help text's first line is enough. */
static void print_fish(const char *command, const command_syntax *syntax)
{
    for (size_t i = 0; i < syntax->n_rows; ++i) {
        const option_row *row = &syntax->rows[i];
        printf("complete -c headsweep -n '__fish_seen_subcommand_from %s' -l %s", command, row->name);
        if (row->letter != 0)
            printf(" -s %c", row->letter);
        if (has_choices(row)) {
            fputs(" -x -a '", stdout);
            print_choices(row);
            putchar('\'');
        } else if (row->argument != NULL && row->argument[0] != '[') {
            fputs(" -r", stdout);
        }
        fputs(" -d '", stdout);
        hs__cli_print_quoted(row->help, first_line(row->help), "\\");
        puts("'");
    }
}

static const struct {
    const char *name;
    void (*print)(const char *command, const command_syntax *syntax);
} forms[] = {{"man", print_man},
             {"bash", print_bash},
             {"bash-values", print_bash_values},
             {"zsh", print_zsh},
             {"fish", print_fish}};

hs_status hs__cli_print_help(const char *command, const command_syntax *syntax, const char *form, hs_error *error)
{
    if (form == NULL) {
        print_words(command, syntax);
        return HS_OK;
    }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; ++i)
        if (strcmp(form, forms[i].name) == 0) {
            forms[i].print(command, syntax);
            return HS_OK;
        }
    return hs_fail(error, HS_ERROR_USAGE, "--help=%s: there is man, bash, zsh and fish", form);
}
