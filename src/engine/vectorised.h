/*
 * vectorised: functions whose loops are compiled for several instruction sets.
 *
 * On x86-64 with glibc they are compiled for AVX-512 and AVX2 too and chosen when the program starts. The order of
 * every sum is written out, and standard C mode fuses no multiplication with an addition, so the versions differ in
 * speed only. Not under AddressSanitizer, which is not ready yet when the choice is made.
 */
#ifndef HEADSWEEP_ENGINE_VECTORISED_H
#define HEADSWEEP_ENGINE_VECTORISED_H

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VECTORISED
#endif

#endif
