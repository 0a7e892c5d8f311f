/* A tokenizer.json: read, and used on texts with all kinds of characters. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "headsweep/tokenizer.h"

static void use(const hs_tokenizer *tokenizer)
{
    static const char text[] = "Hello w\xC3\xB6rld's  12\xE2\x80\x99\xE6\x97\xA5<s> \n\tcaf\xC3\xA9";
    hs_token_list ids = {0};
    hs_text decoded = {0};
    hs_error error = {0};

    if (hs_tokenizer_encode(tokenizer, text, strlen(text), true, &ids, &error) == HS_OK)
        (void)hs_tokenizer_decode(tokenizer, ids.ids, ids.n, false, &decoded, &error);
    hs_text_clear(&decoded);
    hs_tokenizer_token_list_clear(&ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    hs_error error = {0};
    hs_tokenizer *tokenizer = NULL;

    (void)fuzz_write("tokenizer.json", bytes, n_bytes);
    if (hs_tokenizer_open(fuzz_folder(), &tokenizer, &error) == HS_OK)
        use(tokenizer);
    hs_tokenizer_free(tokenizer);
    return 0;
}
