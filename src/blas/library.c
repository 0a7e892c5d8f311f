/*
 * Which BLAS there is, and how many threads it has of its own. A build may stand behind a libblas that is another
 * library where it runs (Debian's alternatives, FlexiBLAS, a module), so that its interface is looked up at run time.
 */
#define _GNU_SOURCE
#include "blas/library.h"
#include "headsweep/blas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The function of that name, into a pointer to one; false if no library that is loaded has it. */
static bool find_function(const char *name, void *function_out)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    memcpy(function_out, &symbol, sizeof symbol);
    return symbol != NULL;
}

/* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": the first two words of it. */
static void describe_openblas(char *text, size_t capacity)
{
    const char *(*config)(void);
    if (!find_function("openblas_get_config", &config))
        return;
    const char *words = config();
    const char *space = strchr(words, ' ');
    size_t length = space == NULL ? strlen(words) : (size_t)(space - words) + 1 + strcspn(space + 1, " ");
    (void)snprintf(text, capacity, "%.*s", (int)length, words);
}

static void describe_flexiblas(char *text, size_t capacity)
{
    int (*backend)(char *name, size_t length);
    char name[32] = "";
    if (find_function("flexiblas_current_backend", &backend) && backend(name, sizeof name) > 0)
        (void)snprintf(text, capacity, "FlexiBLAS (%.*s)", (int)strnlen(name, sizeof name), name);
}

static void describe_mkl(char *text, size_t capacity)
{
    void (*version)(char *buffer, int length);
    char buffer[200] = "";
    if (find_function("MKL_Get_Version_String", &version))
        version(buffer, (int)sizeof buffer - 1);
    const char *number = strstr(buffer, "Version ");
    if (number != NULL)
        (void)snprintf(text, capacity, "MKL %.*s", (int)strcspn(number + 8, " "), number + 8);
}

static void describe_blis(char *text, size_t capacity)
{
    const char *(*version)(void);
    if (find_function("bli_info_get_version_str", &version))
        (void)snprintf(text, capacity, "BLIS %.40s", version());
}

static const char *core_of_openblas(void)
{
    const char *(*core)(void);
    return find_function("openblas_get_corename", &core) ? core() : "unknown";
}

static const char *core_of_blis(void)
{
    int (*architecture)(void);
    const char *(*name)(int architecture);
    return find_function("bli_arch_query_id", &architecture) && find_function("bli_arch_string", &name)
               ? name(architecture())
               : "unknown";
}

static const char *core_unknown(void)
{
    return "unknown";
}

/* Built without threads OpenBLAS has no locks either. */
static bool openblas_is_serial(void)
{
    int (*parallel)(void);
    return find_function("openblas_get_parallel", &parallel) && parallel() == 0;
}

static bool is_never_serial(void)
{
    return false;
}

/* FlexiBLAS first: what stands behind it may be seen as well. */
static const struct hs__blas_library LIBRARIES[] = {
    {"FlexiBLAS", "flexiblas_set_num_threads", "flexiblas_get_num_threads", false, describe_flexiblas, core_unknown,
     is_never_serial},
    {"MKL", "MKL_Set_Num_Threads", "MKL_Get_Max_Threads", false, describe_mkl, core_unknown, is_never_serial},
    {"OpenBLAS", "openblas_set_num_threads", "openblas_get_num_threads", false, describe_openblas, core_of_openblas,
     openblas_is_serial},
    {"BLIS", "bli_thread_set_num_threads", "bli_thread_get_num_threads", true, describe_blis, core_of_blis,
     is_never_serial},
};

const struct hs__blas_library *hs__blas_find_library(void)
{
    for (size_t i = 0; i < sizeof LIBRARIES / sizeof *LIBRARIES; ++i)
        if (dlsym(RTLD_DEFAULT, LIBRARIES[i].set_threads) != NULL)
            return &LIBRARIES[i];
    return NULL;
}

const char *hs_blas_library(void)
{
    static char text[64]; /* only ever written with this one text */
    const struct hs__blas_library *library = hs__blas_find_library();
    if (library == NULL)
        return "CBLAS (unknown)";
    (void)snprintf(text, sizeof text, "%s", library->name);
    library->describe(text, sizeof text);
    return text;
}

const char *hs_blas_core(void)
{
    const struct hs__blas_library *library = hs__blas_find_library();
    return library != NULL ? library->core() : "unknown";
}

void hs_blas_set_threads(void)
{
    const struct hs__blas_library *library = hs__blas_find_library();
    void (*set)(int n);
    void (*set_wide)(int64_t n);
    if (library == NULL)
        return;
    if (library->is_wide && find_function(library->set_threads, &set_wide))
        set_wide(1);
    else if (find_function(library->set_threads, &set))
        set(1);
}

int hs__blas_ask_threads(const struct hs__blas_library *library)
{
    int (*get)(void);
    int64_t (*get_wide)(void);
    if (library->is_wide)
        return find_function(library->get_threads, &get_wide) ? (int)get_wide() : 1;
    return find_function(library->get_threads, &get) ? get() : 1;
}
