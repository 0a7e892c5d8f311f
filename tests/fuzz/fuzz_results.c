/* A results file: opened, its cells checked, values and statistics read, ranked. */
#include <hdf5.h>

#include "fuzz/fuzz.h"
#include "headsweep/analysis.h"

/*
 * HDF5's own: gives the processor away for every checksum that does not match, as nearly all do here. On a busy machine
 * that is where the time goes.
 */
void H5_nanosleep(uint64_t nanoseconds);
void H5_nanosleep(uint64_t nanoseconds)
{
    (void)nanoseconds;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    /* A file opened takes a megabyte, which HDF5 would give back to the system each time. */
    return H5set_free_list_limits(-1, -1, -1, -1, -1, -1);
}

static void rank(hs_results *results)
{
    /* Few resamples: it is the reading that is tested. */
    static const hs_analysis_options options = {.resamples = 4, .permutations = 64, .confidence = 0.9, .seed = 1};
    hs_error error = {0};
    hs_analysis *analysis = NULL;
    hs_ranking_request request;
    hs_ranking ranking = {0};

    if (hs_analysis_new(results, NULL, &options, &analysis, &error) == HS_OK &&
        hs_analysis_request_parse(analysis, NULL, &request, &error) == HS_OK)
        (void)hs_analysis_rank(analysis, &request, &ranking, &error);
    hs_analysis_ranking_clear(&ranking);
    hs_analysis_free(analysis);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    hs_error error = {0};
    hs_results *results = NULL;
    hs_results_counts counts;

    if (hs_results_open_read(fuzz_write("r.h5", bytes, n_bytes), &results, &error) != HS_OK)
        return 0;
    if (hs_results_progress(results, &counts, &error) == HS_OK)
        rank(results);
    (void)hs_results_close(results, &error);
    return 0;
}
