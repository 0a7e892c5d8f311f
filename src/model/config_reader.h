/*
 * config_reader: typed fields of config.json. Every reader leaves `*value_inout` as it is where the key is absent or
 * null, and fails with file, key, the offending value and what is accepted otherwise.
 */
#ifndef HEADSWEEP_MODEL_CONFIG_READER_H
#define HEADSWEEP_MODEL_CONFIG_READER_H

#include "headsweep/base.h"

enum { HS_MAX_CONFIG_BYTES = 4000000 };

/* An object of config.json; lives as long as its document. `section` is "" or such as "rope_scaling." for messages. */
typedef struct hs_config {
    const char *path;
    const char *section;
    const hs_json_value *object;
} hs_config;

/* Present and not null. */
bool hs__model_config_has(const hs_config *config, const char *key);
hs_status hs__model_config_require(const hs_config *config, const char *key, const char *family, hs_error *error);

/* 1 to maximum. */
hs_status hs__model_config_size(const hs_config *config, const char *key, size_t maximum, size_t *value_inout,
                                hs_error *error);
/* minimum to maximum, both included. */
hs_status hs__model_config_real(const hs_config *config, const char *key, double minimum, double maximum,
                                double *value_inout, hs_error *error);
/* A list of n numbers, each minimum to maximum, which must be there. */
hs_status hs__model_config_reals(const hs_config *config, const char *key, size_t n, double minimum, double maximum,
                                 double *values_out, hs_error *error);
hs_status hs__model_config_flag(const hs_config *config, const char *key, bool *value_inout, hs_error *error);
/* Printable and short, so that it can stand in a message. */
hs_status hs__model_config_text(const hs_config *config, const char *key, const char **value_inout, hs_error *error);
/* The object under `key`; object NULL where it is absent or null. */
hs_status hs__model_config_section(const hs_config *config, const char *key, const char *section,
                                   hs_config *section_out, hs_error *error);
/* "SECTION.key" -> the section that it names, and what stands behind the dot; any other key is config's own. */
hs_status hs__model_config_locate(const hs_config *config, const char *path, hs_config *object_out,
                                  const char **key_out, hs_error *error);

#endif
