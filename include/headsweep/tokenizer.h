/*
 * tokenizer: text -> token ids, as Hugging Face `tokenizers` does it for the files in a checkpoint folder.
 *
 * Understood: tokenizer.json with a BPE model (byte-level as GPT-2, NeoX and Llama 3 use it; byte fallback with
 * metaspace as Llama 2 uses it), a WordPiece model (BERT), a Unigram model (XLM-RoBERTa, CamemBERT, T5, ALBERT, with
 * SentencePiece's replacements of characters) or a WordLevel model; where there is no tokenizer.json,
 * vocab.json + merges.txt (byte-level BPE as GPT-2 or RoBERTa use it) or vocab.txt (BERT's WordPiece) with the settings
 * in tokenizer_config.json. Tokens that are named beside these files (tokenizer_config.json's special tokens and
 * added_tokens_decoder, special_tokens_map.json, added_tokens.json) are added as transformers 5.24 adds them, with the
 * names that its class has for this kind of model where no file says. Anything in a tokenizer.json that is not
 * understood is an error that names it, never ignored.
 */
#ifndef HEADSWEEP_TOKENIZER_H
#define HEADSWEEP_TOKENIZER_H

#include "headsweep/base.h"

typedef struct hs_tokenizer hs_tokenizer;

/* A growing list of token ids; initialise with {0}. */
typedef struct hs_token_list {
    int32_t *ids;
    size_t n;
    size_t capacity;
} hs_token_list;

void hs_tokenizer_token_list_clear(hs_token_list *list);

/* Reads the tokenizer of a checkpoint folder. HS_ERROR_INPUT names file and key. */
hs_status hs_tokenizer_open(const char *folder, hs_tokenizer **tokenizer_out, hs_error *error);
/*
 * The same for data that may be token ids alone, which need no tokenizer: NULL where the folder has none. One that
 * cannot be read is opened with a problem, as one without any token: using it is HS_ERROR_INPUT with that problem.
 */
hs_status hs_tokenizer_open_if_any(const char *folder, hs_tokenizer **tokenizer_out, hs_error *error);
/* Why it cannot be used, with file and key; NULL if it can. Lives as long as the tokenizer. */
const char *hs_tokenizer_problem(const hs_tokenizer *tokenizer);
void hs_tokenizer_free(hs_tokenizer *tokenizer);

/*
 * Appends the ids of `text` (UTF-8, `length` bytes; invalid UTF-8 is HS_ERROR_INPUT with the byte offset) to `ids`.
 * Added tokens written in the text are recognised, as in Hugging Face. `add_special` applies the file's post-processor
 * (e.g. BOS in front), as `encode(text, add_special_tokens=True)`.
 * Thread-safe on one tokenizer: it is not changed.
 */
hs_status hs_tokenizer_encode(const hs_tokenizer *tokenizer, const char *text, size_t length, bool add_special,
                              hs_token_list *ids, hs_error *error);

/* One text, or two that an encoder reads as a pair. Borrowed. */
typedef struct hs_texts {
    const char *first;
    size_t n_first; /* bytes */
    const char *second;
    size_t n_second; /* 0: there is no second one, and transformers takes an empty one for that too */
} hs_texts;

/* What becomes of them; initialise with {0}, and use it again and again. */
typedef struct hs_encoding {
    hs_token_list ids;
    hs_token_list types;   /* [ids.n]: the token type of each, as the post-processor says: 1 for BERT's second text */
    hs_token_list special; /* [ids.n]: 1 for what the post-processor put there, else 0 */
    bool truncated;
    hs_token_list texts[2]; /* scratch */
} hs_encoding;

void hs_tokenizer_encoding_clear(hs_encoding *encoding);

/*
 * Replaces `encoding` by that of the texts, as `tokenizer(first, second, add_special_tokens=...,
 * truncation="longest_first", max_length=n_most)` of transformers has it; SIZE_MAX for no truncation. HS_ERROR_INPUT:
 * invalid UTF-8, or a post-processor that says nothing of pairs.
 */
hs_status hs_tokenizer_encode_texts(const hs_tokenizer *tokenizer, const hs_texts *texts, bool add_special,
                                    size_t n_most, hs_encoding *encoding, hs_error *error);
/* Whether the first tokens of what is too long go, not the last: tokenizer_config.json's truncation_side is "left". */
bool hs_tokenizer_cuts_start(const hs_tokenizer *tokenizer);
/*
 * Whether transformers hands the token types on to the model: what tokenizer_config.json's model_input_names says, else
 * what the tokenizer's class does. A class that is not named, or belongs to no model, does.
 */
bool hs_tokenizer_gives_types(const hs_tokenizer *tokenizer);

/* Appends the text of the ids, as `decode(ids, skip_special_tokens=skip_special)`; what is not UTF-8 is kept. */
hs_status hs_tokenizer_decode(const hs_tokenizer *tokenizer, const int32_t *ids, size_t n, bool skip_special,
                              hs_text *text, hs_error *error);

/* Largest id + 1, added tokens included. */
size_t hs_tokenizer_vocabulary(const hs_tokenizer *tokenizer);
/* The id of exactly this token (e.g. "<s>"), -1 if no token is. */
int32_t hs_tokenizer_id(const hs_tokenizer *tokenizer, const char *token);

typedef enum hs_special_token {
    HS_TOKEN_BOS,   /* tokenizer.bos_token of transformers, and only that */
    HS_TOKEN_EOS,   /* the same of eos_token */
    HS_TOKEN_BEGIN, /* in front of a text: [CLS] or BOS */
    HS_TOKEN_END,   /* behind it: [SEP] or EOS */
    HS_TOKEN_PAD,
    HS_TOKEN_MASK, /* stands for a token that a masked language model predicts */
    HS_N_SPECIAL_TOKENS
} hs_special_token;

/*
 * The id of a special token by the name in tokenizer_config.json or special_tokens_map.json, or that transformers'
 * class gives it; but for BOS and EOS else by the usual names ("[MASK]", "<mask>", ...). -1 without one.
 */
int32_t hs_tokenizer_special(const hs_tokenizer *tokenizer, hs_special_token which);
/* What it decodes to, "" without one. Lives as long as the tokenizer. */
const char *hs_tokenizer_special_text(const hs_tokenizer *tokenizer, hs_special_token which);
/* Stable hash of everything that influences ids: part of the experiment hash. */
uint64_t hs_tokenizer_hash(const hs_tokenizer *tokenizer);
/* For people: "byte-level BPE, 50257 tokens, tokenizer.json". Lives as long as the tokenizer. */
const char *hs_tokenizer_description(const hs_tokenizer *tokenizer);

/* What others need to know of Unicode. */

/*
 * Appends the text without differences of case and of form: NFKC with full case folding, default ignorable characters
 * left out (toNFKC_Casefold, Unicode Standard section 3.13). HS_ERROR_INPUT: it is not UTF-8.
 */
hs_status hs_tokenizer_fold(const char *text, size_t length, hs_text *folded, hs_error *error);
/* Whether the character at `at`, or the one that ends at `end`, belongs to a word: a letter, mark or digit. */
bool hs_tokenizer_is_word_at(const char *text, size_t length, size_t at);
bool hs_tokenizer_is_word_before(const char *text, size_t end);

#endif
