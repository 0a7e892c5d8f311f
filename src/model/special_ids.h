/* special_ids: the tokens that begin and end a text, as config.json and generation_config.json have their ids. */
#ifndef HEADSWEEP_MODEL_SPECIAL_IDS_H
#define HEADSWEEP_MODEL_SPECIAL_IDS_H

#include "model/config_reader.h"

typedef struct hs_special_ids {
    int32_t bos;  /* of config.json; -1: none */
    int32_t eos;  /* the same, the first of a list */
    int32_t *end; /* [n_end] where transformers' generate ends */
    size_t n_end;
    const char *end_file; /* name of the file that says so */
} hs_special_ids;

/*
 * An id outside the vocabulary counts as none, as no text can hold it: configs keep their class's default there. Where
 * there is a generation_config.json, only that says where generation ends, as in transformers. HS_ERROR_INPUT names
 * file and key: what is neither an id nor a list of them.
 */
hs_status hs__model_special_ids_read(const char *folder, const hs_config *config, size_t vocabulary,
                                     hs_special_ids *ids_out, hs_error *error);
/* pad_token_id; *id_inout stays where it is absent, and null or an id outside the vocabulary is HS_NO_TOKEN. */
hs_status hs__model_special_ids_padding(const hs_config *config, size_t vocabulary, int32_t *id_inout, hs_error *error);
void hs__model_special_ids_clear(hs_special_ids *ids);

#endif
