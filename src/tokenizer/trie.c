/* trie: all edges in one hash table, by node and byte, since most nodes have a single child. */
#include "tokenizer/trie.h"

static uint64_t edge_key(size_t node, char byte)
{
    return (uint64_t)node << 8 | (unsigned char)byte;
}

static hs_status new_node(tokenizer_trie *trie, hs_error *error)
{
    HS_TRY(hs_reserve(&trie->values, &trie->capacity, trie->n_nodes + 1, sizeof *trie->values, "token trie", error));
    trie->values[trie->n_nodes++] = 0;
    return HS_OK;
}

/* Of two equal texts the first one stays: added tokens are put in the order in which they count. */
hs_status hs__tokenizer_trie_put(tokenizer_trie *trie, const char *bytes, size_t length, size_t value, hs_error *error)
{
    size_t node = 0;
    if (trie->n_nodes == 0)
        HS_TRY(new_node(trie, error));
    for (size_t i = 0; i < length; i++) {
        if (hs__tokenizer_trie_step(trie, bytes[i], &node))
            continue;
        HS_TRY(new_node(trie, error));
        HS_TRY(hs__tokenizer_table_add(&trie->edges, edge_key(node, bytes[i]), trie->n_nodes - 1, error));
        node = trie->n_nodes - 1;
    }
    if (trie->values[node] == 0)
        trie->values[node] = value + 1;
    return HS_OK;
}

bool hs__tokenizer_trie_step(const tokenizer_trie *trie, char byte, size_t *node_inout)
{
    const tokenizer_entry *edge = hs__tokenizer_table_find(&trie->edges, edge_key(*node_inout, byte), NULL);
    if (edge == NULL)
        return false;
    *node_inout = (size_t)edge->value;
    return true;
}

void hs__tokenizer_trie_clear(tokenizer_trie *trie)
{
    hs__tokenizer_table_clear(&trie->edges);
    hs_free(trie->values);
    *trie = (tokenizer_trie){0};
}
