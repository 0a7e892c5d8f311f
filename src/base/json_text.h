/* Internal to json.c: what is done to the bytes of a document before jansson reads them. */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include "headsweep/base.h"

/* Appends the document with ".0" behind each integer beyond 64 bits, which makes it a real. */
hs_status hs__base_json_mark_huge_integers(const char *bytes, size_t length, hs_text *marked, hs_error *error);

/* A number that jansson would not give back as it is written. */
typedef struct json_span {
    size_t ordinal; /* among all numbers of the record, from 0 */
    size_t offset;
    size_t length;
} json_span;

/* A record of a data file made fit for jansson. Initialise with {0}. */
typedef struct json_record {
    hs_text text;     /* as long as the record, so that columns stay: a 0 and spaces for each number of `spans` */
    json_span *spans; /* [n_spans] in the order of the text */
    size_t n_spans;
    size_t capacity;
    size_t n_numbers;
    size_t n_replaced; /* halves of characters that became U+FFFD */
} json_record;

hs_status hs__base_json_record_prepare(const char *bytes, size_t length, json_record *record, hs_error *error);
void hs__base_json_record_clear(json_record *record);

#endif
