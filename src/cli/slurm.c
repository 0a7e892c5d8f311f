/*
 * slurm: the #SBATCH lines for a plan. Margins are stated in the output, so that whoever edits it
 * knows what is spare.
 */
#include "cli/slurm.h"

#include <math.h>

/* What is asked for beyond the plan: for MPI's buffers and the page cache, and for slower or busier processors. */
#define MEMORY_MARGIN 1.25
#define TIME_MARGIN 2.0
#define START_MINUTES 5.0
/*
 * How long before the limit the job is told: for the matrix product at work, of a slower or busier processor; for cells
 * that a slow file system is given; for ranks that end, their launcher, and the job that goes into the queue again.
 */
#define STOP_MARGIN 3.0
#define WRITE_BYTES_PER_SECOND 10e6
#define END_SECONDS 60.0

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static double megabytes_per_processor(const slurm_request *request, size_t fewest_ranks)
{
    double bytes = (double)request->memory_bytes + (double)request->weight_bytes / (double)fewest_ranks;
    return ceil(MEMORY_MARGIN * bytes / (double)request->n_threads / (1024.0 * 1024.0));
}

static double signal_seconds(const slurm_request *request)
{
    return ceil(STOP_MARGIN * request->stop_seconds + (double)request->write_bytes / WRITE_BYTES_PER_SECOND +
                END_SECONDS);
}

static hs_status append_signal(const slurm_request *request, hs_text *text, hs_error *error)
{
    char cell[32];

    HS_TRY(hs_text_appendf(
        text, error,
        "# A rank has another cell after %s at most. The signal comes %.0f s before the limit: %g times "
        "the longest matrix product (%.2g s), %.2g s to write, %g s to end\n",
        hs_format_duration(request->cell_seconds, cell, sizeof cell), signal_seconds(request), STOP_MARGIN,
        request->stop_seconds, (double)request->write_bytes / WRITE_BYTES_PER_SECOND, END_SECONDS));
    return hs_text_appendf(text, error, "#SBATCH --signal=B:USR1@%.0f\n", signal_seconds(request));
}

double hs__cli_slurm_seconds(double limit_seconds)
{
    const double seconds = (limit_seconds - 60 * START_MINUTES) / TIME_MARGIN;

    return seconds > 0 ? seconds : 0;
}

/*
 * Memory is asked for by processor rather than by host: requests of one host and of many are then
 * written the same way, and the host with the fewest ranks, which shares the weights among least,
 * decides.
 */
hs_status hs__cli_slurm_lines(const slurm_request *request, hs_text *text, hs_error *error)
{
    char duration[32], memory[16], weights[16];
    /* The ranks spread evenly, and no host is left without one. */
    size_t ranks = divide_up(request->n_ranks, divide_up(request->n_ranks, request->ranks_per_host));
    size_t n_hosts = divide_up(request->n_ranks, ranks);
    size_t fewest_ranks = request->n_ranks - (n_hosts - 1) * ranks;
    double minutes = ceil(TIME_MARGIN * request->seconds / 60 + START_MINUTES);

    HS_TRY(hs_text_appendf(
        text, error,
        "# headsweep plan: %s per rank and %s of weights per host, %s on processors like this one; asked for: "
        "%g times the memory, %g times the time and %g minutes to start\n",
        hs_format_bytes((double)request->memory_bytes, memory, sizeof memory),
        hs_format_bytes((double)request->weight_bytes, weights, sizeof weights),
        hs_format_duration(request->seconds, duration, sizeof duration), MEMORY_MARGIN, TIME_MARGIN, START_MINUTES));
    HS_TRY(hs_text_appendf(text, error, "#SBATCH --nodes=%zu\n#SBATCH --ntasks=%zu\n#SBATCH --ntasks-per-node=%zu\n",
                           n_hosts, request->n_ranks, ranks));
    HS_TRY(hs_text_appendf(text, error, "#SBATCH --cpus-per-task=%zu\n#SBATCH --mem-per-cpu=%.0fM\n",
                           request->n_threads, megabytes_per_processor(request, fewest_ranks)));
    HS_TRY(hs_text_appendf(text, error, "#SBATCH --time=%.0f\n", minutes));
    return append_signal(request, text, error);
}
