/* pages: what is around the parts that help_forms.h prints: heads of man pages, and the functions of completion. */
#include "cli/pages.h"

#include <getopt.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help_forms.h"

/* The part that a subcommand's own rows make: it knows them while it reads a command line. */
static hs_status print_part(const command_row *command, const char *form, hs_error *error)
{
    char name[16], option[32];
    char *arguments[] = {name, option, NULL};

    (void)snprintf(name, sizeof name, "%s", command->name);
    (void)snprintf(option, sizeof option, "--help%s%s", form != NULL ? "=" : "", form != NULL ? form : "");
    optind = 0; /* from the beginning again: there can be a call for each command */
    return command->run(2, arguments, error);
}

static hs_status print_parts(const char *form, hs_error *error)
{
    for (size_t i = 0; hs__cli_command_at(i) != NULL; ++i)
        HS_TRY(print_part(hs__cli_command_at(i), form, error));
    return HS_OK;
}

static void print_roff(const char *text)
{
    hs__cli_print_roff(text, strlen(text));
}

/* `name` is in capital letters where it is a page's title. */
static void print_man_head(const char *title, const char *name, const char *summary)
{
    printf(".TH %s 1 \"\" \"headsweep %s\" \"User Commands\"\n.SH NAME\n", title, HEADSWEEP_VERSION);
    print_roff(name);
    fputs(" \\- ", stdout);
    print_roff(summary);
    putchar('\n');
}

static void print_exit_codes(void)
{
    puts(".SH EXIT STATUS");
#define PRINT_EXIT_CODE(status, code, meaning) \
    printf(".TP\n.B %d\n", code);              \
    print_roff(meaning);                       \
    putchar('\n');
    HS_STATUS_LIST(PRINT_EXIT_CODE)
#undef PRINT_EXIT_CODE
}

static hs_status print_command_page(const command_row *command, hs_error *error)
{
    char title[32], name[32];

    (void)snprintf(name, sizeof name, "headsweep-%s", command->name);
    (void)snprintf(title, sizeof title, "HEADSWEEP\\-%s", command->name);
    for (char *at = title; *at != '\0'; ++at)
        *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    print_man_head(title, name, command->summary);
    HS_TRY(print_part(command, "man", error));
    print_exit_codes();
    puts(".SH SEE ALSO\n.BR headsweep (1)");
    return HS_OK;
}

static hs_status print_own_page(void)
{
    print_man_head("HEADSWEEP", "headsweep", "which attention heads of a transformer cause a behaviour");
    puts(".SH SYNOPSIS\n.nf\nheadsweep COMMAND ...\nmpirun \\-n N headsweep run EXPERIMENT.cfg\n.fi\n.SH DESCRIPTION\n"
         "Ablates attention heads one at a time, in pairs or in sets, measures what that does to evaluation sets,\n"
         "and ranks them. Each command has a page of its own and \\-\\-help.\n.SH COMMANDS");
    for (size_t i = 0; hs__cli_command_at(i) != NULL; ++i) {
        printf(".TP\n.BR headsweep\\-%s (1)\n", hs__cli_command_at(i)->name);
        print_roff(hs__cli_command_at(i)->summary);
        putchar('\n');
    }
    print_exit_codes();
    return HS_OK;
}

static hs_status print_man(const char *name, hs_error *error)
{
    const command_row *command = name != NULL ? hs__cli_find_command(name) : NULL;

    if (name == NULL)
        return print_own_page();
    if (command == NULL)
        return hs_fail(error, HS_ERROR_USAGE, "there is no command \"%s\"; headsweep --help lists them", name);
    return print_command_page(command, error);
}

static void print_names(void)
{
    for (size_t i = 0; hs__cli_command_at(i) != NULL; ++i)
        printf("%s ", hs__cli_command_at(i)->name);
}

/*
 * "command:word" is matched, because options depend on the command; values are looked for first, as the word before is
 * then the option. Nothing of ours matching, bash completes files.
 */
static hs_status print_bash(hs_error *error)
{
    fputs("# bash completion for headsweep\n_headsweep()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} options='' values=''\n    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        mapfile -t COMPREPLY < <(compgen -W '",
          stdout);
    print_names();
    fputs("--help --version' -- \"$word\")\n        return\n    fi\n"
          "    case ${COMP_WORDS[1]}:${COMP_WORDS[COMP_CWORD - 1]} in\n",
          stdout);
    HS_TRY(print_parts("bash-values", error));
    fputs("    esac\n    case ${COMP_WORDS[1]}:$word in\n", stdout);
    HS_TRY(print_parts("bash", error));
    fputs("    esac\n"
          "    if [ -n \"$values\" ]; then\n        mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$word\")\n"
          "    elif [[ $word == -* ]]; then\n        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
          "    fi\n}\ncomplete -o bashdefault -o default -F _headsweep headsweep\n",
          stdout);
    return HS_OK;
}

static hs_status print_zsh(hs_error *error)
{
    puts("#compdef headsweep\n_headsweep() {\n    local -a commands=(");
    for (size_t i = 0; hs__cli_command_at(i) != NULL; ++i) {
        printf("        '%s:", hs__cli_command_at(i)->name);
        hs__cli_print_quoted(hs__cli_command_at(i)->summary, strlen(hs__cli_command_at(i)->summary), "\\");
        puts("'");
    }
    puts("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
         "    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n    case $command in");
    HS_TRY(print_parts("zsh", error));
    puts("    esac\n}\n_headsweep \"$@\"");
    return HS_OK;
}

static hs_status print_fish(hs_error *error)
{
    puts("# fish completion for headsweep");
    for (size_t i = 0; hs__cli_command_at(i) != NULL; ++i) {
        printf("complete -c headsweep -f -n __fish_use_subcommand -a %s -d '", hs__cli_command_at(i)->name);
        hs__cli_print_quoted(hs__cli_command_at(i)->summary, strlen(hs__cli_command_at(i)->summary), "\\");
        puts("'");
    }
    return print_parts("fish", error);
}

static const struct {
    const char *option;
    hs_status (*print)(hs_error *error);
} completions[] = {{"--bash", print_bash}, {"--zsh", print_zsh}, {"--fish", print_fish}};

hs_status hs__cli_print_pages(int argc, char **argv, hs_error *error)
{
    const command_row *command = hs__cli_find_command(argv[1]);

    if (command != NULL && argc == 2)
        return print_part(command, NULL, error);
    if (strcmp(argv[1], "--man") == 0 && argc <= 3)
        return print_man(argv[2], error);
    for (size_t i = 0; i < sizeof completions / sizeof *completions; ++i)
        if (strcmp(argv[1], completions[i].option) == 0 && argc == 2)
            return completions[i].print(error);
    return hs_fail(error, HS_ERROR_USAGE,
                   "headsweep help takes a command, --man [COMMAND], --bash, --zsh or --fish; headsweep --help lists "
                   "the commands");
}
