/* pipeline: the tokenizer itself, and the readers that fill it from the files of a checkpoint folder. */
#ifndef HEADSWEEP_TOKENIZER_PIPELINE_H
#define HEADSWEEP_TOKENIZER_PIPELINE_H

#include "tokenizer/added.h"
#include "tokenizer/piece_model.h"
#include "tokenizer/post_processor.h"
#include "tokenizer/settings.h"
#include "tokenizer/step.h"

typedef struct tokenizer_special {
    int32_t id; /* TOKENIZER_NO_ID: none */
    hs_text text;
} tokenizer_special;

/* Added tokens -> normalizers -> pre-tokenizers -> model -> post-processor; decoders for the way back. */
struct hs_tokenizer {
    tokenizer_added added;
    tokenizer_steps normalizers;
    tokenizer_steps pre_tokenizers;
    tokenizer_model model;
    tokenizer_post_processor post_processor;
    bool gives_types; /* token types are for the model to read */
    bool cuts_start;  /* of texts that are too long, the first tokens go */
    tokenizer_steps decoders;
    bool has_decoder; /* an empty Sequence is a decoder too: it joins the tokens without spaces */
    tokenizer_special specials[HS_N_SPECIAL_TOKENS];
    uint64_t hash;
    char *description;
    char *problem; /* why it cannot be used, NULL: it can */
};

/* What every use starts with: HS_ERROR_INPUT with the problem, if there is one. */
hs_status hs__tokenizer_check_usable(const hs_tokenizer *tokenizer, hs_error *error);

/* Readers of the files of a folder, named by `paths`; a reader of one file uses the first. */
typedef hs_status (*tokenizer_reader)(const char *const paths[2], tokenizer_settings *settings, hs_tokenizer *tokenizer,
                                      hs_error *error);

hs_status hs__tokenizer_read_tokenizer_json(const char *const paths[2], tokenizer_settings *settings,
                                            hs_tokenizer *tokenizer, hs_error *error);
/*
 * vocab.json and merges.txt: byte-level BPE with GPT-2's split. Where nothing says whose class it is, it is RoBERTa's
 * if all of its special tokens are there, else GPT-2's.
 */
hs_status hs__tokenizer_read_byte_level_files(const char *const paths[2], tokenizer_settings *settings,
                                              hs_tokenizer *tokenizer, hs_error *error);
/* vocab.txt: BERT's WordPiece. */
hs_status hs__tokenizer_read_word_piece_file(const char *const paths[2], tokenizer_settings *settings,
                                             hs_tokenizer *tokenizer, hs_error *error);

#endif
