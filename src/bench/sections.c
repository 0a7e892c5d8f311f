/* The table of sections, the folder that their inputs lie in, and the run of those that were chosen. */
#include "bench/sections.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headsweep/blas.h"

/*
 * In the order in which they run: those that start a launcher come first, because a process that has started MPI
 * itself must not be the parent of one.
 */
static const struct section {
    const char *name;
    hs_status (*run)(const bench_place *bench, hs_error *error);
    bool needs_inputs;
} sections[HS_BENCH_SECTIONS] = {
    {"scheduler", hs__bench_scheduler, false},
    {"ranks", hs__bench_ranks, true},
    {"engine", hs__bench_engine, true},
    {"generate", hs__bench_generate, true},
};

const char *hs_bench_section_name(size_t section)
{
    return sections[section].name;
}

/*
 * Under TMPDIR, because a checkpoint of hundreds of megabytes may not fit into /tmp; the messages
 * say so.
 */
hs_status hs__bench_make_inputs(bench_place *bench, hs_error *error)
{
    const char *base = getenv("TMPDIR");

    bench->folder = hs_path_join(base != NULL && base[0] != '\0' ? base : "/tmp", "headsweep-bench-XXXXXX", error);
    if (bench->folder == NULL)
        return hs_error_status(error);
    if (mkdtemp(bench->folder) == NULL) {
        hs_fail(error, HS_ERROR_IO, "%s: %s; TMPDIR chooses another place", bench->folder, strerror(errno));
        hs_free(bench->folder);
        bench->folder = NULL;
        return hs_error_status(error);
    }
    hs_log_print(&bench->setup.log, HS_LOG_INFO, "bench   writing a random checkpoint");
    hs_status status = hs_bench_write_inputs(&bench->setup.shape, bench->folder, error);
    return status == HS_OK ? HS_OK : hs_error_prefix(error, "TMPDIR chooses another place");
}

/* The folder is flat. What cannot be removed stays: nothing depends on it. */
void hs__bench_remove_inputs(bench_place *bench)
{
    DIR *folder = bench->folder != NULL ? opendir(bench->folder) : NULL;

    if (folder != NULL) {
        for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        (void)closedir(folder);
        (void)rmdir(bench->folder);
    }
    hs_free(bench->folder);
    bench->folder = NULL;
}

/* What the figures were taken on. */
static void print_shape(const hs_bench_shape *shape)
{
    hs_blas_set_threads();
    printf("layers = %zu\nheads = %zu\nwidth = %zu\nvocabulary = %zu\ntokens = %zu\n", shape->n_layers, shape->n_heads,
           shape->width, shape->vocabulary, shape->n_tokens);
    printf("blas = %s\nblas_core = %s\nblas_threads = %d\n", hs_blas_library(), hs_blas_core(), hs_blas_threads());
    fflush(stdout);
}

/* Under a launcher every rank runs this; only the scheduler's simulation knows what to do with more than one. */
static hs_status check_launched(const hs_bench_setup *setup, const bool *chosen, hs_error *error)
{
    for (size_t i = 0; i < HS_BENCH_SECTIONS; ++i)
        if (setup->here && chosen[i] && sections[i].run != hs__bench_scheduler)
            return hs_fail(error, HS_ERROR_USAGE,
                           "bench %s starts the MPI launcher itself: run it without one (bench scheduler takes the "
                           "launcher's ranks)",
                           sections[i].name);
    return HS_OK;
}

static hs_status make_inputs_if_needed(bench_place *bench, const bool *chosen, hs_error *error)
{
    bool needs_inputs = false;

    for (size_t i = 0; i < HS_BENCH_SECTIONS; ++i)
        needs_inputs = needs_inputs || (chosen[i] && sections[i].needs_inputs);
    if (!needs_inputs)
        return HS_OK;
    print_shape(&bench->setup.shape);
    return hs__bench_make_inputs(bench, error);
}

static hs_status run_chosen(const bench_place *bench, const bool *chosen, hs_error *error)
{
    for (size_t i = 0; i < HS_BENCH_SECTIONS; ++i) {
        if (!chosen[i])
            continue;
        if (!bench->setup.here)
            hs_log_print(&bench->setup.log, HS_LOG_INFO, "bench   %s", sections[i].name);
        HS_TRY(sections[i].run(bench, error));
        fflush(stdout);
    }
    return HS_OK;
}

hs_status hs_bench_run(const hs_bench_setup *setup, const bool chosen[HS_BENCH_SECTIONS], hs_error *error)
{
    bench_place bench = {.setup = *setup};
    hs_status status;

    HS_TRY(check_launched(setup, chosen, error));
    if (hs_blas_core_warning() != NULL && !setup->here)
        hs_log_print(&setup->log, HS_LOG_WARNING, "warning %s", hs_blas_core_warning());
    status = make_inputs_if_needed(&bench, chosen, error);
    if (status == HS_OK)
        status = run_chosen(&bench, chosen, error);
    hs__bench_remove_inputs(&bench);
    return status;
}
