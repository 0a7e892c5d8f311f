/*
 * prefixes: built from the sorted tokens level by level, so that the children of a node lie side
 * by side and no pointers are needed.
 */
#include "tokenizer/prefixes.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    const char *bytes;
    size_t length;
} entry;

/* The entries whose beginning a node stands for. */
typedef struct range {
    size_t first;
    size_t end;
} range;

/* What building needs besides. */
typedef struct builder {
    const tokenizer_vocabulary *vocabulary;
    tokenizer_prefixes *prefixes;
    entry *entries; /* sorted */
    size_t n_entries;
    range *ranges; /* by node */
    size_t ranges_capacity;
} builder;

static int compare_entries(const void *left, const void *right)
{
    const entry *a = left;
    const entry *b = right;
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = shorter > 0 ? memcmp(a->bytes, b->bytes, shorter) : 0;
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static hs_status sort_entries(builder *b, hs_error *error)
{
    HS_TRY(hs_allocate(&b->entries, b->vocabulary->size, sizeof *b->entries, "sorted tokens", error));
    for (size_t id = 0; id < b->vocabulary->size; id++) {
        entry *next = &b->entries[b->n_entries];
        next->bytes = hs__tokenizer_vocabulary_token(b->vocabulary, (int32_t)id, &next->length);
        b->n_entries += next->bytes != NULL;
    }
    qsort(b->entries, b->n_entries, sizeof *b->entries, compare_entries);
    return HS_OK;
}

/* There is always room for the end behind the last node. */
static hs_status add_node(builder *b, uint8_t byte, range r, hs_error *error)
{
    tokenizer_prefixes *p = b->prefixes;
    HS_TRY(hs_reserve(&p->nodes, &p->capacity, p->n + 2, sizeof *p->nodes, "token prefixes", error));
    HS_TRY(hs_reserve(&b->ranges, &b->ranges_capacity, p->n + 1, sizeof *b->ranges, "token prefixes", error));
    p->nodes[p->n] = (tokenizer_prefix){.id = TOKENIZER_NO_ID, .byte = byte};
    b->ranges[p->n++] = r;
    return HS_OK;
}

/* Entries of `depth` bytes end at the node, and come first; each byte that goes on is a child. */
static hs_status add_children(builder *b, size_t node, size_t depth, hs_error *error)
{
    range r = b->ranges[node];
    b->prefixes->nodes[node].first_child = (uint32_t)b->prefixes->n;
    for (; r.first < r.end && b->entries[r.first].length == depth; r.first++)
        b->prefixes->nodes[node].id = hs__tokenizer_vocabulary_find(b->vocabulary, b->entries[r.first].bytes, depth);
    while (r.first < r.end) {
        char byte = b->entries[r.first].bytes[depth];
        range child = {.first = r.first};
        while (r.first < r.end && b->entries[r.first].bytes[depth] == byte)
            r.first++;
        child.end = r.first;
        HS_TRY(add_node(b, (uint8_t)byte, child, error));
    }
    return HS_OK;
}

static hs_status build(builder *b, hs_error *error)
{
    HS_TRY(sort_entries(b, error));
    HS_TRY(add_node(b, 0, (range){.first = 0, .end = b->n_entries}, error));
    for (size_t node = 0, depth = 0, level_end = 1; node < b->prefixes->n; node++) {
        if (node == level_end) {
            depth++;
            level_end = b->prefixes->n;
        }
        HS_TRY(add_children(b, node, depth, error));
    }
    b->prefixes->nodes[b->prefixes->n] =
        (tokenizer_prefix){.first_child = (uint32_t)b->prefixes->n, .id = TOKENIZER_NO_ID};
    return HS_OK;
}

hs_status hs__tokenizer_prefixes_build(const tokenizer_vocabulary *vocabulary, tokenizer_prefixes *prefixes,
                                       hs_error *error)
{
    builder b = {.vocabulary = vocabulary, .prefixes = prefixes};
    hs_status status = build(&b, error);
    hs_free(b.entries);
    hs_free(b.ranges);
    return status;
}

/* A binary search, because the root and its children have up to 256 children each. */
bool hs__tokenizer_prefixes_step(const tokenizer_prefixes *prefixes, char byte, size_t *node_inout)
{
    size_t low = prefixes->nodes[*node_inout].first_child;
    size_t end = prefixes->nodes[*node_inout + 1].first_child;
    size_t high = end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (prefixes->nodes[middle].byte < (uint8_t)byte)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == end || prefixes->nodes[low].byte != (uint8_t)byte)
        return false;
    *node_inout = low;
    return true;
}

void hs__tokenizer_prefixes_clear(tokenizer_prefixes *prefixes)
{
    hs_free(prefixes->nodes);
    *prefixes = (tokenizer_prefixes){0};
}
