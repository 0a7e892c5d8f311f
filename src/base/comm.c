/*
 * comm: MPI behind headsweep/comm.h; with comm_shared.c, the results and the sweep the only place that calls it.
 * What a rank can fail at alone (memory above all) is agreed on before the next collective call,
 * in which the others would otherwise wait for it for ever.
 */
#include "headsweep/comm.h"

#include "base/comm_state.h"
#include "base/launcher.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Counts in MPI-3 are ints; pieces this large also cost nothing in speed. */
enum { PIECE_BYTES = 16 * 1024 * 1024, LINE_BYTES = 256 };

static hs_status start_mpi(bool *started_here_out, hs_error *error)
{
    int initialized = 0, provided = MPI_THREAD_SINGLE;
    HS_TRY(check(MPI_Initialized(&initialized), "MPI_Initialized", error));
    *started_here_out = initialized == 0;
    if (initialized != 0)
        return HS_OK;
    HS_TRY(check(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread", error));
    if (provided < MPI_THREAD_FUNNELED)
        return hs_fail(error, HS_ERROR_COMM,
                       "this MPI was built without threads, which a rank's matrix products use (MPI_THREAD_FUNNELED)");
    return check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler", error);
}

static hs_status describe(MPI_Comm communicator, int *rank_out, int *size_out, hs_error *error)
{
    HS_TRY(check(MPI_Comm_set_errhandler(communicator, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler", error));
    HS_TRY(check(MPI_Comm_rank(communicator, rank_out), "MPI_Comm_rank", error));
    return check(MPI_Comm_size(communicator, size_out), "MPI_Comm_size", error);
}

static hs_status make_communicators(hs_comm *comm, hs_error *error)
{
    HS_TRY(check(MPI_Comm_dup(MPI_COMM_WORLD, &comm->world), "MPI_Comm_dup", error));
    HS_TRY(describe(comm->world, &comm->rank, &comm->size, error));
    HS_TRY(check(MPI_Comm_split_type(comm->world, MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL, &comm->node),
                 "MPI_Comm_split_type", error));
    return describe(comm->node, &comm->node_rank, &comm->node_size, error);
}

static hs_status check_launch(const hs_launch *launch, int size, hs_error *error)
{
    char library[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    HS_TRY(check(MPI_Get_library_version(library, &length), "MPI_Get_library_version", error));
    return hs__launch_check(launch, size, library, error);
}

/*
 * The launcher's variables are read before MPI starts, which may change them, and judged after it:
 * only then is it known how many ranks MPI sees.
 */
hs_status hs_comm_new(hs_comm **comm_out, hs_error *error)
{
    const hs_launch launch = hs__launch_look();
    hs_comm *comm = NULL;
    *comm_out = NULL;
    HS_TRY(hs_allocate(&comm, 1, sizeof *comm, "communicator", error));
    comm->world = MPI_COMM_NULL;
    comm->node = MPI_COMM_NULL;
    hs_status status;
    HS_GOTO_DONE(start_mpi(&comm->started_here, error));
    HS_GOTO_DONE(make_communicators(comm, error));
    HS_GOTO_DONE(check_launch(&launch, comm->size, error));
    *comm_out = comm;
    comm = NULL;
done:
    hs_comm_free(comm);
    return status;
}

static void end_mpi(void)
{
    int initialized = 0, finalized = 0;
    (void)MPI_Initialized(&initialized);
    (void)MPI_Finalized(&finalized);
    if (initialized != 0 && finalized == 0)
        (void)MPI_Finalize();
}

/*
 * Also frees what hs_comm_new made halfway. MPI is ended only if it was started here: a program
 * around us, such as a test, may go on with it.
 */
void hs_comm_free(hs_comm *comm)
{
    if (comm == NULL)
        return;
    if (comm->ends_by_abort) {
        /* What a rank has to say it has said before: launchers kill the others at the first abort. */
        (void)MPI_Barrier(comm->world);
        hs_comm_abort(comm, hs_status_exit_code(HS_ERROR_IO));
    }
    if (comm->node != MPI_COMM_NULL)
        (void)MPI_Comm_free(&comm->node);
    if (comm->world != MPI_COMM_NULL)
        (void)MPI_Comm_free(&comm->world);
    if (comm->started_here)
        end_mpi();
    hs_free(comm);
}

void hs_comm_end_by_abort(hs_comm *comm)
{
    comm->ends_by_abort = true;
}

_Noreturn void hs_comm_abort(hs_comm *comm, int exit_code)
{
    (void)fflush(NULL);
    (void)MPI_Abort(comm->world, exit_code);
    _Exit(exit_code);
}

int hs_comm_rank(const hs_comm *comm)
{
    return comm->rank;
}

int hs_comm_size(const hs_comm *comm)
{
    return comm->size;
}

int hs_comm_node_rank(const hs_comm *comm)
{
    return comm->node_rank;
}

int hs_comm_node_size(const hs_comm *comm)
{
    return comm->node_size;
}

const void *hs_comm_native(const hs_comm *comm)
{
    return &comm->world;
}

/* What this rank tells the others: its error, made up if it has none. One that was agreed on before keeps its rank. */
static hs_error announcement(const hs_comm *comm, hs_status status, const hs_error *error)
{
    hs_error announced = *error;

    if (error->status == HS_OK)
        (void)hs_fail(&announced, status, "%s", hs_status_meaning(status));
    announced.status = status;
    if (comm->size > 1 && !announced.has_rank) {
        announced.has_rank = true;
        announced.rank = comm->rank;
    }
    return announced;
}

/* hs_comm_agree among the ranks of one communicator, in which this process has rank `rank` of `size`. */
static hs_status agree_among(const hs_comm *comm, MPI_Comm communicator, int rank, int size, hs_status status,
                             hs_error *error)
{
    int first_failing = status == HS_OK ? size : rank;
    HS_TRY(
        check(MPI_Allreduce(MPI_IN_PLACE, &first_failing, 1, MPI_INT, MPI_MIN, communicator), "MPI_Allreduce", error));
    if (first_failing == size)
        return HS_OK;
    hs_error agreed = {0};
    if (first_failing == rank)
        agreed = announcement(comm, status, error);
    HS_TRY(check(MPI_Bcast(&agreed, (int)sizeof agreed, MPI_BYTE, first_failing, communicator), "MPI_Bcast", error));
    *error = agreed;
    return agreed.status;
}

/* In brackets, because where the analyser reads the name it is a macro (comm.h). */
hs_status(hs_comm_agree)(hs_comm *comm, hs_status status, hs_error *error)
{
    if (comm == NULL)
        return status;
    return agree_among(comm, comm->world, comm->rank, comm->size, status, error);
}

hs_status hs__comm_agree_on_host(hs_comm *comm, hs_status status, hs_error *error)
{
    return agree_among(comm, comm->node, comm->node_rank, comm->node_size, status, error);
}

static int piece_of(size_t n_left, size_t n_most)
{
    return (int)(n_left < n_most ? n_left : n_most);
}

static hs_status broadcast_over(MPI_Comm communicator, void *bytes, size_t n_bytes, int root, hs_error *error)
{
    for (size_t at = 0; at < n_bytes; at += PIECE_BYTES) {
        int n = piece_of(n_bytes - at, PIECE_BYTES);
        HS_TRY(check(MPI_Bcast((char *)bytes + at, n, MPI_BYTE, root, communicator), "MPI_Bcast", error));
    }
    return HS_OK;
}

hs_status hs_comm_broadcast(hs_comm *comm, void *bytes, size_t n_bytes, int root, hs_error *error)
{
    return broadcast_over(comm->world, bytes, n_bytes, root, error);
}

hs_status hs__comm_broadcast_on_host(hs_comm *comm, void *bytes, size_t n_bytes, hs_error *error)
{
    return broadcast_over(comm->node, bytes, n_bytes, 0, error);
}

/*
 * The length goes ahead, because the others have to allocate before they can receive. They get one
 * byte more than there is, which is zero, so that a text can be used as a string.
 */
hs_status hs_comm_broadcast_block(hs_comm *comm, char **bytes_inout, size_t *n_bytes_inout, int root, hs_error *error)
{
    bool is_root = comm->rank == root;
    uint64_t n_bytes = *n_bytes_inout;
    char *block = NULL;
    hs_status status;
    if (!is_root) {
        *bytes_inout = NULL;
        *n_bytes_inout = 0;
    }
    HS_GOTO_DONE(hs_comm_broadcast(comm, &n_bytes, sizeof n_bytes, root, error));
    /* A rank that has no room must say so before the others wait for it. */
    status = is_root ? HS_OK : hs_allocate(&block, (size_t)n_bytes + 1, 1, "broadcast block", error);
    HS_GOTO_DONE(hs_comm_agree(comm, status, error));
    HS_GOTO_DONE(hs_comm_broadcast(comm, is_root ? *bytes_inout : block, (size_t)n_bytes, root, error));
    if (!is_root) {
        *bytes_inout = block;
        *n_bytes_inout = (size_t)n_bytes;
        block = NULL;
    }
done:
    hs_free(block);
    return status;
}

/* `values` holds n elements of 8 bytes, of the MPI type `type`. */
static hs_status reduce_in_place(hs_comm *comm, void *values, size_t n, MPI_Datatype type, MPI_Op operation,
                                 hs_error *error)
{
    const size_t n_most = PIECE_BYTES / 8;
    for (size_t at = 0; at < n; at += n_most) {
        char *piece = (char *)values + 8 * at;
        int n_piece = piece_of(n - at, n_most);
        HS_TRY(
            check(MPI_Allreduce(MPI_IN_PLACE, piece, n_piece, type, operation, comm->world), "MPI_Allreduce", error));
    }
    return HS_OK;
}

hs_status hs_comm_or(hs_comm *comm, uint64_t *words, size_t n_words, hs_error *error)
{
    return reduce_in_place(comm, words, n_words, MPI_UINT64_T, MPI_BOR, error);
}

hs_status hs_comm_sum_u64(hs_comm *comm, uint64_t *values, size_t n_values, hs_error *error)
{
    return reduce_in_place(comm, values, n_values, MPI_UINT64_T, MPI_SUM, error);
}

hs_status hs_comm_maximum(hs_comm *comm, double *values, size_t n_values, hs_error *error)
{
    return reduce_in_place(comm, values, n_values, MPI_DOUBLE, MPI_MAX, error);
}

hs_status hs_comm_barrier(hs_comm *comm, hs_error *error)
{
    return check(MPI_Barrier(comm->world), "MPI_Barrier", error);
}

enum { LINE_SLOT = LINE_BYTES + 1 };

/* Zero-terminated in its slot, cut between characters if it is too long. */
static void fill_slot(char slot[LINE_SLOT], const char *line)
{
    size_t length = strlen(line);
    if (length > LINE_BYTES) {
        length = LINE_BYTES;
        while (length > 0 && ((unsigned char)line[length] & 0xC0) == 0x80)
            length--;
    }
    memset(slot, 0, LINE_SLOT);
    (void)snprintf(slot, LINE_SLOT, "%.*s", (int)length, line);
}

/* Moves the slots together, in place: a line and its newline never need more than its slot. */
static void join_slots(char *slots, size_t n_slots)
{
    size_t length = 0;
    for (size_t i = 0; i < n_slots; i++) {
        size_t n = strlen(slots + i * LINE_SLOT);
        memmove(slots + length, slots + i * LINE_SLOT, n);
        length += n;
        slots[length++] = '\n';
    }
    slots[length] = '\0';
}

/*
 * Slots of one length, so that one gather does without another one for the lengths; host names are
 * short.
 */
hs_status hs_comm_gather_lines(hs_comm *comm, const char *line, char **lines_out, hs_error *error)
{
    char slot[LINE_SLOT];
    char *slots = NULL;
    hs_status status = HS_OK;
    *lines_out = NULL;
    fill_slot(slot, line);
    if (comm->rank == 0)
        status = hs_allocate(&slots, (size_t)comm->size * LINE_SLOT + 1, 1, "lines of all ranks", error);
    HS_GOTO_DONE(hs_comm_agree(comm, status, error));
    HS_GOTO_DONE(
        check(MPI_Gather(slot, LINE_SLOT, MPI_CHAR, slots, LINE_SLOT, MPI_CHAR, 0, comm->world), "MPI_Gather", error));
    if (comm->rank == 0) {
        join_slots(slots, (size_t)comm->size);
        *lines_out = slots;
        slots = NULL;
    }
done:
    hs_free(slots);
    return status;
}

/* Of messages between two ranks; those of the sweep, which uses the same communicator, have smaller tags. */
enum { TAG_COLLECT = 64 };

/* Rank 0's part: takes what has come even when an earlier part was refused, or its sender would wait for ever. */
static hs_status take_all(hs_comm *comm, const void *own, int n_bytes, int n_ranks, void *buffer, hs_comm_taker take,
                          void *context, hs_error *error)
{
    hs_status status = n_ranks > 0 ? take(context, 0, own, error) : HS_OK;
    for (int rank = 1; rank < n_ranks; rank++) {
        HS_TRY(check(MPI_Recv(buffer, n_bytes, MPI_BYTE, rank, TAG_COLLECT, comm->world, MPI_STATUS_IGNORE), "MPI_Recv",
                     error));
        if (status == HS_OK)
            status = take(context, rank, buffer, error);
    }
    return status;
}

hs_status hs_comm_collect(hs_comm *comm, const void *bytes, size_t n_bytes, int n_ranks, void *buffer,
                          hs_comm_taker take, void *context, hs_error *error)
{
    hs_status status = HS_OK;
    if (n_bytes > INT_MAX)
        return hs_fail(error, HS_ERROR_COMM, "%zu bytes per rank are too many to collect", n_bytes);
    if (comm->rank == 0)
        status = take_all(comm, bytes, (int)n_bytes, n_ranks, buffer, take, context, error);
    else if (comm->rank < n_ranks)
        status = check(MPI_Send(bytes, (int)n_bytes, MPI_BYTE, 0, TAG_COLLECT, comm->world), "MPI_Send", error);
    return hs_comm_agree(comm, status, error);
}
