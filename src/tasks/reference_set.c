/* The reference set: plain sequences over which the means of z are taken. */
#include <string.h>

#include "tasks/encode.h"
#include "tasks/reader.h"
#include "tasks/task_workload.h"

/* Sequences that came from lines, and what turns lines into them. */
typedef struct reference_reader {
    const char *path;
    const char *field;
    const hs_data_format *format;
    size_t limit;
    task_encoder encoder;
    task_reader lines;
    hs_token_list ids;
    hs_text number;
} reference_reader;

/*
 * Cut to what the model can see: means are by position, and rows beyond the window belong to none.
 */
static hs_status read_sequence(reference_reader *reader, const hs_json_value *line, task_sequences *sequences,
                               hs_error *error)
{
    const char *place = reader->lines.place.text;
    const hs_json_value *value = hs__tasks_key_find(line, reader->field);
    task_text text;
    if (value == NULL) {
        char name[128];
        char needed[160];
        (void)hs__tasks_quote(reader->field, strlen(reader->field), name, sizeof name);
        (void)snprintf(needed, sizeof needed, "field `%s`", name);
        return hs__tasks_field_missing(needed, line, place, error);
    }
    HS_TRY(hs__tasks_text_from(value, reader->field, SIZE_MAX, place, &reader->number, &text, error));
    /* Corpora have blank lines; they say nothing about any mean. */
    if (text.length == 0 && text.n_ids == 0)
        return HS_OK;
    HS_TRY(hs__tasks_encode_prompt(&reader->encoder, &text, place, &reader->ids, error));
    const hs_model_shape *shape = &reader->encoder.model->shape;
    size_t n_most = shape->window > 0 ? shape->window : shape->n_positions;
    size_t n = reader->ids.n < n_most ? reader->ids.n : n_most;
    return n > 0 ? hs__tasks_sequences_add(sequences, reader->ids.ids, NULL, n, error) : HS_OK;
}

static hs_status read_sequences(reference_reader *reader, task_sequences *sequences, hs_error *error)
{
    const hs_json_value *line;
    HS_TRY(hs__tasks_reader_open(reader->path, reader->format, &reader->lines, error));
    while (reader->limit == 0 || sequences->n < reader->limit) {
        HS_TRY(hs__tasks_reader_next(&reader->lines, &line, error));
        if (line == NULL)
            break;
        HS_TRY(read_sequence(reader, line, sequences, error));
    }
    if (sequences->n == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the reference set has no sequence with a token in it", reader->path);
    return HS_OK;
}

/*
 * A workload without queries, so that it goes to the engine like any task's. It owns what it was
 * read into.
 */
hs_status hs_tasks_reference_set_open(const hs_reference_config *config, const hs_tokenizer *tokenizer,
                                      const hs_model *model, hs_task_workload **workload_out, hs_error *error)
{
    hs_task_workload *workload = NULL;
    reference_reader reader = {
        .path = config->path, .field = config->field, .format = config->format, .limit = config->limit};
    *workload_out = NULL;
    hs_status status = hs__tasks_encoder_init(&reader.encoder, HS_BOS_AUTO, tokenizer, model, error);
    if (status == HS_OK)
        status = hs__tasks_workload_allocate(&workload, error);
    if (status == HS_OK)
        status = read_sequences(&reader, &workload->storage->sequences, error);
    if (status == HS_OK)
        status = hs__tasks_reader_notes(&reader.lines, &workload->storage->notes, error);
    hs__tasks_encoder_clear(&reader.encoder);
    hs__tasks_reader_clear(&reader.lines);
    hs_tokenizer_token_list_clear(&reader.ids);
    hs_text_clear(&reader.number);
    if (status != HS_OK) {
        hs_tasks_workload_free(workload);
        return status;
    }
    workload->n_examples = workload->storage->sequences.n;
    hs__tasks_workload_bind(workload);
    *workload_out = workload;
    return HS_OK;
}

const char *hs_tasks_reference_set_notes(const hs_task_workload *workload)
{
    const hs_text *notes = &workload->storage->notes;
    return notes->text != NULL ? notes->text : "";
}
