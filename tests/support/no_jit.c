/*
 * Preloaded under valgrind: PCRE2's machine code reads past ends in ways that valgrind takes for errors; this refuses
 * it.
 */
#include <stdint.h>

enum { ERROR_JIT_BAD_OPTION = -45 }; /* PCRE2_ERROR_JIT_BADOPTION */

int pcre2_jit_compile_8(void *code, uint32_t options);

int pcre2_jit_compile_8(void *code, uint32_t options)
{
    (void)code;
    (void)options;
    return ERROR_JIT_BAD_OPTION;
}
