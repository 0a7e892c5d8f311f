#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/checkpoint_writer.h"

static char folder[64];

static void remove_folder(void)
{
    test_folder_remove(folder);
}

const char *fuzz_folder(void)
{
    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "/dev/shm/headsweep-test-XXXXXX");
        if (mkdtemp(folder) == NULL)
            abort();
        atexit(remove_folder);
    }
    return folder;
}

const char *fuzz_write(const char *name, const uint8_t *bytes, size_t n_bytes)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    /* Cut afterwards: pages that are there already need not be made again. */
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    if (file < 0 || write(file, bytes, n_bytes) != (ssize_t)n_bytes || ftruncate(file, (off_t)n_bytes) != 0 ||
        close(file) != 0)
        abort();
    return path;
}

/* libconfig loses its scanner's buffers when a file has a syntax error, HDF5 some of what it read of a damaged file. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig\nleak:libhdf5\n";
}
