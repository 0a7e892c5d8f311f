/* pipeline: the tokenizer itself, and the readers that fill it from the files of a checkpoint folder. */
#ifndef HEADSWEEP_TOKENIZER_PIPELINE_H
#define HEADSWEEP_TOKENIZER_PIPELINE_H

#include "tokenizer/added.h"
#include "tokenizer/model.h"
#include "tokenizer/post_processor.h"
#include "tokenizer/step.h"

/* Added tokens -> normalizers -> pre-tokenizers -> model -> post-processor; decoders for the way back. */
struct hs_tokenizer {
    tok_added added;
    tok_steps normalizers;
    tok_steps pre_tokenizers;
    tok_model model;
    tok_post_processor post_processor;
    tok_steps decoders;
    bool has_decoder; /* an empty Sequence is a decoder too: it joins the tokens without spaces */
    uint64_t hash;
    char *description;
};

enum { TOK_MAX_FILE_BYTES = 1 << 28 };

/* `path` is a tokenizer.json. */
hs_status tok_read_tokenizer_json(const char *path, hs_tokenizer *tokenizer, hs_error *error);
/* GPT-2's own files: byte-level BPE with its split, no BOS. */
hs_status tok_read_gpt2_files(const char *vocabulary_path, const char *merges_path, hs_tokenizer *tokenizer,
                              hs_error *error);

#endif
