/*
 * hdf5: what the room shares of HDF5: quiet errors with the system's reason in them, the types of
 * elements, a fixed version of the format.
 */
#include "results/hdf5.h"

#include <string.h>

/* Values are hashed as they lie in memory and read back as they lie in the file. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "results files are written on little-endian machines");

void hs__results_hdf5_quiet(void)
{
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

typedef struct innermost_message {
    char text[400];
} innermost_message;

static herr_t keep_innermost(unsigned depth, const H5E_error2_t *entry, void *context)
{
    innermost_message *message = context;
    if (depth == 0 && entry->desc != NULL)
        (void)snprintf(message->text, sizeof message->text, "%s", entry->desc);
    return 0;
}

/*
 * HDF5's drivers wrap the system's reason in addresses and times, which tell a user nothing: "file write failed:
 * REASON".
 */
static void shorten(char *text)
{
    static const char marker[] = "error message = '";
    char *colon = strchr(text, ':');
    char *reason = strstr(text, marker);
    if (colon == NULL || reason == NULL || reason < colon)
        return;
    reason += sizeof marker - 1;
    size_t length = strcspn(reason, "'");
    memmove(colon + 2, reason, length);
    colon[1] = ' ';
    colon[2 + length] = '\0';
}

hs_status hs__results_hdf5_fail(hs_error *error, hs_status status, const char *format, ...)
{
    char context[512];
    innermost_message message = {"HDF5 gives no reason"};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &message);
    (void)H5Eclear2(H5E_DEFAULT);
    shorten(message.text);
    return hs_fail(error, status, "%s: %s", context, message.text);
}

void hs__results_hdf5_close(hid_t id)
{
    if (id >= 0)
        (void)H5Idec_ref(id);
}

/*
 * Locks are the project's own (lock.c): HDF5's would keep readers from a live file and fail on file systems without
 * locks. The call appeared in 1.10.7 and 1.12.1.
 */
static herr_t switch_off_locks(hid_t access)
{
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0))
    return H5Pset_file_locking(access, false, true);
#else
    (void)access;
    return 0;
#endif
}

/* Old readers can read it, and a file whose writer was killed opens again without repair (superblock version 2). */
herr_t hs__results_hdf5_fix_version(hid_t access)
{
#if H5_VERSION_GE(1, 10, 2)
    return H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
#else
    (void)access;
    return 0;
#endif
}

hid_t hs__results_hdf5_serial_access(void)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    /* A sieve buffer would show stale bytes of a file that others are writing. */
    if (access >= 0 && (H5Pset_fapl_sec2(access) < 0 || switch_off_locks(access) < 0 ||
                        H5Pset_sieve_buf_size(access, 0) < 0 || H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0)) {
        hs__results_hdf5_close(access);
        return H5I_INVALID_HID;
    }
    return access;
}

static hid_t text_type(size_t n_bytes)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && (H5Tset_size(type, n_bytes) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0 ||
                      H5Tset_strpad(type, H5T_STR_NULLTERM) < 0)) {
        hs__results_hdf5_close(type);
        return H5I_INVALID_HID;
    }
    return type;
}

static herr_t insert_text(hid_t record, const char *name, size_t offset, size_t n_bytes)
{
    hid_t type = text_type(n_bytes);
    herr_t result = H5Tinsert(record, name, offset, type);
    hs__results_hdf5_close(type);
    return result;
}

/* A compound like the struct in memory, so that a run's row is read and written as it lies. */
static hid_t run_type(void)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(hs_results_run));
    if (type >= 0 &&
        (H5Tinsert(type, "start", offsetof(hs_results_run, start), H5T_IEEE_F64LE) < 0 ||
         H5Tinsert(type, "end", offsetof(hs_results_run, end), H5T_IEEE_F64LE) < 0 ||
         H5Tinsert(type, "sweep_seconds", offsetof(hs_results_run, sweep_seconds), H5T_IEEE_F64LE) < 0 ||
         H5Tinsert(type, "cells", offsetof(hs_results_run, cells), H5T_STD_U64LE) < 0 ||
         H5Tinsert(type, "ranks", offsetof(hs_results_run, ranks), H5T_STD_U64LE) < 0 ||
         insert_text(type, "host", offsetof(hs_results_run, host), sizeof((hs_results_run *)0)->host) < 0 ||
         insert_text(type, "version", offsetof(hs_results_run, version), sizeof((hs_results_run *)0)->version) < 0)) {
        hs__results_hdf5_close(type);
        return H5I_INVALID_HID;
    }
    return type;
}

/*
 * Little-endian on every machine. The caller closes what it gets, hence copies also of HDF5's own
 * types.
 */
hid_t hs__results_hdf5_type(hs_element element, size_t text_bytes)
{
    switch (element) {
    case HS_ELEMENT_TEXT:
        return text_type(text_bytes);
    case HS_ELEMENT_I32:
        return H5Tcopy(H5T_STD_I32LE);
    case HS_ELEMENT_U32:
        return H5Tcopy(H5T_STD_U32LE);
    case HS_ELEMENT_U64:
        return H5Tcopy(H5T_STD_U64LE);
    case HS_ELEMENT_F32:
        return H5Tcopy(H5T_IEEE_F32LE);
    case HS_ELEMENT_F64:
        return H5Tcopy(H5T_IEEE_F64LE);
    case HS_ELEMENT_RUN:
        return run_type();
    }
    return H5I_INVALID_HID;
}
