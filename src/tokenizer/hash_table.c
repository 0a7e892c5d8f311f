/*
 * hash_table: linear probing in a power of two of slots, at most two thirds of them taken. Nothing
 * is ever removed.
 */
#include "tokenizer/hash_table.h"

enum { SMALLEST_CAPACITY = 16 };

/* Pairs of small ids differ in few bits: the finaliser of MurmurHash3 spreads them over the whole word. */
static size_t slot_of(const tokenizer_table *table, uint64_t key)
{
    key ^= key >> 33;
    key *= UINT64_C(0xff51afd7ed558ccd);
    key ^= key >> 33;
    key *= UINT64_C(0xc4ceb9fe1a85ec53);
    key ^= key >> 33;
    return (size_t)key & (table->capacity - 1);
}

static void place(tokenizer_table *table, uint64_t key, uint64_t value)
{
    size_t slot = slot_of(table, key);
    while (table->entries[slot].used)
        slot = (slot + 1) & (table->capacity - 1);
    table->entries[slot] = (tokenizer_entry){.key = key, .value = value, .used = true};
    table->n++;
}

/*
 * All entries move, because a slot depends on the capacity; doubling keeps that a power of two,
 * and makes the moving cheap on average.
 */
hs_status hs__tokenizer_table_reserve(tokenizer_table *table, size_t n, hs_error *error)
{
    size_t capacity = table->capacity > 0 ? table->capacity : SMALLEST_CAPACITY;
    while (capacity / 3 * 2 < n) {
        if (capacity > SIZE_MAX / 2)
            return hs_fail(error, HS_ERROR_MEMORY, "a hash table of %zu entries is too large", n);
        capacity *= 2;
    }
    if (capacity == table->capacity)
        return HS_OK;
    tokenizer_table larger = {.capacity = capacity};
    HS_TRY(hs_allocate(&larger.entries, capacity, sizeof *larger.entries, "hash table", error));
    for (size_t i = 0; i < table->capacity; i++)
        if (table->entries[i].used)
            place(&larger, table->entries[i].key, table->entries[i].value);
    hs_free(table->entries);
    *table = larger;
    return HS_OK;
}

hs_status hs__tokenizer_table_add(tokenizer_table *table, uint64_t key, uint64_t value, hs_error *error)
{
    HS_TRY(hs__tokenizer_table_reserve(table, table->n + 1, error));
    place(table, key, value);
    return HS_OK;
}

const tokenizer_entry *hs__tokenizer_table_find(const tokenizer_table *table, uint64_t key,
                                                const tokenizer_entry *after)
{
    if (table->capacity == 0)
        return NULL;
    size_t mask = table->capacity - 1;
    size_t slot = after != NULL ? ((size_t)(after - table->entries) + 1) & mask : slot_of(table, key);
    for (; table->entries[slot].used; slot = (slot + 1) & mask)
        if (table->entries[slot].key == key)
            return &table->entries[slot];
    return NULL;
}

hs_status hs__tokenizer_table_set(tokenizer_table *table, uint64_t key, uint64_t value, hs_error *error)
{
    const tokenizer_entry *found = hs__tokenizer_table_find(table, key, NULL);
    if (found == NULL)
        return hs__tokenizer_table_add(table, key, value, error);
    table->entries[found - table->entries].value = value;
    return HS_OK;
}

void hs__tokenizer_table_clear(tokenizer_table *table)
{
    hs_free(table->entries);
    *table = (tokenizer_table){0};
}
