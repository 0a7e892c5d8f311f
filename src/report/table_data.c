/* Tables for programs, CSV and JSON: every number as it is, an interval as three. */
#include <math.h>

#include "headsweep/results.h"
#include "report/table.h"

static const char *const ends[] = {"", "_low", "_high"};

static double end_of(const table_cell *cell, size_t end)
{
    return end == 0 ? cell->value : end == 1 ? cell->low : cell->high;
}

static size_t n_ends(const table_column *column)
{
    return column->kind == TABLE_INTERVAL ? 3 : 1;
}

/* "toxicity.contrast.delta_low" */
static const char *name_of(const table_column *column, size_t end, char name[TABLE_NAME_BYTES + 8])
{
    snprintf(name, TABLE_NAME_BYTES + 8, "%s%s", column->name, ends[end]);
    return name;
}

/* A text as it is, but heads in the spelling that data frames leave alone; valid until `scratch` changes. */
static const char *text_for_programs(const report_table *table, size_t row, size_t column, hs_text *scratch)
{
    const char *string = hs__report_table_text(table, row, column);
    hs_error error = {0};

    if (!table->columns[column].of_heads || string[0] == '\0')
        return string;
    scratch->length = 0;
    hs_text_keep(scratch, hs_sets_spell_name(string, scratch, &error));
    return scratch->status == HS_OK ? scratch->text : "";
}

/* A cell that has no number is empty, which data frames read as missing. */
void hs__report_table_as_csv(const report_table *table, table_part part, hs_text *text)
{
    hs_csv_writer csv = {.text = text};
    char name[TABLE_NAME_BYTES + 8];
    hs_text scratch = {0};

    for (size_t column = 0; part.is_first && column < table->n_columns; ++column)
        for (size_t end = 0; end < n_ends(&table->columns[column]); ++end)
            hs_csv_put_string(&csv, name_of(&table->columns[column], end, name));
    if (part.is_first)
        hs_csv_end_row(&csv);
    for (size_t row = 0; row < hs__report_table_n_rows(table); ++row) {
        for (size_t column = 0; column < table->n_columns; ++column) {
            const table_column *of = &table->columns[column];
            if (of->kind == TABLE_TEXT)
                hs_csv_put_string(&csv, text_for_programs(table, row, column, &scratch));
            for (size_t end = 0; of->kind != TABLE_TEXT && end < n_ends(of); ++end)
                hs_csv_put_number(&csv, end_of(hs__report_table_cell(table, row, column), end));
        }
        hs_csv_end_row(&csv);
    }
    hs_text_keep(text, scratch.status);
    hs_text_clear(&scratch);
}

/* Keys are repeated in every row, as pandas and jq take it. What has no number is null. */
void hs__report_table_as_json(const report_table *table, table_part part, hs_json_writer *json)
{
    char name[TABLE_NAME_BYTES + 8];
    hs_text scratch = {0};

    if (part.is_first)
        hs_json_begin(json, '[');
    for (size_t row = 0; row < hs__report_table_n_rows(table); ++row) {
        hs_json_begin_line(json, 4);
        hs_json_begin(json, '{');
        for (size_t column = 0; column < table->n_columns; ++column)
            for (size_t end = 0; end < n_ends(&table->columns[column]); ++end) {
                hs_json_put_key(json, name_of(&table->columns[column], end, name));
                if (table->columns[column].kind == TABLE_TEXT)
                    hs_json_put_string(json, text_for_programs(table, row, column, &scratch));
                else
                    hs_json_put_number(json, end_of(hs__report_table_cell(table, row, column), end));
            }
        hs_json_end(json, '}');
    }
    if (part.is_last)
        hs_json_end(json, ']');
    hs_text_keep(json->text, scratch.status);
    hs_text_clear(&scratch);
}
