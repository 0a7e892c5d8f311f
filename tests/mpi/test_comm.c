/* comm: what every collective function gives, as formulas of rank and size. */
#include "base/shared_block.h"
#include "mpi/mpi_test.h"

#include <stdlib.h>
#include <string.h>

/* More than one piece of what comm.c sends at once, and no whole number of them. */
enum { LARGE_BYTES = 33 * 1024 * 1024 + 5, LARGE_WORDS = 2 * 1024 * 1024 + 3 };

static unsigned char pattern(size_t i, int root)
{
    return (unsigned char)(i * 31 + i / 255 + (size_t)root * 17);
}

static bool has_pattern(const unsigned char *bytes, size_t n_bytes, int root)
{
    for (size_t i = 0; i < n_bytes; i++)
        if (bytes[i] != pattern(i, root))
            return false;
    return true;
}

static void fill_pattern(unsigned char *bytes, size_t n_bytes, int root)
{
    for (size_t i = 0; i < n_bytes; i++)
        bytes[i] = pattern(i, root);
}

static bool is_of_rank(const hs_error *error, int rank)
{
    return error->has_rank && error->rank == rank;
}

/* Every rank belongs to exactly one: the sum over ranks of f(rank) is the sum over 0 .. size-1. */
static void test_ranks(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    int rank = hs_comm_rank(comm), size = hs_comm_size(comm);
    mpi_assert(comm, rank >= 0 && rank < size);
    uint64_t seen = UINT64_C(1) << rank;
    mpi_assert_ok(comm, hs_comm_or(comm, &seen, 1, &error), &error);
    mpi_assert(comm, seen == (UINT64_C(1) << size) - 1);
    /* The tests run on one host. */
    mpi_assert(comm, hs_comm_node_rank(comm) == rank && hs_comm_node_size(comm) == size);
    mpi_assert(comm, hs_comm_native(comm) != NULL);
}

/* The launchers of Open MPI and MPICH say how many ranks they started: all of them must be here, not one alone. */
static void test_size_is_what_was_asked_for(void **state)
{
    hs_comm *comm = *state;
    const char *asked = getenv("OMPI_COMM_WORLD_SIZE");
    if (asked == NULL)
        asked = getenv("PMI_SIZE");
    if (asked == NULL)
        skip();
    mpi_assert(comm, hs_comm_size(comm) == strtol(asked, NULL, 10));
}

static void test_reductions(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    uint64_t rank = (uint64_t)hs_comm_rank(comm), size = (uint64_t)hs_comm_size(comm);
    uint64_t words[2] = {UINT64_C(1) << (2 * rank), UINT64_C(0x8000000000000000)};
    uint64_t sums[3] = {rank + 1, rank * rank, UINT64_C(1) << 40};
    double maxima[2] = {(double)rank, -(double)rank};
    mpi_assert_ok(comm, hs_comm_or(comm, words, 2, &error), &error);
    mpi_assert(comm, words[0] == ((UINT64_C(1) << (2 * size)) - 1) / 3);
    mpi_assert(comm, words[1] == UINT64_C(0x8000000000000000));
    mpi_assert_ok(comm, hs_comm_sum_u64(comm, sums, 3, &error), &error);
    mpi_assert(comm, sums[0] == size * (size + 1) / 2);
    mpi_assert(comm, sums[1] == (size - 1) * size * (2 * size - 1) / 6);
    mpi_assert(comm, sums[2] == size << 40);
    mpi_assert_ok(comm, hs_comm_maximum(comm, maxima, 2, &error), &error);
    mpi_assert(comm, maxima[0] == (double)(size - 1) && maxima[1] == 0.0);
    mpi_assert_ok(comm, hs_comm_sum_u64(comm, NULL, 0, &error), &error);
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
}

static void test_large_reduction(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    uint64_t rank = (uint64_t)hs_comm_rank(comm), size = (uint64_t)hs_comm_size(comm);
    uint64_t *values = NULL;
    mpi_assert_ok(comm, hs_allocate(&values, LARGE_WORDS, sizeof *values, "values", &error), &error);
    for (size_t i = 0; i < LARGE_WORDS; i++)
        values[i] = i * (rank + 1);
    mpi_assert_ok(comm, hs_comm_sum_u64(comm, values, LARGE_WORDS, &error), &error);
    bool right = true;
    for (size_t i = 0; i < LARGE_WORDS; i++)
        right = right && values[i] == i * size * (size + 1) / 2;
    hs_free(values);
    mpi_assert(comm, right);
}

static void test_broadcast(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    static const size_t lengths[] = {0, 1, 1000, LARGE_BYTES};
    unsigned char *bytes = NULL;
    mpi_assert_ok(comm, hs_allocate(&bytes, LARGE_BYTES + 1, 1, "bytes", &error), &error);
    for (int root = 0; root < hs_comm_size(comm); root++)
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            memset(bytes, 0xEE, LARGE_BYTES + 1);
            if (hs_comm_rank(comm) == root)
                fill_pattern(bytes, lengths[i], root);
            mpi_assert_ok(comm, hs_comm_broadcast(comm, bytes, lengths[i], root, &error), &error);
            mpi_assert(comm, has_pattern(bytes, lengths[i], root) && bytes[lengths[i]] == 0xEE);
        }
    hs_free(bytes);
}

static void test_broadcast_block(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    static const size_t lengths[] = {0, 1, 4096, LARGE_BYTES};
    for (int root = 0; root < hs_comm_size(comm); root++)
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            bool is_root = hs_comm_rank(comm) == root;
            char *block = NULL;
            char *own = NULL;
            size_t n_bytes = is_root ? lengths[i] : 77;
            mpi_assert_ok(comm, hs_allocate(&own, lengths[i] + 1, 1, "block", &error), &error);
            if (is_root) {
                fill_pattern((unsigned char *)own, lengths[i], root);
                block = own;
            }
            mpi_assert_ok(comm, hs_comm_broadcast_block(comm, &block, &n_bytes, root, &error), &error);
            mpi_assert(comm, n_bytes == lengths[i] && (block == own) == is_root);
            mpi_assert(comm, has_pattern((unsigned char *)block, n_bytes, root) && block[n_bytes] == 0);
            if (!is_root)
                hs_free(block);
            hs_free(own);
        }
}

/* A block that no rank can hold: all ranks hear of it, nobody waits for the bytes. */
static void test_impossible_block(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    int size = hs_comm_size(comm);
    char letter = 'x';
    char *block = &letter;
    size_t n_bytes = SIZE_MAX / 2;
    if (size == 1)
        skip(); /* alone, the root owns the block already and nothing is sent */
    mpi_assert(comm, hs_comm_broadcast_block(comm, &block, &n_bytes, 0, &error) == HS_ERROR_MEMORY);
    mpi_assert(comm, is_of_rank(&error, 1) && strncmp(error.message, "broadcast block", 15) == 0);
    mpi_assert(comm, hs_comm_rank(comm) == 0 || block == NULL);
}

static void test_agree_on_success(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    mpi_assert(comm, hs_comm_agree(comm, HS_OK, &error) == HS_OK);
    mpi_assert(comm, error.status == HS_OK && error.message[0] == '\0');
}

/* For every set of failing ranks: the lowest one's status and message, on all ranks. */
static void test_agree_on_the_lowest_failure(void **state)
{
    static const hs_status statuses[] = {HS_ERROR_INPUT, HS_ERROR_IO, HS_ERROR_MEMORY, HS_UNFINISHED};
    hs_comm *comm = *state;
    int rank = hs_comm_rank(comm), size = hs_comm_size(comm);
    for (unsigned failing = 1; failing < 1u << size; failing++) {
        hs_error error = {0};
        hs_status status = HS_OK;
        int lowest = 0;
        while ((failing >> lowest & 1) == 0)
            lowest++;
        if (failing >> rank & 1)
            status = hs_fail(&error, statuses[rank % 4], "file %d is bad", 100 + rank);
        hs_status agreed = hs_comm_agree(comm, status, &error);
        char expected[64];
        (void)snprintf(expected, sizeof expected, "file %d is bad", 100 + lowest);
        mpi_assert(comm, agreed == statuses[lowest % 4] && error.status == agreed);
        mpi_assert(comm, size == 1 ? !error.has_rank : is_of_rank(&error, lowest));
        mpi_assert(comm, strcmp(error.message, expected) == 0);
    }
}

/* Steps within steps agree again on what they have agreed on: the error stays of the rank that it came from. */
static void test_agree_twice(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    int last = hs_comm_size(comm) - 1;
    hs_status status = HS_OK;
    if (hs_comm_rank(comm) == last)
        status = hs_fail(&error, HS_ERROR_RESULTS, "locked");
    status = hs_comm_agree(comm, status, &error);
    mpi_assert(comm, hs_comm_agree(comm, status, &error) == HS_ERROR_RESULTS);
    mpi_assert(comm, last == 0 ? !error.has_rank : is_of_rank(&error, last));
    mpi_assert(comm, strcmp(error.message, "locked") == 0);
    mpi_assert(comm, hs_error_prefix(&error, "results") == HS_ERROR_RESULTS);
    mpi_assert(comm, hs_comm_agree(comm, error.status, &error) == HS_ERROR_RESULTS);
    mpi_assert(comm, last == 0 || is_of_rank(&error, last));
    mpi_assert(comm, strcmp(error.message, "results: locked") == 0);
}

static void test_agree_without_a_message(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    mpi_assert(comm, hs_comm_agree(comm, HS_ERROR_MEMORY, &error) == HS_ERROR_MEMORY);
    mpi_assert(comm, strcmp(error.message, "out of memory") == 0);
    mpi_assert(comm, hs_comm_size(comm) == 1 ? !error.has_rank : is_of_rank(&error, 0));
}

/* What rank 0 is handed: each of the first ranks once, in order, with the bytes that it sent. */
typedef struct taker {
    int n_taken;
    int refused; /* rank; -1: none */
    bool right;
} taker;

static hs_status take_pattern(void *context, int rank, const void *bytes, hs_error *error)
{
    taker *t = context;
    t->right = t->right && rank == t->n_taken && has_pattern(bytes, 1000, rank);
    t->n_taken++;
    return rank == t->refused ? hs_fail(error, HS_ERROR_IO, "rank %d is refused", rank) : HS_OK;
}

static void test_collect(void **state)
{
    hs_comm *comm = *state;
    unsigned char own[1000], buffer[1000];
    const int size = hs_comm_size(comm), rank = hs_comm_rank(comm);
    fill_pattern(own, sizeof own, rank);
    for (int n = 0; n <= size; n++) {
        taker t = {0, -1, true};
        hs_error error = {0};
        mpi_assert_ok(comm, hs_comm_collect(comm, own, sizeof own, n, buffer, take_pattern, &t, &error), &error);
        mpi_assert(comm, t.right && t.n_taken == (rank == 0 ? n : 0));
    }
    /* A part that is refused is the last that is handed on; all ranks learn of it, and none is left waiting. */
    for (int refused = 0; refused < size; refused++) {
        taker t = {0, refused, true};
        hs_error error = {0};
        hs_status status = hs_comm_collect(comm, own, sizeof own, size, buffer, take_pattern, &t, &error);
        mpi_assert(comm, status == HS_ERROR_IO && t.n_taken == (rank == 0 ? refused + 1 : 0));
    }
}

static void test_gather_lines(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    hs_text expected = {0};
    char line[32];
    char *lines = NULL;
    for (int rank = 0; rank < hs_comm_size(comm); rank++)
        mpi_assert_ok(comm, hs_text_appendf(&expected, &error, "node%.*d\n", rank + 1, rank), &error);
    (void)snprintf(line, sizeof line, "node%.*d", hs_comm_rank(comm) + 1, hs_comm_rank(comm));
    mpi_assert_ok(comm, hs_comm_gather_lines(comm, line, &lines, &error), &error);
    bool right = hs_comm_rank(comm) == 0 ? strcmp(lines, expected.text) == 0 : lines == NULL;
    hs_text_clear(&expected);
    hs_free(lines);
    mpi_assert(comm, right);
}

/* 256 bytes are kept; a character that does not fit as a whole is left out. */
static void test_gather_long_lines(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    char line[301] = "";
    char *lines = NULL;
    size_t n_before = 253 + (size_t)hs_comm_rank(comm) % 3;
    memset(line, 'a', n_before);
    for (size_t i = n_before; i + 3 < sizeof line; i += 3)
        memcpy(line + i, "\xE2\x82\xAC", 4);
    mpi_assert_ok(comm, hs_comm_gather_lines(comm, line, &lines, &error), &error);
    bool right = (lines == NULL) == (hs_comm_rank(comm) != 0);
    const char *at = lines;
    for (int rank = 0; at != NULL && rank < hs_comm_size(comm); rank++) {
        size_t length = strcspn(at, "\n");
        right = right && length == (rank % 3 == 0 ? 256 : 253 + (size_t)rank % 3) && at[length] == '\n';
        at += length + 1;
    }
    right = right && (at == NULL || *at == '\0');
    hs_free(lines);
    mpi_assert(comm, right);
}

typedef hs_status make_block(hs_comm *comm, size_t n_bytes, hs_shared_block **block_out, hs_error *error);

static hs_status make_window(hs_comm *comm, size_t n_bytes, hs_shared_block **block_out, hs_error *error)
{
    return hs__shared_block_new(comm, n_bytes, false, block_out, error);
}

static hs_status make_copies(hs_comm *comm, size_t n_bytes, hs_shared_block **block_out, hs_error *error)
{
    return hs__shared_block_new(comm, n_bytes, true, block_out, error);
}

/* Zeroed and aligned everywhere; what node rank 0 writes is there for all after each publishing. */
static void check_shared_block(hs_comm *comm, make_block *make, size_t n_bytes)
{
    hs_error error = {0};
    hs_shared_block *block = NULL;
    mpi_assert_ok(comm, make(comm, n_bytes, &block, &error), &error);
    unsigned char *bytes = hs_comm_shared_bytes(block);
    mpi_assert(comm, bytes != NULL && (uintptr_t)bytes % 64 == 0);
    bool zeroed = true;
    for (size_t i = 0; i < n_bytes; i++)
        zeroed = zeroed && bytes[i] == 0;
    mpi_assert(comm, zeroed);
    for (int round = 0; round < 2; round++) {
        if (hs_comm_node_rank(comm) == 0)
            fill_pattern(bytes, n_bytes, round);
        mpi_assert_ok(comm, hs_comm_shared_publish(comm, block, &error), &error);
        mpi_assert(comm, has_pattern(bytes, n_bytes, round));
    }
    hs_comm_shared_free(block);
}

static void test_shared_blocks(void **state)
{
    hs_comm *comm = *state;
    static const size_t lengths[] = {0, 1, 64, 4097, LARGE_BYTES};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        check_shared_block(comm, hs_comm_shared_new, lengths[i]);
        check_shared_block(comm, make_copies, lengths[i]);
        /* Whether a large window fits is for hs_comm_shared_new to find out: the host may have little room for it. */
        if (lengths[i] < LARGE_BYTES)
            check_shared_block(comm, make_window, lengths[i]);
    }
    hs_comm_shared_free(NULL);
}

/* One process writes after publishing, which nobody may: it shows in a window and does not in copies. */
static void test_kinds_of_shared_block(void **state)
{
    hs_comm *comm = *state;
    for (int copied = 0; copied < 2; copied++) {
        hs_error error = {0};
        hs_shared_block *block = NULL;
        mpi_assert_ok(comm, hs__shared_block_new(comm, 8, copied != 0, &block, &error), &error);
        unsigned char *bytes = hs_comm_shared_bytes(block);
        bool is_last = hs_comm_node_rank(comm) == hs_comm_node_size(comm) - 1;
        if (is_last)
            bytes[5] = 99;
        mpi_assert_ok(comm, copied != 0 ? hs_comm_barrier(comm, &error) : hs_comm_shared_publish(comm, block, &error),
                      &error);
        mpi_assert(comm, bytes[5] == (copied == 0 || is_last ? 99 : 0));
        mpi_assert(comm, hs_comm_shared_is_copied(block) == (copied != 0));
        hs_comm_shared_free(block);
    }
}

/* Two at once, as weights and reference means are; each keeps its own bytes. */
static void test_two_shared_blocks(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    hs_shared_block *blocks[2] = {NULL, NULL};
    for (int b = 0; b < 2; b++) {
        mpi_assert_ok(comm, hs_comm_shared_new(comm, 1000, &blocks[b], &error), &error);
        if (hs_comm_node_rank(comm) == 0)
            fill_pattern(hs_comm_shared_bytes(blocks[b]), 1000, b);
    }
    for (int b = 0; b < 2; b++)
        mpi_assert_ok(comm, hs_comm_shared_publish(comm, blocks[b], &error), &error);
    mpi_assert(comm, has_pattern(hs_comm_shared_bytes(blocks[0]), 1000, 0));
    mpi_assert(comm, has_pattern(hs_comm_shared_bytes(blocks[1]), 1000, 1));
    hs_comm_shared_free(blocks[0]);
    hs_comm_shared_free(blocks[1]);
}

static void test_impossible_shared_block(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    hs_shared_block *block = NULL;
    mpi_assert(comm, hs_comm_shared_new(comm, SIZE_MAX, &block, &error) == HS_ERROR_MEMORY);
    mpi_assert(comm, block == NULL && strstr(error.message, "shared block") != NULL);
}

/* MPI's own errors come back with the name of the call and MPI's words, and the communicator stays usable. */
static void test_mpi_errors_are_reported(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    char byte = 0;
    mpi_assert(comm, hs_comm_broadcast(comm, &byte, 1, hs_comm_size(comm), &error) == HS_ERROR_COMM);
    mpi_assert(comm, strncmp(error.message, "MPI_Bcast failed: ", 18) == 0 && strlen(error.message) > 18);
    error = (hs_error){0};
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_size_is_what_was_asked_for),
        cmocka_unit_test(test_reductions),
        cmocka_unit_test(test_large_reduction),
        cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_broadcast_block),
        cmocka_unit_test(test_impossible_block),
        cmocka_unit_test(test_agree_on_success),
        cmocka_unit_test(test_agree_on_the_lowest_failure),
        cmocka_unit_test(test_agree_twice),
        cmocka_unit_test(test_agree_without_a_message),
        cmocka_unit_test(test_collect),
        cmocka_unit_test(test_gather_lines),
        cmocka_unit_test(test_gather_long_lines),
        cmocka_unit_test(test_shared_blocks),
        cmocka_unit_test(test_kinds_of_shared_block),
        cmocka_unit_test(test_two_shared_blocks),
        cmocka_unit_test(test_impossible_shared_block),
        cmocka_unit_test(test_mpi_errors_are_reported),
    };
    return mpi_test_run("comm", tests, sizeof tests / sizeof tests[0]);
}
