/* model.safetensors of a checkpoint whose other file is sound. */
#include "fuzz/fuzz_checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    static bool written = false;

    if (!written)
        test_random_gpt2(fuzz_folder(), 1, 2, 4, 5, 3, 1);
    written = true;
    (void)fuzz_write("model.safetensors", bytes, n_bytes);
    fuzz_read_checkpoint();
    return 0;
}
