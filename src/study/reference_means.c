/* Means of z over the reference set, the same bits on any number of ranks; or those that the file was made with. */
#include <string.h>

#include "study/storage.h"

/* The reference set is cut into the shards of the plan, or into as many sequences of its own file. */
enum { REFERENCE_CHUNK_SEQUENCES = 32 };

/* Chunk `index` of the reference set; false past the end. */
typedef struct reference_chunk {
    hs_sequences sequences;
    hs_task_workload *workload; /* owned where the chunk is a shard of a task */
} reference_chunk;

static uint64_t count_chunks(const hs_study *study)
{
    uint64_t n = 0;

    if (study->storage->reference_set != NULL)
        return (study->storage->reference_set->workload.sequences.n + REFERENCE_CHUNK_SEQUENCES - 1) /
               REFERENCE_CHUNK_SEQUENCES;
    for (size_t task = 0; task < study->n_tasks; ++task)
        n += study->plan.tasks[task].n_shards;
    return n;
}

static hs_status open_task_chunk(const hs_study *study, uint64_t index, reference_chunk *chunk, hs_error *error)
{
    size_t task = 0;

    while (index >= study->plan.tasks[task].n_shards)
        index -= study->plan.tasks[task++].n_shards;
    const uint64_t *first = study->plan.tasks[task].shard_first + index;
    HS_TRY(hs_tasks_workload_new(study->tasks[task], (size_t)first[0], (size_t)(first[1] - first[0]), NULL,
                                 &chunk->workload, error));
    chunk->sequences = chunk->workload->workload.sequences;
    return HS_OK;
}

static hs_status open_chunk(const hs_study *study, uint64_t index, reference_chunk *chunk, hs_error *error)
{
    *chunk = (reference_chunk){0};
    if (study->storage->reference_set == NULL)
        return open_task_chunk(study, index, chunk, error);
    const hs_sequences *all = &study->storage->reference_set->workload.sequences;
    size_t first = (size_t)index * REFERENCE_CHUNK_SEQUENCES;
    size_t n = all->n - first < REFERENCE_CHUNK_SEQUENCES ? all->n - first : REFERENCE_CHUNK_SEQUENCES;
    chunk->sequences = (hs_sequences){n, all->offsets + first, all->tokens, all->types};
    return HS_OK;
}

static void close_chunk(reference_chunk *chunk)
{
    hs_tasks_workload_free(chunk->workload);
}

static size_t longest_sequence(const hs_sequences *sequences)
{
    size_t longest = 0;

    for (size_t s = 0; s < sequences->n; ++s) {
        size_t length = sequences->offsets[s + 1] - sequences->offsets[s];
        longest = length > longest ? length : longest;
    }
    return longest;
}

hs_status hs__study_longest_reference(const hs_study *study, size_t *longest_out, hs_error *error)
{
    reference_chunk chunk;

    *longest_out = 1;
    for (uint64_t index = 0; index < count_chunks(study); ++index) {
        HS_TRY(open_chunk(study, index, &chunk, error));
        size_t longest = longest_sequence(&chunk.sequences);
        *longest_out = longest > *longest_out ? longest : *longest_out;
        close_chunk(&chunk);
    }
    return HS_OK;
}

static void zero_sums(hs_mean_sums *sums)
{
    memset(sums->sums, 0, hs_engine_mean_sums_n_values(sums) * sizeof *sums->sums);
    memset(sums->counts, 0, sums->n_positions * sizeof *sums->counts);
}

static void add_sums(hs_mean_sums *total, const hs_mean_sums *part)
{
    for (size_t i = 0; i < hs_engine_mean_sums_n_values(total); ++i)
        total->sums[i] += part->sums[i];
    for (size_t i = 0; i < total->n_positions; ++i)
        total->counts[i] += part->counts[i];
}

/* Sequences first .. of at most `max_rows` tokens together, one at least. */
static hs_sequences cut_piece(const hs_sequences *all, size_t first, uint64_t max_rows)
{
    size_t n = 1;

    while (first + n < all->n && all->offsets[first + n + 1] - all->offsets[first] <= max_rows)
        ++n;
    return (hs_sequences){n, all->offsets + first, all->tokens, all->types};
}

/* In pieces, because a pass without the engine's sharing takes memory for every token. */
static hs_status sum_sequences(hs_study *study, const hs_sequences *sequences, hs_mean_sums *part, hs_error *error)
{
    for (size_t first = 0; first < sequences->n;) {
        const hs_sequences piece = cut_piece(sequences, first, study->plan.batch_rows);
        HS_TRY(hs_engine_sum_z(study->engine, &piece, part, error));
        first += piece.n;
    }
    return HS_OK;
}

static hs_status sum_chunk(hs_study *study, uint64_t index, hs_mean_sums *part, hs_error *error)
{
    reference_chunk chunk;
    hs_status status = open_chunk(study, index, &chunk, error);

    zero_sums(part);
    if (status == HS_OK)
        status = sum_sequences(study, &chunk.sequences, part, error);
    close_chunk(&chunk);
    return status;
}

static hs_status broadcast_sums(hs_comm *comm, hs_mean_sums *part, int root, hs_error *error)
{
    HS_TRY(hs_comm_broadcast(comm, part->sums, hs_engine_mean_sums_n_values(part) * sizeof *part->sums, root, error));
    return hs_comm_broadcast(comm, part->counts, part->n_positions * sizeof *part->counts, root, error);
}

/*
 * One round: each rank sums one chunk; then the chunks are added on all ranks in their order. `own` keeps this rank's
 * chunk while `part` receives the others'.
 */
static hs_status sum_round(hs_comm *comm, hs_study *study, uint64_t first, uint64_t n_chunks, hs_mean_sums *own,
                           hs_mean_sums *part, hs_mean_sums *total, hs_error *error)
{
    uint64_t rank = (uint64_t)hs_comm_rank(comm), size = (uint64_t)hs_comm_size(comm);
    hs_status status = HS_OK;

    if (first + rank < n_chunks)
        status = sum_chunk(study, first + rank, own, error);
    HS_TRY(hs_comm_agree(comm, status, error));
    for (uint64_t root = 0; root < size && first + root < n_chunks; ++root) {
        hs_mean_sums *chunk = root == rank ? own : part;
        HS_TRY(broadcast_sums(comm, chunk, (int)root, error));
        add_sums(total, chunk);
    }
    return HS_OK;
}

/*
 * Chunks are summed by the ranks in turn and added on all of them in the order of the chunks, so
 * that the rounding is that of one rank. All agree after their allocations, before the first
 * message.
 */
hs_status hs__study_compute_means(hs_comm *comm, hs_study *study, hs_error *error)
{
    const hs_model_shape *shape = &study->model->shape;
    hs_mean_sums own = {0}, part = {0}, total = {0};
    uint64_t n_chunks = count_chunks(study);
    uint64_t step = (uint64_t)hs_comm_size(comm);
    size_t n_positions = 0;
    hs_status status = hs__study_longest_reference(study, &n_positions, error);

    if (status == HS_OK)
        status = hs_engine_mean_sums_init(&own, shape, n_positions, error);
    if (status == HS_OK)
        status = hs_engine_mean_sums_init(&part, shape, n_positions, error);
    if (status == HS_OK)
        status = hs_engine_mean_sums_init(&total, shape, n_positions, error);
    status = hs_comm_agree(comm, status, error);
    for (uint64_t first = 0; status == HS_OK && first < n_chunks; first += step)
        status = sum_round(comm, study, first, n_chunks, &own, &part, &total, error);
    if (status == HS_OK)
        status = hs_comm_agree(comm, hs_engine_reference_means_from_sums(&total, &study->means, error), error);
    if (status == HS_OK)
        hs_engine_set_means(study->engine, &study->means);
    hs_engine_mean_sums_clear(&own);
    hs_engine_mean_sums_clear(&part);
    hs_engine_mean_sums_clear(&total);
    return status;
}

hs_status hs__study_size_means(hs_study *study, hs_error *error)
{
    const hs_model_shape *shape = &study->model->shape;

    study->means = (hs_reference_means){.n_layers = shape->n_layers, .n_columns = shape->n_heads * shape->head_dim};
    return hs__study_longest_reference(study, &study->means.n_positions, error);
}

/* The file's own means and not computed ones: a resumed run must go on with the very bits. */
hs_status hs__study_read_means(hs_study *study, hs_results *results, hs_error *error)
{
    hs_reference_means *means = &study->means;
    hs_status status;

    hs_engine_reference_means_clear(means);
    hs_results_means_sizes(results, &means->n_layers, &means->n_positions, &means->n_columns);
    if (means->n_layers != study->model->shape.n_layers)
        return hs_fail(error, HS_ERROR_RESULTS, "the results file has no reference means of this model");
    size_t n_mean = means->n_layers * means->n_columns;
    HS_GOTO_DONE(hs_allocate(&means->mean, n_mean, sizeof(float), "reference means", error));
    HS_GOTO_DONE(
        hs_allocate(&means->position_mean, n_mean * means->n_positions, sizeof(float), "reference means", error));
    HS_GOTO_DONE(hs_results_read_means(results, means->mean, means->position_mean, error));
    hs_engine_set_means(study->engine, means);
done:
    if (status != HS_OK)
        hs_engine_reference_means_clear(means);
    return status;
}
