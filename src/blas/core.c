/* Whether OpenBLAS's core type is as good as the processor: a lesser one halves the speed and says nothing. */
#include "blas/core.h"
#include "blas/library.h"
#include "headsweep/blas.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Core types of OpenBLAS 0.3 that use the feature; x86-64 only. */
static const char *const AVX512_CORES[] = {"SkylakeX", "Cooperlake", "SapphireRapids", NULL};
static const char *const AVX2_CORES[] = {"Haswell",        "Zen", "Excavator", "SkylakeX", "Cooperlake",
                                         "SapphireRapids", NULL};

static bool is_listed(const char *core, const char *const *list)
{
    while (*list != NULL && strcasecmp(core, *list) != 0)
        list++;
    return *list != NULL;
}

/*
 * From the best feature down: only the first that is there and unused is worth a word. The advice
 * depends on whether the core type was forced, for then nothing needs to be installed.
 */
const char *hs__blas_describe_core_mismatch(const char *core, struct hs__blas_processor processor, bool forced,
                                            char *buffer, size_t capacity)
{
    const struct {
        bool available;
        const char *feature;
        const char *const *cores;
        const char *best;
    } rows[] = {
        {processor.has_avx512, "AVX-512", AVX512_CORES, "SkylakeX"},
        {processor.has_avx2, "AVX2", AVX2_CORES, "Haswell"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!rows[i].available || is_listed(core, rows[i].cores))
            continue;
        int n = snprintf(buffer, capacity,
                         "OpenBLAS runs its %s kernels on a processor with %s: expect about half the speed%s; ", core,
                         rows[i].feature, i == 0 && !is_listed(core, AVX2_CORES) ? " or less" : "");
        if (n > 0 && (size_t)n < capacity && forced)
            snprintf(buffer + n, capacity - (size_t)n, "unset OPENBLAS_CORETYPE");
        else if (n > 0 && (size_t)n < capacity)
            snprintf(buffer + n, capacity - (size_t)n, "install a newer OpenBLAS or set OPENBLAS_CORETYPE=%s",
                     rows[i].best);
        return buffer;
    }
    return NULL;
}

/*
 * AVX-512 counts only with the parts that OpenBLAS's SkylakeX kernels need; other processors run
 * Haswell kernels on purpose.
 */
const char *hs_blas_core_warning(void)
{
#if defined(__x86_64__)
    static char text[256]; /* only ever written with this one text */
    const struct hs__blas_library *library = hs__blas_find_library();
    if (library == NULL || strcmp(library->name, "OpenBLAS") != 0)
        return NULL;
    __builtin_cpu_init();
    struct hs__blas_processor processor = {
        .has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"),
        .has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"),
    };
    bool forced = getenv("OPENBLAS_CORETYPE") != NULL;
    return hs__blas_describe_core_mismatch(hs_blas_core(), processor, forced, text, sizeof text);
#else
    return NULL;
#endif
}
