/*
 * classes: what transformers' tokenizer classes put in where the files of a checkpoint say nothing: which class reads a
 * folder (AutoTokenizer of transformers 5.24), its special tokens, and what it sets around a text.
 */
#ifndef HEADSWEEP_TOKENIZER_CLASSES_H
#define HEADSWEEP_TOKENIZER_CLASSES_H

#include <stdbool.h>

/* In the order in which transformers adds those that the vocabulary lacks. */
typedef enum tokenizer_name {
    TOKENIZER_BOS,
    TOKENIZER_EOS,
    TOKENIZER_UNK,
    TOKENIZER_SEP,
    TOKENIZER_PAD,
    TOKENIZER_CLS,
    TOKENIZER_MASK,
    TOKENIZER_N_NAMES
} tokenizer_name;

/* What a class sets around a text, whatever a tokenizer.json says. */
typedef enum tokenizer_frame {
    TOKENIZER_FRAME_OF_FILE, /* nothing of its own */
    TOKENIZER_FRAME_NONE,
    TOKENIZER_FRAME_CLS_SEP,
    TOKENIZER_FRAME_BOS_EOS,
} tokenizer_frame;

/* How a class joins two texts. */
typedef enum tokenizer_joint {
    TOKENIZER_JOINT_REPEATED,   /* each between its own special tokens, the second of token type 1 */
    TOKENIZER_JOINT_SEGMENTS,   /* CLS A SEP B SEP, from B on of type 1: BERT */
    TOKENIZER_JOINT_SEPARATORS, /* CLS A SEP SEP B SEP, all of type 0: RoBERTa */
} tokenizer_joint;

enum { TOKENIZER_MAX_CLASS_EXTRAS = 3 };

/*
 * A class that builds its own pipeline: of a tokenizer.json it takes the vocabulary, and where tokenizer_config.json
 * lists added tokens those of the tokenizer.json count no more.
 */
typedef struct tokenizer_class {
    const char *names;                     /* of the classes, separated by blanks */
    const char *tokens[TOKENIZER_N_NAMES]; /* NULL: none */
    const char *extras[TOKENIZER_MAX_CLASS_EXTRAS];
    bool mask_strips;    /* the mask takes the white space on its left */
    bool plain_specials; /* its special tokens are found as they are, whatever the files say of them */
    tokenizer_frame frame;
    tokenizer_joint joint;
} tokenizer_class;

/* What says which class reads a folder; texts are NULL where the files say nothing. */
typedef struct tokenizer_class_signs {
    const char *model_type; /* of config.json */
    const char *declared;   /* tokenizer_class of tokenizer_config.json, else of config.json, without "Fast" */
    bool byte_level;        /* the tokenizer.json speaks of ByteLevel */
} tokenizer_class_signs;

/* NULL: no class known here, or one that takes tokenizer.json as it stands (PreTrainedTokenizerFast). */
const tokenizer_class *hs__tokenizer_class_find(const char *name);
/* Whether a class of this name hands token types to its model; NULL and names not known here: true. */
bool hs__tokenizer_class_gives_types(const char *name);
/* The name of the class that AutoTokenizer takes; NULL where nothing says. It may be one not known here. */
const char *hs__tokenizer_class_choose(const tokenizer_class_signs *signs);
/* Whether the choice depends on signs->byte_level. */
bool hs__tokenizer_class_asks_for_byte_level(const tokenizer_class_signs *signs);

#endif
