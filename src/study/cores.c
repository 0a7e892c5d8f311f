/* Whether all numbers of a sweep come from one kind of processor, which is what their last bits depend on. */
#include <string.h>

#include "headsweep/blas.h"
#include "study/session.h"

/* The first of the lines that is not `core`; NULL if all are. Cuts the lines apart. */
static const char *find_other(char *lines, const char *core)
{
    char *rest = NULL;

    for (char *line = strtok_r(lines, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        if (strcmp(line, core) != 0)
            return line;
    return NULL;
}

/*
 * A warning and no refusal: the numbers are right on both, they only cannot be had again to the
 * bit.
 */
hs_status hs__study_warn_of_other_cores(const study_session *s, hs_error *error)
{
    const char *core = hs_blas_core();
    const char *before = hs_results_attribute_of(s->results, "provenance", "blas_core");
    const hs_log *log = &s->options->log;
    char *lines = NULL;

    HS_TRY(hs_comm_gather_lines(s->comm, core, &lines, error));
    const char *other = lines != NULL ? find_other(lines, core) : NULL;
    if (other != NULL)
        hs_log_print(log, HS_LOG_WARNING,
                     "some ranks run OpenBLAS's %s kernels and others %s: the last bits depend on which rank computes "
                     "what; ask for one kind of host to have the same bits again",
                     core, other);
    else if (lines != NULL && before != NULL && strcmp(before, core) != 0)
        hs_log_print(log, HS_LOG_WARNING,
                     "the file was begun with OpenBLAS's %s kernels and is continued with %s: the last bits of what "
                     "is computed now differ from what they would have been",
                     before, core);
    hs_free(lines);
    return HS_OK;
}
