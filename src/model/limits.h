/* limits: what config.json may ask for. */
#ifndef HEADSWEEP_MODEL_LIMITS_H
#define HEADSWEEP_MODEL_LIMITS_H

/* Beyond every published model; a config.json that asks for more is a mistake or hostile. */
enum {
    HS_MAX_LAYERS = 4096,
    HS_MAX_HEADS = 4096,
    HS_MAX_HEAD_DIM = 65536,
    HS_MAX_WIDTH = 1000000,
    HS_MAX_MLP_WIDTH = 16000000,
    HS_MAX_EXPERTS = 65536,
    HS_MAX_VOCABULARY = 4000000,
    HS_MAX_POSITIONS = 100000000,
    HS_MAX_TOKEN_TYPES = 65536,
    HS_MAX_LABELS = 1000000,
    HS_MAX_LABEL_BYTES = 1000,
};
#define HS_MIN_SCALE 1e-9
#define HS_MAX_SCALE 1e9
#define HS_MIN_ROPE_THETA 1.0
#define HS_MAX_ROPE_THETA 1e12

#endif
