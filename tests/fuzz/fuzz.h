/*
 * fuzz: what the libFuzzer targets share. A target hands one reader a hostile file; the sanitizers judge. Built by
 * -DHEADSWEEP_FUZZ=ON with clang, run by tests/fuzz/run.sh.
 */
#ifndef HEADSWEEP_FUZZ_H
#define HEADSWEEP_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The process' own folder in memory, made at the first call and removed at exit. */
const char *fuzz_folder(void);
/* Writes folder/name; returns the path, valid until the next call. */
const char *fuzz_write(const char *name, const uint8_t *bytes, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

#endif
