
#include "support/task_fixture.h"
#include "support/assert_status.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* GPT-2's bytes_to_unicode: printable Latin-1 stands for itself, the other bytes for 256, 257, ... in their order. */
static unsigned unicode_of_byte(unsigned byte)
{
    unsigned n_moved = 0;
    for (unsigned b = 0; b <= byte; b++) {
        bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
        if (b == byte && printable)
            return b;
        n_moved += printable ? 0 : 1;
    }
    return 255 + n_moved;
}

static void print_vocabulary(FILE *file)
{
    static const char *const more[] = {"\\u0120c",  "\\u0120ca",  "\\u0120cat", "\\u0120d",
                                       "\\u0120do", "\\u0120dog", "<s>",        "</s>"};
    for (unsigned byte = 0; byte < 256; byte++)
        (void)fprintf(file, "\"\\u%04x\": %u, ", unicode_of_byte(byte), byte);
    for (unsigned i = 0; i < sizeof more / sizeof more[0]; i++)
        (void)fprintf(file, "%s\"%s\": %u", i > 0 ? ", " : "", more[i], 256 + i);
}

static hs_tokenizer *make_tokenizer(const char *folder, const char *post_processor)
{
    char path[128];
    hs_tokenizer *tokenizer;
    hs_error error = {0};
    (void)snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "{\"version\": \"1.0\", \"truncation\": null, \"padding\": null, \"added_tokens\": [%s, %s], "
                  "\"normalizer\": null, \"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false, "
                  "\"trim_offsets\": true, \"use_regex\": true}, \"post_processor\": %s, \"decoder\": {\"type\": "
                  "\"ByteLevel\", \"add_prefix_space\": true, \"trim_offsets\": true, \"use_regex\": true}, "
                  "\"model\": {\"type\": \"BPE\", \"dropout\": null, \"unk_token\": null, "
                  "\"continuing_subword_prefix\": null, \"end_of_word_suffix\": null, \"fuse_unk\": false, "
                  "\"byte_fallback\": false, \"vocab\": {",
                  "{\"id\": 262, \"content\": \"<s>\", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, "
                  "\"normalized\": false, \"special\": true}",
                  "{\"id\": 263, \"content\": \"</s>\", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, "
                  "\"normalized\": false, \"special\": true}",
                  post_processor);
    print_vocabulary(file);
    (void)fputs("}, \"merges\": [\"\\u0120 c\", \"\\u0120c a\", \"\\u0120ca t\", \"\\u0120 d\", \"\\u0120d o\", "
                "\"\\u0120do g\"]}}",
                file);
    assert_int_equal(fclose(file), 0);
    assert_ok(hs_tokenizer_open(folder, &tokenizer, &error), &error);
    return tokenizer;
}

int task_fixture_set_up(void **state)
{
    static const char bos_in_front[] =
        "{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"<s>\", \"type_id\": 0}}, "
        "{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}], \"pair\": [{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}, "
        "{\"Sequence\": {\"id\": \"B\", \"type_id\": 1}}], \"special_tokens\": {\"<s>\": {\"id\": \"<s>\", \"ids\": "
        "[262], "
        "\"tokens\": [\"<s>\"]}}}";
    struct task_fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/headsweep-tasks-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    fixture->tokenizer = make_tokenizer(fixture->folder, "null");
    fixture->bos_tokenizer = make_tokenizer(fixture->folder, bos_in_front);
    fixture->model.shape.vocabulary = FIXTURE_VOCABULARY;
    fixture->model.shape.n_positions = FIXTURE_POSITIONS;
    fixture->model.bos_token = FIXTURE_BOS;
    fixture->model.eos_token = FIXTURE_EOS;
    fixture->model.shape.n_outputs = FIXTURE_VOCABULARY;
    fixture->model.architecture = "FixtureForCausalLM";
    (void)snprintf(fixture->data_path, sizeof fixture->data_path, "%s/data.jsonl", fixture->folder);
    fixture->config =
        (hs_task_config){.name = "study", .file = fixture->data_path, .lexicon = "", .bos = HS_BOS_AUTO, .line = 7};
    *state = fixture;
    return 0;
}

int task_fixture_tear_down(void **state)
{
    struct task_fixture *fixture = *state;
    DIR *folder = opendir(fixture->folder);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", fixture->folder, entry->d_name);
        if (entry->d_name[0] != '.')
            (void)unlink(path);
    }
    if (folder != NULL)
        (void)closedir(folder);
    (void)rmdir(fixture->folder);
    hs_tokenizer_free(fixture->tokenizer);
    hs_tokenizer_free(fixture->bos_tokenizer);
    free(fixture);
    return 0;
}

const char *task_fixture_write(const struct task_fixture *fixture, const char *name, const void *bytes, size_t n_bytes,
                               char *path, size_t capacity)
{
    (void)snprintf(path, capacity, "%s/%s", fixture->folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n_bytes, file), n_bytes);
    assert_int_equal(fclose(file), 0);
    return path;
}

static hs_status open_lines(struct task_fixture *fixture, const char *kind, const char *lines, hs_task **task_out)
{
    char path[128];
    char kind_name[32];
    if (lines != NULL)
        (void)task_fixture_write(fixture, "data.jsonl", lines, strlen(lines), path, sizeof path);
    (void)snprintf(kind_name, sizeof kind_name, "%s", kind);
    fixture->config.kind = kind_name;
    fixture->error = (hs_error){0};
    hs_status status = hs_tasks_open(&fixture->config, fixture->tokenizer, &fixture->model, task_out, &fixture->error);
    fixture->config.kind = NULL;
    return status;
}

hs_task *task_fixture_open(struct task_fixture *fixture, const char *kind, const char *lines)
{
    hs_task *task;
    assert_ok(open_lines(fixture, kind, lines, &task), &fixture->error);
    assert_int_equal(fixture->error.status, HS_OK);
    return task;
}

const char *task_fixture_refuse(struct task_fixture *fixture, const char *kind, const char *lines, hs_status expected)
{
    hs_task *task = (hs_task *)fixture;
    hs_status status = open_lines(fixture, kind, lines, &task);
    if (status != expected)
        fail_msg("status %d instead of %d: %s", (int)status, (int)expected, fixture->error.message);
    assert_int_equal(fixture->error.status, expected);
    assert_null(task);
    size_t length = strlen(fixture->folder);
    bool in_folder = strncmp(fixture->error.message, fixture->folder, length) == 0;
    return in_folder ? fixture->error.message + length + 1 : fixture->error.message;
}

static void describe(const hs_workload *workload, hs_text *text)
{
    static const char kinds[] = {[HS_QUERY_LOG_PROBABILITY] = 'P',
                                 [HS_QUERY_LOGIT] = 'L',
                                 [HS_QUERY_IS_GREEDY] = 'G',
                                 [HS_QUERY_LIST_PROBABILITY] = 'M'};
    hs_error error = {0};
    const hs_sequences *sequences = &workload->sequences;
    for (size_t s = 0; s < sequences->n; s++)
        for (size_t i = sequences->offsets[s]; i < sequences->offsets[s + 1]; i++) {
            (void)hs_text_appendf(text, &error, "%s%d", i == sequences->offsets[s] ? "[" : " ",
                                  (int)sequences->tokens[i]);
            if (sequences->types != NULL && sequences->types[i] != 0)
                (void)hs_text_appendf(text, &error, "/%d", (int)sequences->types[i]);
            (void)hs_text_appendf(text, &error, "%s", i + 1 == sequences->offsets[s + 1] ? "]" : "");
        }
    for (size_t q = 0; q < workload->n_queries; q++) {
        const hs_query *query = &workload->queries[q];
        (void)hs_text_appendf(text, &error, " %u.%u=%c%d", query->sequence, query->row, kinds[query->kind],
                              (int)query->token);
    }
    assert_int_equal(error.status, HS_OK);
}

void task_fixture_assert_workload(const hs_task *task, size_t first, size_t n, const char *expected)
{
    hs_error error = {0};
    hs_text text = {0};
    hs_task_workload *workload;
    assert_ok(hs_tasks_workload_new(task, first, n, NULL, &workload, &error), &error);
    assert_int_equal(workload->first_example, first);
    assert_int_equal(workload->n_examples, n);
    describe(&workload->workload, &text);
    assert_string_equal(text.text, expected);
    size_t n_rows = 0;
    for (size_t i = first; i < first + n; i++)
        n_rows += hs_tasks_example_rows(task, i);
    assert_int_equal(n_rows, workload->workload.sequences.offsets[workload->workload.sequences.n]);
    hs_text_clear(&text);
    hs_tasks_workload_free(workload);
}

void task_fixture_assert_score(const hs_task *task, size_t index, const double *answers, const double *expected)
{
    hs_error error = {0};
    hs_task_workload *workload;
    float values[HS_TASK_MAX_METRICS];
    assert_ok(hs_tasks_workload_new(task, index, 1, NULL, &workload, &error), &error);
    hs_tasks_score(task, workload, answers, values);
    for (size_t m = 0; m < hs_tasks_n_metrics(task); m++)
        assert_float_equal(values[m], (float)expected[m], 1e-6F);
    hs_tasks_workload_free(workload);
}

void task_fixture_shared(const char *name, char *path, size_t capacity)
{
    const char *folder = getenv("HEADSWEEP_SHARED_DATA");
    struct stat information;
    if (folder != NULL) {
        (void)snprintf(path, capacity, "%s/%s", folder, name);
        if (stat(path, &information) == 0)
            return;
    }
    print_message("skipped: %s is not in HEADSWEEP_SHARED_DATA (%s)\n", name, folder != NULL ? folder : "not set");
    skip();
}
