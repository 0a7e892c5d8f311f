/* labels: what config.json says of a classifier's outputs. */
#ifndef HEADSWEEP_MODEL_LABELS_H
#define HEADSWEEP_MODEL_LABELS_H

#include "model/config_reader.h"

typedef struct hs_label_list {
    char **names; /* [n] */
    size_t n;
    bool independent; /* each label has a probability of its own; else they share one */
} hs_label_list;

/*
 * The names of id2label; where there is none "LABEL_0" .. for num_labels of them, or two, as transformers has it.
 * Independent where problem_type says multi_label_classification, or with a single label. HS_ERROR_INPUT: labels that
 * are not numbered from 0 on, or a head of regression.
 */
hs_status hs_label_list_read(const hs_config *config, hs_label_list *list_out, hs_error *error);
void hs_label_list_clear(hs_label_list *list);

#endif
