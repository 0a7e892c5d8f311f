/* That all hosts read the same experiment: its hashes and its identity, compared before any cell is computed. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "study/storage.h"

/*
 * Each host may have a copy of its own of checkpoint and data, or a file system that shows it an older one, and then
 * cells of two experiments would stand side by side. So what rank 0 read is compared with what the others read before
 * any cell is computed.
 */

static hs_status complain(const char *what, const char *here, const char *there, hs_error *error)
{
    char host[256] = "";

    gethostname(host, sizeof host - 1);
    return hs_fail(error, HS_ERROR_INPUT,
                   "host %s reads another %s (%s) than rank 0 (%s): every host needs the same files", host, what, here,
                   there);
}

/*
 * Only the first rank of each host has hashed its weights; everybody goes on with rank 0's number,
 * so that the experiment's hash is one.
 */
hs_status hs__study_share_hash(hs_comm *comm, const char *folder, uint64_t *hash_inout, hs_error *error)
{
    char what[1024], here[32], there[32];
    uint64_t first = *hash_inout;
    hs_status status = HS_OK;

    HS_TRY(hs_comm_broadcast(comm, &first, sizeof first, 0, error));
    if (hs_comm_node_rank(comm) == 0 && *hash_inout != first) {
        snprintf(what, sizeof what, "checkpoint %s", folder);
        snprintf(here, sizeof here, "%016" PRIx64, *hash_inout);
        snprintf(there, sizeof there, "%016" PRIx64, first);
        status = complain(what, here, there, error);
    }
    *hash_inout = first;
    return hs_comm_agree(comm, status, error);
}

bool hs__study_hashes_weights(const hs_comm *comm)
{
    return hs_comm_node_rank(comm) == 0;
}

/* "key value" lines; values hold no line breaks. */
static hs_status describe_identity(const hs_config_values *identity, hs_text *text, hs_error *error)
{
    for (size_t i = 0; i < identity->n; ++i)
        HS_TRY(hs_text_appendf(text, error, "%s %s\n", identity->items[i].key, identity->items[i].value));
    return HS_OK;
}

/* Rank 0's lines against the rows of this rank; the first that differs is the error. */
static hs_status compare_identity(const hs_config_values *identity, const char *lines, hs_error *error)
{
    for (size_t i = 0; i < identity->n; ++i) {
        const hs_config_value *row = &identity->items[i];
        size_t key = strlen(row->key), value = strlen(row->value), line = strcspn(lines, "\n");
        bool same_key = line > key && memcmp(lines, row->key, key) == 0 && lines[key] == ' ';
        if (!same_key || line - key - 1 != value || memcmp(lines + key + 1, row->value, value) != 0) {
            char there[256];
            size_t skipped = same_key ? key + 1 : 0;
            snprintf(there, sizeof there, "%.*s", (int)(line - skipped), lines + skipped);
            return complain(row->key, row->value, there, error);
        }
        lines += line + 1;
    }
    return HS_OK;
}

static uint64_t hash_identity(const hs_config_values *identity)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < identity->n; ++i)
        hash = hs_hash_text(hs_hash_text(hash, identity->items[i].key), identity->items[i].value);
    return hash;
}

/*
 * Rank 0's lines are sent rather than a hash: a message that names the key that differs saves an
 * evening.
 */
static hs_status agree_on(hs_comm *comm, const hs_config_values *identity, hs_error *error)
{
    hs_text text = {0};
    char *lines = NULL;
    size_t n_bytes = 0;
    hs_status status = hs_comm_rank(comm) == 0 ? describe_identity(identity, &text, error) : HS_OK;

    HS_GOTO_DONE(hs_comm_agree(comm, status, error));
    n_bytes = text.length;
    lines = hs_text_take(&text);
    HS_GOTO_DONE(hs_comm_broadcast_block(comm, &lines, &n_bytes, 0, error));
    status = hs_comm_agree(comm, compare_identity(identity, lines, error), error);
done:
    hs_text_clear(&text);
    hs_free(lines);
    return status;
}

hs_status hs__study_identify(hs_comm *comm, hs_study *study, hs_error *error)
{
    hs_config_values identity;
    hs_status status = hs__study_identity(study, &identity, error);

    if (status == HS_OK)
        study->experiment_hash = hash_identity(&identity);
    status = hs_comm_agree(comm, status, error);
    if (status == HS_OK)
        status = agree_on(comm, &identity, error);
    hs_config_values_clear(&identity);
    return status;
}
