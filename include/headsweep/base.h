/*
 * base: what every room stands on - errors, memory, strings, files, JSON, hashes, random numbers.
 *
 * Conventions of the whole project, stated once:
 *   - A function that can fail returns hs_status and takes `hs_error *error` last. On failure its outputs are unset
 *     (NULL or zero) and own nothing. On success `error` is not touched.
 *   - `_new`/`_open` with `_free` for heap objects, `_init` with `_clear` for embedded ones. Both `_free(NULL)` and a
 *     second `_clear` are harmless.
 *   - Sizes are in bytes where the name says so and in elements otherwise. Paths and texts are UTF-8.
 *   - Nothing here is collective; see comm.h for what is.
 */
#ifndef HEADSWEEP_BASE_H
#define HEADSWEEP_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Errors. */

/* name, exit code of the program, meaning. The exit codes are part of the command line's contract. */
#define HS_STATUS_LIST(X)                                                                          \
    X(HS_OK, 0, "success")                                                                         \
    X(HS_ERROR_INTERNAL, 1, "internal error: a bug in headsweep")                                  \
    X(HS_ERROR_USAGE, 2, "wrong command line or experiment file")                                  \
    X(HS_UNFINISHED, 3, "the sweep is not finished; run the same command again to continue")       \
    X(HS_ERROR_INPUT, 4, "unusable checkpoint, tokenizer or evaluation data")                      \
    X(HS_ERROR_IO, 5, "a file could not be read or written, or the disk is full")                  \
    X(HS_ERROR_RESULTS, 6, "the results file is damaged, locked, newer, or of another experiment") \
    X(HS_ERROR_NUMERIC, 7, "a self-test failed or a number is not finite")                         \
    X(HS_ERROR_MEMORY, 8, "out of memory")                                                         \
    X(HS_ERROR_COMM, 9, "MPI failed, or another rank reported an error")

typedef enum hs_status {
#define HS_STATUS_ENUM(name, exit_code, meaning) name,
    HS_STATUS_LIST(HS_STATUS_ENUM)
#undef HS_STATUS_ENUM
} hs_status;

int hs_status_exit_code(hs_status status);
const char *hs_status_meaning(hs_status status);

/* Owned by the caller, who initialises it with {0}. The first error wins: later ones leave it as it is. */
typedef struct hs_error {
    hs_status status;
    bool has_rank; /* several ranks have agreed on it (comm.h): it is that of `rank` */
    int rank;
    char message[1024];
} hs_error;

/* Records the message unless one is there already. Returns the recorded status, so that `return hs_fail(...)` works. */
hs_status hs_fail(hs_error *error, hs_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same with ": " and the meaning of errno `system_error` appended. */
hs_status hs_fail_system(hs_error *error, hs_status status, int system_error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
#ifdef __clang_analyzer__
/* The analyser sees one file at a time: that a failure is never HS_OK it has to be told. */
static inline hs_status hs_analyser_failure(hs_status status)
{
    if (status == HS_OK)
        __builtin_unreachable();
    return status;
}
#define hs_fail(...) hs_analyser_failure(hs_fail(__VA_ARGS__))
#define hs_fail_system(...) hs_analyser_failure(hs_fail_system(__VA_ARGS__))
#endif
/* The status of an error that somebody recorded, and so never HS_OK. */
static inline hs_status hs_error_status(const hs_error *error)
{
    return error->status != HS_OK ? error->status : HS_ERROR_INTERNAL;
}
/* Puts "context: " before a message that is there; returns the recorded status. */
hs_status hs_error_prefix(hs_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Returns from the calling function when `call` fails; for functions that own nothing at that point. */
#define HS_TRY(call)                       \
    do {                                   \
        hs_status hs_try_status_ = (call); \
        if (hs_try_status_ != HS_OK)       \
            return hs_try_status_;         \
    } while (0)

/* Jumps to the one cleanup label `done`, with the status in the local variable `status`. */
#define HS_GOTO_DONE(call)   \
    do {                     \
        status = (call);     \
        if (status != HS_OK) \
            goto done;       \
    } while (0)

/* Memory. */

/*
 * Zeroed memory for count * size bytes, aligned to 64 bytes (OpenBLAS results can depend on alignment). count * size
 * == 0 gives a valid pointer. An overflowing product or no memory is HS_ERROR_MEMORY that names `what`.
 */
hs_status hs_allocate(void *pointer_out, size_t count, size_t size, const char *what, hs_error *error);
void hs_free(void *pointer);

/*
 * Makes room for `needed` elements in the array `*items_inout` (from hs_allocate or NULL) of `*capacity_inout`; grows
 * by doubling and zeroes what is new. On failure the array is unchanged.
 */
hs_status hs_reserve(void *items_inout, size_t *capacity_inout, size_t needed, size_t item_size, const char *what,
                     hs_error *error);

/* The most memory that this process had resident so far, what it shares with others included; 0 if it is not known. */
size_t hs_peak_memory_bytes(void);

/* Strings. */

char *hs_string_copy(const char *text, hs_error *error);                  /* NULL on failure; hs_free() it */
char *hs_string_copy_n(const char *text, size_t length, hs_error *error); /* the same for `length` bytes */
char *hs_string_format(hs_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes pieces of a text that is too long to be held; keeps why it could not. */
typedef struct hs_text_sink {
    hs_status (*take)(void *context, const char *bytes, size_t n_bytes, hs_error *error);
    void *context;
    hs_error error;
} hs_text_sink;

/* A growing text; initialise with {0}. `text` is NULL or zero-terminated, `length` does not count the terminator. */
typedef struct hs_text {
    char *text;
    size_t length;
    size_t capacity;
    hs_status status;   /* the first failure of what was put, see below */
    hs_text_sink *sink; /* borrowed; NULL: all of the text is held */
} hs_text;

hs_status hs_text_append(hs_text *text, const char *bytes, size_t length, hs_error *error);
hs_status hs_text_appendf(hs_text *text, hs_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/*
 * The same for long texts of many pieces: the first failure is kept, what is put after it is left out, and
 * hs_text_status() tells of it, once, at the end. hs_text_keep() is for a piece that somebody else appended with a
 * status of its own.
 */
void hs_text_put(hs_text *text, const char *string);
void hs_text_put_bytes(hs_text *text, const char *bytes, size_t length);
void hs_text_putf(hs_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void hs_text_keep(hs_text *text, hs_status status);
hs_status hs_text_status(const hs_text *text, hs_error *error);
/*
 * Between two rows, of those who write many: gives what has come together to the text's sink, if it has one and that is
 * a mebibyte or more, and empties the text. hs_text_end() gives it the rest; both keep what fails.
 */
void hs_text_pour(hs_text *text);
hs_status hs_text_end(hs_text *text, hs_error *error);
/* The string of a piece that was put together for `text`, which keeps what failed; "" where nothing was put. */
const char *hs_text_kept(hs_text *text, const hs_text *piece);
/* The string, "" where nothing was put. */
static inline const char *hs_text_string(const hs_text *text)
{
    return text->text != NULL ? text->text : "";
}
/* For another text in the same memory; what failed stays. */
void hs_text_empty(hs_text *text);
/* Gives the bytes away, for hs_free(): NULL if nothing was ever put into the text, which is empty then. */
char *hs_text_take(hs_text *text);
void hs_text_clear(hs_text *text);

/* Bytes of the UTF-8 character at `bytes` (1 to 4), 0 if it is malformed, overlong, a surrogate or cut off. */
size_t hs_utf8_length(const char *bytes, size_t available);
/* HS_ERROR_INPUT with the byte offset of the first malformed character; `what` names the text in the message. */
hs_status hs_utf8_check(const char *bytes, size_t length, const char *what, hs_error *error);
/* Number of characters of well-formed UTF-8. */
size_t hs_utf8_count(const char *bytes, size_t length);

enum { HS_VISIBLE_BYTES = 12 };
/*
 * Length in bytes of the character at `bytes`, available > 0; 1 of what is not UTF-8. `escape` is how a terminal is
 * shown a character that would act on it (C0 but tab and newline, DEL, C1, marks and overrides of direction, line
 * separators) or a byte that is not UTF-8: "\x1b", "\u202e"; "" for all others.
 */
size_t hs_visible_length(const char *bytes, size_t available, char escape[HS_VISIBLE_BYTES]);
/* Prints a text that may hold what came from a file, with such characters escaped; newlines too if it is one line. */
void hs_print_visible(FILE *stream, const char *text, size_t length, bool one_line);

/* Joins a folder and a name; an absolute `name` is returned as it is. NULL on failure; hs_free() it. */
char *hs_path_join(const char *folder, const char *name, hs_error *error);
/* The folder part of `path`, "." if there is none. NULL on failure; hs_free() it. */
char *hs_path_folder(const char *path, hs_error *error);
bool hs_path_exists(const char *path);
/* Makes a folder and those above it where they are missing (mkdir -p). HS_ERROR_IO. */
hs_status hs_folder_make(const char *path, hs_error *error);

/* Names. */

/* The names that there are of something, for a message about one that there is not. Initialise with {0}; borrows. */
typedef struct hs_names {
    const char **items;
    size_t n;
    size_t capacity;
    hs_status status; /* HS_ERROR_MEMORY: some are missing, which hs_fail_name() reports */
} hs_names;

void hs_names_put(hs_names *names, const char *name);
void hs_names_clear(hs_names *names);
/*
 * Records the message, "; did you mean "NEAREST"?" where a name is near to `name` or the only one that begins so,
 * and the names that there are, as many as fit. Clears the names.
 */
hs_status hs_fail_name(hs_error *error, hs_status status, hs_names *names, const char *name, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
#ifdef __clang_analyzer__
#define hs_fail_name(...) hs_analyser_failure(hs_fail_name(__VA_ARGS__))
#endif
/*
 * Edits that turn one text into the other, with neighbours exchanged counting as one (optimal string alignment);
 * SIZE_MAX if one is too long to be a misspelt name. And the most that a misspelling of `name` has.
 */
size_t hs_edit_distance(const char *left, const char *right);
size_t hs_most_edits(const char *name);

/* Files. */

/* A whole file mapped read-only and shared between the processes of a host. Initialise with {0}. */
typedef struct hs_mapped_file {
    const unsigned char *bytes; /* NULL for an empty file */
    size_t n_bytes;
} hs_mapped_file;

/* HS_ERROR_INPUT here and below: what is there is the pointer of a large file that was not fetched (Git LFS). */
hs_status hs_mapped_file_open(const char *path, hs_mapped_file *file_out, hs_error *error);
/* Its first bytes only, at most so many; *n_file_bytes_out is the size of the file. */
hs_status hs_mapped_file_open_front(const char *path, size_t most_bytes, hs_mapped_file *file_out,
                                    size_t *n_file_bytes_out, hs_error *error);
void hs_mapped_file_clear(hs_mapped_file *file);
/* Bytes of a mapped file that will not be read again soon: they no longer count as this process's memory. */
void hs_mapped_bytes_release(const void *bytes, size_t n_bytes);

/* Reads n_bytes of a file from `offset` on. HS_ERROR_IO also where it ends before. */
hs_status hs_file_read_part(const char *path, size_t offset, void *bytes, size_t n_bytes, hs_error *error);
/* Reads the whole of a file of at most `max_bytes` into a zero-terminated copy; hs_free() it. */
hs_status hs_file_read(const char *path, size_t max_bytes, char **bytes_out, size_t *n_bytes_out, hs_error *error);

/*
 * A regular file, looked at from front to back. What gzip packed, by its first bytes, comes unpacked, in a window that
 * is no larger than what is looked at; HS_ERROR_INPUT where it is cut off or damaged.
 */
typedef struct hs_input hs_input;

hs_status hs_input_open(const char *path, hs_input **input_out, hs_error *error);
void hs_input_free(hs_input *input);
/* What follows: at least n_wanted bytes, or all that are left, as *is_all_out says. Valid until the next look. */
hs_status hs_input_look(hs_input *input, size_t n_wanted, const char **bytes_out, size_t *n_out, bool *is_all_out,
                        hs_error *error);
void hs_input_pass(hs_input *input, size_t n_bytes); /* at most what was looked at */

/*
 * Every reader of a text begins with one of these two. *length_out: bytes of a UTF-8 byte order mark at the start, 0
 * without one. HS_ERROR_INPUT: the mark of UTF-16 or UTF-32; says how to convert the file.
 */
hs_status hs_text_mark(const char *bytes, size_t n_bytes, const char *path, size_t *length_out, hs_error *error);
/* hs_file_read() without such a mark; lines that end in carriage returns alone, all of them, end in line feeds then. */
hs_status hs_text_file_read(const char *path, size_t max_bytes, char **bytes_out, size_t *n_bytes_out, hs_error *error);

/* What a mode of stat() is in words: "a file", "a folder", "a symbolic link", "a pipe", ... */
const char *hs_file_kind(mode_t mode);
/* Waits until the names in the folder of `path` are on the disk, where the file system knows how. HS_ERROR_IO. */
hs_status hs_folder_sync(const char *path, hs_error *error);

/*
 * A file that is written beside its place and renamed when all of it is on the disk: whoever looks finds what was there
 * before or all of the new one, and neither a failure nor a signal leaves anything behind. What is there already is
 * replaced only if it is empty, if it is known by its mark to be ours, or by force; never what is read here, a link, or
 * anything but a regular file. HS_ERROR_USAGE says which of these it is, before a byte is written.
 */
typedef struct hs_output_rules {
    const char *mark;          /* text in the first HS_OUTPUT_MARK_BYTES of what headsweep wrote; NULL: there is none */
    bool force;                /* replaces any regular file that is not an input */
    bool can_force;            /* whoever is told may say --force */
    const char *const *inputs; /* [n_inputs] paths that are read here, by whatever name; borrowed for the call */
    size_t n_inputs;
} hs_output_rules;

enum { HS_OUTPUT_MARK_BYTES = 4096 };

typedef struct hs_output hs_output;

hs_status hs_output_new(const char *path, const hs_output_rules *rules, hs_output **output_out, hs_error *error);
hs_status hs_output_put(hs_output *output, const void *bytes, size_t n_bytes, hs_error *error);
/* So many zeros, which take no room on the disk where its file system knows holes. */
hs_status hs_output_put_hole(hs_output *output, size_t n_bytes, hs_error *error);
/* All is on the disk, under its name. Once. */
hs_status hs_output_publish(hs_output *output, hs_error *error);
/* Removes what was not published. NULL is harmless. */
void hs_output_free(hs_output *output);
/* All four for bytes that are there. */
hs_status hs_output_write(const char *path, const hs_output_rules *rules, const void *bytes, size_t n_bytes,
                          hs_error *error);

/* JSON (jansson behind it; a document is read-only and owned by its root). */

typedef struct hs_json hs_json;             /* a document: owns every value in it */
typedef struct hs_json_value hs_json_value; /* a value in a document; lives as long as the document */

typedef enum hs_json_kind {
    HS_JSON_NULL,
    HS_JSON_BOOLEAN,
    HS_JSON_INTEGER,
    HS_JSON_REAL,
    HS_JSON_STRING,
    HS_JSON_ARRAY,
    HS_JSON_OBJECT
} hs_json_kind;

/*
 * Errors name `source` (a path, or path:line), line and column. Duplicate keys, invalid UTF-8 and depth > 64 fail.
 * Any value may be the root. A string may hold \u0000 (see hs_json_size), a key may not. An integer beyond 64 bits is
 * read as a real. Every function below takes a NULL value as null.
 */
hs_status hs_json_parse(const char *bytes, size_t length, const char *source, hs_json **json_out, hs_error *error);
hs_status hs_json_read(const char *path, size_t max_bytes, hs_json **json_out, hs_error *error);
/*
 * A record of a data file, which begins at line `line` of it, as Python's json reads what Python's json writes: NaN,
 * Infinity and -Infinity are reals, and so is a number that is too large for any; \uD800 to \uDFFF without the other
 * half is read as U+FFFD and counted. Numbers keep how they are written.
 */
hs_status hs_json_parse_record(const char *bytes, size_t length, const char *path, size_t line, hs_json **json_out,
                               hs_error *error);
size_t hs_json_n_replaced(const hs_json *json);
/* An empty object, and one string more in an object that is the root: for tables that are not JSON. */
hs_status hs_json_new_object(hs_json **json_out, hs_error *error);
hs_status hs_json_add_string(hs_json *json, const char *key, const char *bytes, size_t length, hs_error *error);
void hs_json_free(hs_json *json);

const hs_json_value *hs_json_root(const hs_json *json);
hs_json_kind hs_json_kind_of(const hs_json_value *value);
const char *hs_json_kind_name(hs_json_kind kind);
size_t hs_json_size(const hs_json_value *value); /* elements of an array or object, bytes of a string, else 0 */

/* NULL without such a key, or if `value` is not an object. A dotted `key` such as "prompt.text" is NOT split. */
const hs_json_value *hs_json_get(const hs_json_value *value, const char *key);
/* NULL past the end, or if `value` is not an array. */
const hs_json_value *hs_json_at(const hs_json_value *value, size_t index);

/* Walks an object in file order; start with iterator NULL. NULL at the end. */
typedef struct hs_json_iterator hs_json_iterator;
hs_json_iterator *hs_json_next(const hs_json_value *object, hs_json_iterator *iterator, const char **key_out,
                               size_t *key_length_out, const hs_json_value **value_out);

const char *hs_json_string(const hs_json_value *value); /* zero-terminated UTF-8, NULL if it is not a string */
bool hs_json_is_integer(const hs_json_value *value);
bool hs_json_is_number(const hs_json_value *value);
int64_t hs_json_integer(const hs_json_value *value); /* 0 if it is not an integer */
double hs_json_number(const hs_json_value *value);   /* 0 if it is not a number */
/* How a number of a record is written; NULL for others, and for whole numbers as printf's %lld writes them. */
const char *hs_json_number_text(const hs_json_value *value);
bool hs_json_true(const hs_json_value *value); /* false for everything but true */

/* Writing JSON and CSV. */

/*
 * A JSON document, element by element, at the end of a text: commas come by themselves, strings are escaped so that
 * they may stand in a script element of a page, and what is not finite is null. Initialise with the text alone; what
 * fails is kept in it (hs_text_status).
 */
typedef struct hs_json_writer {
    hs_text *text;
    bool is_compact; /* no blanks after commas and colons */
    bool is_due;     /* a comma, before the next element */
    int line;        /* 1 + the indent of the line that the next element begins; 0: it goes on in this one */
} hs_json_writer;

void hs_json_begin(hs_json_writer *writer, char bracket); /* '{' or '[' */
void hs_json_end(hs_json_writer *writer, char bracket);   /* '}' or ']' */
/* What comes next stands in a line of its own, after so many blanks. */
void hs_json_begin_line(hs_json_writer *writer, int indent);
/* An object's key; its value is put next. */
void hs_json_put_key(hs_json_writer *writer, const char *key);
void hs_json_put_string(hs_json_writer *writer, const char *string);
void hs_json_put_number(hs_json_writer *writer, double number); /* with nine digits */
void hs_json_put_whole(hs_json_writer *writer, int64_t number);
void hs_json_put_truth(hs_json_writer *writer, bool truth);
void hs_json_put_null(hs_json_writer *writer);

/*
 * Rows of CSV (RFC 4180, but lines end in line feeds): a field is quoted where it must be, and what is not finite is
 * empty. Initialise with the text alone; what fails is kept in it.
 */
typedef struct hs_csv_writer {
    hs_text *text;
    bool is_due; /* a comma, before the next field */
} hs_csv_writer;

void hs_csv_put_string(hs_csv_writer *writer, const char *string);
void hs_csv_put_number(hs_csv_writer *writer, double number); /* with nine digits */
void hs_csv_put_whole(hs_csv_writer *writer, int64_t number);
void hs_csv_end_row(hs_csv_writer *writer);

/* Hashes (XXH3, libxxhash). */

/* 64-bit hash of `length` bytes, chained by `seed`: hash several pieces by passing each result as the next seed. */
uint64_t hs_hash(uint64_t seed, const void *bytes, size_t length);
uint64_t hs_hash_text(uint64_t seed, const char *text); /* its zero-terminator counts, so that pieces cannot merge */
uint64_t hs_hash_u64(uint64_t seed, uint64_t value);
/* hs_hash of bytes that are never all in memory: hs_hash_end() gives the hash of all pieces at once, and frees. */
typedef struct hs_hash_pieces hs_hash_pieces;
hs_status hs_hash_begin(uint64_t seed, hs_hash_pieces **pieces_out, hs_error *error);
void hs_hash_add(hs_hash_pieces *pieces, const void *bytes, size_t length);
uint64_t hs_hash_end(hs_hash_pieces *pieces);
/* Whole file; HS_ERROR_IO if it cannot be read. */
hs_status hs_hash_file(uint64_t seed, const char *path, uint64_t *hash_out, hs_error *error);

/* Random numbers: counter-based, no state (Philox4x32-10, Salmon et al. 2011, doi:10.1145/2063384.2063405). */

/*
 * Everything that is drawn from the seed of an experiment, each use apart: name, number, word, what is drawn. A number
 * that was once given stays with its use.
 */
#define HS_RANDOM_USE_LIST(X)                                                                               \
    X(HS_RANDOM_DONORS, 1, "donors", "who stands in for whom under resample; a stream per task")            \
    X(HS_RANDOM_TOKENS, 2, "tokens", "the sampling of continuations; a stream per task")                    \
    X(HS_RANDOM_RECORDS, 3, "records", "the records that `sample` takes, the same for equal files")         \
    X(HS_RANDOM_CONTROLS, 4, "controls", "the sets that the best ones are compared with; a stream per set") \
    X(HS_RANDOM_BOOTSTRAP, 5, "bootstrap", "resamples of a task's examples; a key per task")                \
    X(HS_RANDOM_HALVES, 6, "halves", "halves of a task's examples; a key per task")                         \
    X(HS_RANDOM_FLIPS, 7, "flips", "signs of a task's differences; a key per task")                         \
    X(HS_RANDOM_CURVE, 8, "pruning curve", "resamples for the bands of pruning curves; a key per task")     \
    X(HS_RANDOM_PROMPTS, 9, "prompts", "the prompts of `headsweep bench`; a stream per prompt")

typedef enum hs_random_use {
#define HS_RANDOM_USE_ENUM(name, number, word, what) name = number,
    HS_RANDOM_USE_LIST(HS_RANDOM_USE_ENUM)
#undef HS_RANDOM_USE_ENUM
} hs_random_use;

/* A stream that no other use and no other `part` (a task, a set, ...) of this one has. */
uint64_t hs_random_stream(hs_random_use use, uint32_t part);
/* A key under which all streams belong to this use and `part`, a name: for what needs many streams at once. */
uint64_t hs_random_key(uint64_t seed, hs_random_use use, const char *part);

void hs_random_philox(uint64_t key, const uint32_t counter[4], uint32_t out[4]);
/* The number `index` of stream `stream` under `key`. */
uint64_t hs_random_u64(uint64_t key, uint64_t stream, uint64_t index);
double hs_random_uniform(uint64_t key, uint64_t stream, uint64_t index); /* in [0, 1), 53 bits */
/* Uniform in [0, bound), bound > 0, without modulo bias beyond 2^-64. */
uint64_t hs_random_below(uint64_t key, uint64_t stream, uint64_t index, uint64_t bound);
/* A permutation of 0 .. n-1 into out[n] (Fisher-Yates). */
void hs_random_permutation(uint64_t key, uint64_t stream, size_t n, uint32_t *out);

/* Metrics. */

/*
 * What the `per` of a metric can be besides the number of another one. The values of the last two are what is counted:
 * per label 2 where it is right and predicted, 1 where it is only one of both, else 0, so that
 * F1 = 2 TP / (2 TP + FP + FN) = sum(v^2) / sum(v) - 1, and 0 for a label that is neither.
 */
typedef enum hs_per {
    HS_PER_EXAMPLE = -1, /* sum / number of examples */
    HS_PER_F1 = -2,      /* F1 of the metric's values */
    HS_PER_MACRO_F1 =
        -3, /* mean of F1 over the task's metrics of that kind whose label is right or predicted somewhere */
} hs_per;

/* One number of each example of a task, and its summary: the same in the tasks, in the file and in its findings. */
typedef struct hs_metric {
    const char *name;    /* "acc_norm" */
    const char *unit;    /* "share", "nats", "probability", "logits", "count" */
    const char *meaning; /* one line */
    int better;          /* +1 more is better, -1 less is better, 0 neither */
    bool percent;        /* a share or probability that people read in points of 100 */
    int per;             /* summary over examples = sum / sum of metric `per` (nll per token), or an hs_per */
} hs_metric;

/* Messages to people (stderr). */

typedef enum hs_log_level { HS_LOG_QUIET, HS_LOG_WARNING, HS_LOG_INFO, HS_LOG_DEBUG } hs_log_level;

typedef struct hs_log {
    FILE *stream; /* NULL: nothing is printed (ranks other than 0) */
    hs_log_level level;
} hs_log;

/*
 * One line, flushed, without anything that acts on a terminal; the newline is added. Nothing if `level` is above
 * log->level.
 */
void hs_log_print(const hs_log *log, hs_log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same for each line of a text whose lines end in a newline. */
void hs_log_print_lines(const hs_log *log, hs_log_level level, const char *text);

double hs_time_seconds(void); /* monotonic */
/* "1.4 GB", "312 kB": decimal units, at most 4 significant characters; returns buffer. */
const char *hs_format_bytes(double n_bytes, char *buffer, size_t capacity);
/* "0:02", "1:02:03", "3d 04:05". */
const char *hs_format_duration(double seconds, char *buffer, size_t capacity);
/* "0.9 M", "124.4 M", "33.1 T": a count with SI prefix, 4 significant characters; returns buffer. */
const char *hs_format_count(double count, char *buffer, size_t capacity);

#endif
