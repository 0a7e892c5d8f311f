/* headsweep report: the page, its figures or its tables, written where they harm nothing. */
#include <string.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "cli/printing.h"
#include "cli/results_file.h"
#include "headsweep/report.h"

static const char usage[] =
    "usage: headsweep report RESULTS.h5 [options]\n"
    "\n"
    "Makes one page (HTML) of everything a results file says: the finding and what speaks against it, figures and\n"
    "tables. It needs no network and no other file. An unfinished file is reported by the sets that are complete.\n";

typedef struct report_arguments {
    const char *path;
    const char *output;
    const char *figures;
    const char *table;
    const char *title;
    text_list sets;
    int64_t top;
    int64_t resamples;
    bool as_page;
    bool force;
    hs_report_format format;
} report_arguments;

static hs_status read_format(const option_row *row, char *value, hs_error *error)
{
    report_arguments *arguments = row->target;

    arguments->as_page = strcmp(value, "html") == 0;
    if (arguments->as_page)
        return HS_OK;
    if (strcmp(value, "table") == 0 || hs_report_format_parse(value, &arguments->format, error) != HS_OK) {
        *error = (hs_error){0};
        return hs_fail(error, HS_ERROR_USAGE, "--format %s: there is html, csv, json and md", value);
    }
    return HS_OK;
}

/* -o is the one letter, as it is in most programs that write a file. */
static hs_status read_arguments(int argc, char **argv, report_arguments *a, bool *ended_out, hs_error *error)
{
    const option_row rows[] = {
        {.name = "output",
         .argument = "FILE",
         .help = "the page (default: the results file's name with .html); - prints it",
         .read = hs__cli_read_text,
         .target = &a->output,
         .letter = 'o'},
        OPTION_TEXT("figures", "DIR", "writes each figure as SVG into this folder; no page unless -o asks for one",
                    &a->figures),
        OPTION_READ("format", "html|csv|json|md",
                    "html (default); csv, json or md (Markdown) print the tables of the page instead", read_format, a),
        OPTION_TEXT("table", "NAME", "with csv, json and md: only this table (ranking, backup, examples, ...)",
                    &a->table),
        OPTION_COUNT("top", "N", 0, "rows of the ranking in page and Markdown (default 25; 0 = all)", &a->top),
        OPTION_LIST("set", "HEADS",
                    "also show the examples that change most under this set, such as 2.1+3.0; may be repeated",
                    &a->sets),
        OPTION_TEXT("title", "TEXT", "title of the page", &a->title),
        OPTION_COUNT(
            "resamples", "N", 0,
            "computes intervals from N resamples, 0 = none. Without it those of a finished file are read, and\n"
            "those of an unfinished one computed where that takes no longer than a minute or two",
            &a->resamples),
        OPTION_FLAG("force",
                    "write over files that headsweep did not make; without it only its own pages and figures are\n"
                    "replaced. Never the results file, a link, a folder or a device",
                    &a->force)};

    return hs__cli_read_command_line(argc, argv, &COMMAND_SYNTAX("RESULTS.h5", &a->path, rows), ended_out, error);
}

/* What is ours is known by its mark and replaced; what is read is not, whatever it is called. */
static hs_output_rules output_rules(const report_arguments *arguments, const char *mark)
{
    return (hs_output_rules){
        .mark = mark, .force = arguments->force, .can_force = true, .inputs = &arguments->path, .n_inputs = 1};
}

static hs_status write_file(const report_arguments *arguments, const char *path, const char *mark, const hs_text *text,
                            hs_error *error)
{
    const hs_output_rules rules = output_rules(arguments, mark);

    return hs_output_write(path, &rules, text->text, text->length, error);
}

/* A device is nothing that a file could be written beside. */
static bool is_standard_output(const char *path)
{
    return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
}

static hs_status write_output(const report_arguments *arguments, const char *path, const char *mark, hs_text *text,
                              hs_error *error)
{
    if (is_standard_output(path)) {
        hs__cli_print_data(text);
        return HS_OK;
    }
    HS_TRY(write_file(arguments, path, mark, text, error));
    fprintf(stderr, "wrote %s\n", path);
    return HS_OK;
}

static hs_status write_figure(const hs_report *report, const report_arguments *arguments, size_t index, hs_error *error)
{
    hs_text name = {0}, svg = {0};
    char *path = NULL;
    hs_status status;

    HS_GOTO_DONE(hs_report_figure(report, index, &name, &svg, error));
    path = hs_path_join(arguments->figures, name.text, error);
    status = path == NULL ? error->status : write_file(arguments, path, HS_REPORT_FIGURE_MARK, &svg, error);
done:
    hs_free(path);
    hs_text_clear(&name);
    hs_text_clear(&svg);
    return status;
}

static hs_status write_figures(const hs_report *report, const report_arguments *arguments, hs_error *error)
{
    HS_TRY(hs_folder_make(arguments->figures, error));
    for (size_t i = 0; i < hs_report_n_figures(report); ++i)
        HS_TRY(write_figure(report, arguments, i, error));
    fprintf(stderr, "wrote %zu figures into %s\n", hs_report_n_figures(report), arguments->figures);
    return HS_OK;
}

/* "runs/a.h5" -> "runs/a.html" */
static char *default_output(const char *path, hs_error *error)
{
    const size_t length = strlen(path);
    const bool ends = length > 3 && strcmp(path + length - 3, ".h5") == 0;

    return hs_string_format(error, "%.*s.html", (int)(ends ? length - 3 : length), path);
}

static hs_status write_page(const hs_report *report, const report_arguments *arguments, hs_error *error)
{
    hs_text page = {0};
    char *output =
        arguments->output != NULL ? hs_string_copy(arguments->output, error) : default_output(arguments->path, error);
    hs_status status = output == NULL ? error->status : hs_report_page(report, &page, error);

    if (status == HS_OK)
        status = write_output(arguments, output, HS_REPORT_PAGE_MARK, &page, error);
    hs_text_clear(&page);
    hs_free(output);
    return status;
}

static hs_status put_piece(void *output, const char *bytes, size_t n_bytes, hs_error *error)
{
    return hs_output_put(output, bytes, n_bytes, error);
}

static hs_status write_tables_to(const hs_report *report, const report_arguments *arguments, hs_text_sink *sink,
                                 hs_error *error)
{
    hs_text text = {.sink = sink};
    hs_status status = hs_report_tables(report, arguments->table, arguments->format, &text, error);

    if (status == HS_OK)
        status = hs_text_end(&text, error);
    hs_text_clear(&text);
    return status;
}

/* As they grow: the ranking of a large sweep is hundreds of megabytes. */
static hs_status write_tables(const hs_report *report, const report_arguments *arguments, hs_error *error)
{
    const hs_output_rules rules = output_rules(arguments, NULL);
    hs_text_sink sink = hs__cli_printing_sink(arguments->format);
    hs_output *output = NULL;

    if (arguments->output == NULL || is_standard_output(arguments->output))
        return write_tables_to(report, arguments, &sink, error);
    HS_TRY(hs_output_new(arguments->output, &rules, &output, error));
    sink = (hs_text_sink){.take = put_piece, .context = output};
    hs_status status = write_tables_to(report, arguments, &sink, error);
    if (status == HS_OK)
        status = hs_output_publish(output, error);
    hs_output_free(output);
    if (status == HS_OK)
        fprintf(stderr, "wrote %s\n", arguments->output);
    return status;
}

static hs_status write_report(const hs_report *report, const report_arguments *arguments, hs_error *error)
{
    if (arguments->figures != NULL)
        HS_TRY(write_figures(report, arguments, error));
    if (!arguments->as_page)
        return write_tables(report, arguments, error);
    return arguments->figures != NULL && arguments->output == NULL ? HS_OK : write_page(report, arguments, error);
}

/*
 * The title is the file's name without its folder, which tells others nothing and the author's
 * paths.
 */
static hs_status report_results(hs_results *results, const report_arguments *arguments, hs_error *error)
{
    const char *slash = strrchr(arguments->path, '/');
    const hs_report_options options = {.top = (size_t)arguments->top,
                                       .sets = arguments->sets.items,
                                       .n_sets = arguments->sets.n,
                                       .title = arguments->title != NULL ? arguments->title
                                                : slash != NULL          ? slash + 1
                                                                         : arguments->path};
    hs_analysis *analysis = NULL;
    hs_report *report = NULL;
    hs_status status;

    HS_GOTO_DONE(hs__cli_analyse_results(results, arguments->resamples, &analysis, error));
    HS_GOTO_DONE(hs_report_new(analysis, &options, &report, error));
    HS_GOTO_DONE(write_report(report, arguments, error));
done:
    hs_report_free(report);
    hs_analysis_free(analysis);
    return status;
}

static hs_status report_file(const report_arguments *arguments, hs_error *error)
{
    hs_results *results = NULL;

    HS_TRY(hs_results_open_read(arguments->path, &results, error));
    return hs_results_close_after(results, report_results(results, arguments, error), error);
}

hs_status hs__cli_command_report(int argc, char **argv, hs_error *error)
{
    report_arguments arguments = {.top = 25, .resamples = RESAMPLES_DEFAULT, .as_page = true};
    bool ended;
    hs_status status = read_arguments(argc, argv, &arguments, &ended, error);

    if (status == HS_OK && !ended)
        status = report_file(&arguments, error);
    hs__cli_text_list_clear(&arguments.sets);
    return status;
}
