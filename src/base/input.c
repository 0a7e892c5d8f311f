/*
 * input: data files from front to back, plain ones mapped, gzip's unpacked piece by piece, so that
 * neither has to fit into memory. The only file that knows zlib.
 */
#include "headsweep/base.h"

#include <string.h>
#define ZLIB_CONST /* zlib does not write to what it unpacks */
#include <zlib.h>

enum { FIRST_WINDOW = 256 * 1024, GZIP_WINDOW_BITS = 16 + MAX_WBITS };

struct hs_input {
    char *path;
    hs_mapped_file file;
    size_t position; /* in the file; of a packed one what zlib has taken */
    bool is_packed;
    bool is_ready; /* `stream` is to be ended */
    bool is_unpacked;
    z_stream stream;
    char *window; /* [capacity]: bytes begin .. end - 1 are unpacked and not passed yet */
    size_t capacity;
    size_t begin;
    size_t end;
};

static hs_status start_unpacking(hs_input *input, hs_error *error)
{
    int result = inflateInit2(&input->stream, GZIP_WINDOW_BITS);
    if (result == Z_MEM_ERROR)
        return hs_fail(error, HS_ERROR_MEMORY, "no memory to unpack %s", input->path);
    if (result != Z_OK)
        return hs_fail(error, HS_ERROR_INTERNAL, "zlib cannot be used: %s", zError(result));
    input->is_ready = true;
    return HS_OK;
}

/* Behind a member there may be another one, or the zeros that fill a tape's block. */
static hs_status end_member(hs_input *input, hs_error *error)
{
    const unsigned char *rest = input->file.bytes + input->position;
    size_t n = input->file.n_bytes - input->position;
    if (n >= 2 && rest[0] == 0x1F && rest[1] == 0x8B)
        return inflateReset(&input->stream) == Z_OK
                   ? HS_OK
                   : hs_fail(error, HS_ERROR_INTERNAL, "zlib cannot go on with %s", input->path);
    for (size_t i = 0; i < n; i++)
        if (rest[i] != 0)
            return hs_fail(error, HS_ERROR_INPUT, "%s: the gzip data ends at byte %zu, but the file goes on",
                           input->path, input->position);
    input->is_unpacked = true;
    return HS_OK;
}

static uInt at_most(size_t n_bytes)
{
    static const size_t most = (size_t)1 << 30;
    return (uInt)(n_bytes < most ? n_bytes : most);
}

/* Unpacks into the room that there is behind the window's end. */
static hs_status unpack(hs_input *input, hs_error *error)
{
    z_stream *stream = &input->stream;
    stream->next_in = input->file.bytes + input->position;
    stream->avail_in = at_most(input->file.n_bytes - input->position);
    stream->next_out = (Bytef *)input->window + input->end;
    stream->avail_out = at_most(input->capacity - input->end);
    int result = inflate(stream, Z_NO_FLUSH);
    input->position = (size_t)(stream->next_in - input->file.bytes);
    input->end = (size_t)((char *)stream->next_out - input->window);
    if (result == Z_STREAM_END)
        return end_member(input, error);
    if (result == Z_MEM_ERROR)
        return hs_fail(error, HS_ERROR_MEMORY, "no memory to unpack %s", input->path);
    if (result == Z_OK && (input->position < input->file.n_bytes || stream->avail_out == 0))
        return HS_OK;
    if (result == Z_OK || result == Z_BUF_ERROR)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the gzip data is cut off: the file was not written or copied whole",
                       input->path);
    return hs_fail(error, HS_ERROR_INPUT, "%s: the gzip data is damaged before byte %zu: %s", input->path,
                   input->position, stream->msg != NULL ? stream->msg : zError(result));
}

static hs_status make_room(hs_input *input, size_t n_wanted, hs_error *error)
{
    size_t needed = n_wanted > FIRST_WINDOW ? n_wanted : FIRST_WINDOW;
    memmove(input->window, input->window + input->begin, input->end - input->begin);
    input->end -= input->begin;
    input->begin = 0;
    return hs_reserve(&input->window, &input->capacity, needed, 1, input->path, error);
}

/* What a file is, its first two bytes say (RFC 1952), not its name. */
hs_status hs_input_open(const char *path, hs_input **input_out, hs_error *error)
{
    hs_input *input = NULL;
    hs_status status;
    *input_out = NULL;
    HS_TRY(hs_allocate(&input, 1, sizeof *input, path, error));
    input->path = hs_string_copy(path, error);
    HS_GOTO_DONE(input->path != NULL ? HS_OK : error->status);
    HS_GOTO_DONE(hs_mapped_file_open(path, &input->file, error));
    input->is_packed = input->file.n_bytes >= 2 && input->file.bytes[0] == 0x1F && input->file.bytes[1] == 0x8B;
    if (input->is_packed) {
        HS_GOTO_DONE(hs_reserve(&input->window, &input->capacity, FIRST_WINDOW, 1, path, error));
        HS_GOTO_DONE(start_unpacking(input, error));
    }
    *input_out = input;
    input = NULL;
done:
    hs_input_free(input);
    return status;
}

void hs_input_free(hs_input *input)
{
    if (input == NULL)
        return;
    if (input->is_ready)
        (void)inflateEnd(&input->stream);
    hs_mapped_file_clear(&input->file);
    hs_free(input->window);
    hs_free(input->path);
    hs_free(input);
}

/*
 * A plain file is its own window. For a packed one, what was looked at and not passed is moved to
 * the front, and the window grows only if more is wanted than it can hold.
 */
hs_status hs_input_look(hs_input *input, size_t n_wanted, const char **bytes_out, size_t *n_out, bool *is_all_out,
                        hs_error *error)
{
    if (!input->is_packed) {
        *n_out = input->file.n_bytes - input->position;
        *bytes_out = *n_out > 0 ? (const char *)input->file.bytes + input->position : "";
        *is_all_out = true;
        return HS_OK;
    }
    if (input->end - input->begin < n_wanted && !input->is_unpacked)
        HS_TRY(make_room(input, n_wanted, error));
    while (input->end - input->begin < n_wanted && !input->is_unpacked)
        HS_TRY(unpack(input, error));
    *bytes_out = input->window + input->begin;
    *n_out = input->end - input->begin;
    *is_all_out = input->is_unpacked;
    return HS_OK;
}

void hs_input_pass(hs_input *input, size_t n_bytes)
{
    if (input->is_packed)
        input->begin += n_bytes;
    else
        input->position += n_bytes;
}
