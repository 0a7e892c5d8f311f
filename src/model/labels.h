/* labels: what config.json says of a classifier's outputs. */
#ifndef HEADSWEEP_MODEL_LABELS_H
#define HEADSWEEP_MODEL_LABELS_H

#include "model/config_reader.h"
#include "model/notes.h"

typedef struct hs_label_list {
    char **names; /* [n] */
    size_t n;
    bool independent; /* each label has a probability of its own; else they share one */
} hs_label_list;

/*
 * The labels that transformers gives the head: num_labels of them, else as many as id2label names, else two. Their
 * names are those of id2label, numbers and truth values as JSON writes them; or of label2id, where it numbers all of
 * them; or "LABEL_0" .. A note says where the keys contradict each other. Independent where problem_type says
 * multi_label_classification, or with a single label. HS_ERROR_INPUT: names that are not numbered from 0 on, what is
 * not a name, or a head of regression.
 */
hs_status hs__model_label_list_read(const hs_config *config, hs_label_list *list_out, hs_note_list *notes,
                                    hs_error *error);
void hs__model_label_list_clear(hs_label_list *list);

#endif
