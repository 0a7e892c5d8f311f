/*
 * A results file that HDF5 finds sound and that headsweep did not write: the bytes are edits of a finished file, which
 * HDF5 carries out. All hashes are 1 here (the linker's --wrap), as whoever makes such a file would compute them too.
 */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "headsweep/report.h"
#include "support/results_fixture.h"

enum { MAX_NAMES = 256, MAX_NAME = 64, MAX_EDITS = 16, MAX_RANK = 3, MAX_BYTES = 1 << 16 };

uint64_t __wrap_hs_hash(uint64_t seed, const void *bytes, size_t length);
uint64_t __wrap_hs_hash_text(uint64_t seed, const char *text);
uint64_t __wrap_hs_hash_u64(uint64_t seed, uint64_t value);

uint64_t __wrap_hs_hash(uint64_t seed, const void *bytes, size_t length)
{
    (void)seed;
    (void)bytes;
    (void)length;
    return 1;
}

uint64_t __wrap_hs_hash_text(uint64_t seed, const char *text)
{
    return __wrap_hs_hash(seed, text, 0);
}

uint64_t __wrap_hs_hash_u64(uint64_t seed, uint64_t value)
{
    return __wrap_hs_hash(seed, NULL, value);
}

/* The file before it is edited. */

static char *sound;
static size_t n_sound;
static char names[MAX_NAMES][MAX_NAME]; /* of its groups and datasets */
static size_t n_names;

static const hs_results_attribute experiment[] = {
    {"analysis.resamples", "4", false},
    {"analysis.permutations", "16", false},
    {"analysis.confidence", "0.9", false},
    {"analysis.interval", "bca", false},
    {"objective.reduce", "toxicity", true},
    {"objective.keep", "accuracy", true},
    {"objective.tolerance", "0.5", true},
    {"objective.keep_also", "[\"accuracy.margin\"]", true},
    {"run.seed", "1", true},
    {"sweep.control_sets", "2", true},
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static herr_t keep_name(hid_t file, const char *name, const H5L_info_t *info, void *context)
{
    (void)file;
    (void)info;
    (void)context;
    require(n_names < MAX_NAMES && strlen(name) < MAX_NAME);
    memcpy(names[n_names++], name, strlen(name) + 1);
    return 0;
}

/* Every element of the dataset becomes `value`. */
static void fill(hid_t file, const char *name, hid_t type, const void *value)
{
    static uint8_t bytes[MAX_BYTES];
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    const hsize_t n_bytes = H5Dget_storage_size(dataset);
    const size_t size = H5Tget_size(type);

    require(n_bytes <= sizeof bytes);
    for (size_t i = 0; i < n_bytes; i++)
        bytes[i] = ((const uint8_t *)value)[i % size];
    require(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) >= 0 && H5Dclose(dataset) >= 0);
}

static void fill_task(hid_t file, const char *task)
{
#define STATISTIC_NAME(id, name, meaning) name,
    static const char *const statistics[] = {HS_RESULTS_STATISTIC_LIST(STATISTIC_NAME)};
#undef STATISTIC_NAME
    const uint64_t done = 1;
    const float value = 0.25F;
    const double statistic = 0.01;
    char path[MAX_NAME];

    (void)snprintf(path, sizeof path, "results/%s/values", task);
    fill(file, path, H5T_IEEE_F32LE, &value);
    (void)snprintf(path, sizeof path, "results/%s/commit", task);
    fill(file, path, H5T_STD_U64LE, &done);
    for (size_t i = 0; i < sizeof statistics / sizeof *statistics; i++) {
        (void)snprintf(path, sizeof path, "ranking/%s/%s", task, statistics[i]);
        fill(file, path, H5T_IEEE_F64LE, &statistic);
    }
}

/* Every cell and the ranking are there: the words of commitment are hashes. */
static void finish(const char *path)
{
    const uint64_t done = 1;
    const double method = 1;
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);

    require(file >= 0 && H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, keep_name, NULL) >= 0);
    fill_task(file, "toxicity");
    fill_task(file, "accuracy");
    fill(file, "ranking/method", H5T_IEEE_F64LE, &method);
    fill(file, "ranking/commit", H5T_STD_U64LE, &done);
    require(H5Fclose(file) >= 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const results_fixture_options options = {
        .n_layers = 1, .n_heads = 2, .n_examples = 3, .examples_a_shard = 2, .means = true};
    char path[128];
    results_fixture fixture;
    hs_error error = {0};
    (void)argc;
    (void)argv;

    (void)H5set_free_list_limits(-1, -1, -1, -1, -1, -1);
    (void)snprintf(path, sizeof path, "%s/sound.h5", fuzz_folder());
    results_fixture_init(&fixture, options);
    fixture.layout.experiment = experiment;
    fixture.layout.n_experiment = sizeof experiment / sizeof *experiment;
    require(hs_results_create(path, &fixture.layout, &error) == HS_OK);
    finish(path);
    require(hs_file_read(path, 1 << 24, &sound, &n_sound, &error) == HS_OK);
    results_fixture_clear(&fixture);
    return 0;
}

typedef struct script {
    const uint8_t *bytes;
    size_t n;
} script;

static uint8_t take(script *rest)
{
    if (rest->n == 0)
        return 0;
    rest->n--;
    return *rest->bytes++;
}

static const char *take_name(script *rest)
{
    return names[take(rest) % n_names];
}

/* Closed with H5Tclose. */
static hid_t take_type(script *rest)
{
    const hid_t types[] = {H5T_STD_I32LE, H5T_STD_U32LE, H5T_STD_U64LE, H5T_IEEE_F32LE,  H5T_IEEE_F64LE,
                           H5T_STD_I8BE,  H5T_C_S1,      H5T_C_S1,      H5T_STD_REF_OBJ, H5T_C_S1};
    const size_t index = take(rest) % (sizeof types / sizeof *types);
    const hid_t type = H5Tcopy(types[index]);

    if (types[index] == H5T_C_S1)
        (void)H5Tset_size(type, index == 9 ? H5T_VARIABLE : (size_t)take(rest) + 1);
    return type;
}

static hid_t take_space(script *rest, hsize_t *n_out)
{
    static const hsize_t large[] = {1 << 16, UINT32_MAX, (hsize_t)1 << 33, (hsize_t)1 << 40, (hsize_t)1 << 62};
    const int rank = take(rest) % (MAX_RANK + 1);
    hsize_t extents[MAX_RANK] = {0};

    *n_out = 1;
    for (int axis = 0; axis < rank; axis++) {
        const uint8_t byte = take(rest);
        extents[axis] = byte < 250 ? byte : large[byte - 250 < 5 ? byte - 250 : 4];
        if (__builtin_mul_overflow(*n_out, extents[axis], n_out))
            *n_out = UINT64_MAX;
    }
    return H5Screate_simple(rank, extents, NULL);
}

static hid_t take_storage(script *rest, hid_t space, bool small)
{
    static const hsize_t chunk[MAX_RANK] = {2, 2, 2};
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    const int rank = H5Sget_simple_extent_ndims(space);

    switch (take(rest) % 8) {
    case 0:
        break;
    case 1:
        (void)H5Pset_layout(plist, H5D_COMPACT);
        break;
    case 2:
        if (rank > 0 && small)
            (void)H5Pset_chunk(plist, rank, chunk);
        break;
    default:
        if (small)
            (void)H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY);
    }
    return plist;
}

/* Another dataset in the place of `name`. */
static void replace_dataset(hid_t file, const char *name, script *rest)
{
    hsize_t n = 0;
    const hid_t type = take_type(rest), space = take_space(rest, &n);
    const hid_t plist = take_storage(rest, space, n < MAX_BYTES / 256);

    (void)H5Ldelete(file, name, H5P_DEFAULT);
    (void)H5Idec_ref(H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    (void)H5Pclose(plist);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
}

/* Bytes from the script over those in `bytes`, at a place that the script chooses. */
static void spoil(uint8_t *bytes, size_t n_bytes, script *rest)
{
    const size_t first = ((size_t)take(rest) << 8 | take(rest)) % n_bytes, n = take(rest) % 16 + 1;

    for (size_t i = first; i < first + n && i < n_bytes; i++)
        bytes[i] = take(rest);
}

static void change_dataset(hid_t file, const char *name, script *rest)
{
    static uint8_t bytes[MAX_BYTES];
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    if (dataset < 0)
        return;
    const hid_t type = H5Dget_type(dataset);
    const hsize_t n_bytes = H5Dget_storage_size(dataset);

    if (n_bytes > 0 && n_bytes <= sizeof bytes && H5Tdetect_class(type, H5T_VLEN) == 0 &&
        H5Tis_variable_str(type) == 0 && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) >= 0) {
        spoil(bytes, (size_t)n_bytes, rest);
        (void)H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes);
    }
    (void)H5Tclose(type);
    (void)H5Dclose(dataset);
}

static void write_attribute(hid_t object, const char *name, hid_t type, hid_t space, const void *bytes)
{
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);

    if (attribute >= 0)
        (void)H5Awrite(attribute, type, bytes);
    (void)H5Idec_ref(attribute);
}

/* Another attribute in the place of `name`, of any type and size, filled with what the script goes on with. */
static void replace_attribute(hid_t object, const char *name, script *rest)
{
    static uint8_t bytes[MAX_BYTES];
    hsize_t n = 0;
    const hid_t type = take_type(rest), space = take_space(rest, &n);
    const size_t size = H5Tget_size(type);

    if (H5Tis_variable_str(type) == 0 && n <= sizeof bytes / size) {
        for (size_t i = 0; i < n * size; i++)
            bytes[i] = rest->n > 0 && i < 64 ? take(rest) : 0;
        (void)H5Adelete(object, name);
        write_attribute(object, name, type, space, bytes);
    }
    (void)H5Sclose(space);
    (void)H5Tclose(type);
}

/* A text of the script in the place of `name`. */
static void replace_text(hid_t object, const char *name, script *rest)
{
    char text[32] = {0};
    const size_t n = take(rest) % (sizeof text - 1);
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);

    for (size_t i = 0; i < n; i++)
        text[i] = (char)take(rest);
    (void)H5Tset_size(type, sizeof text);
    (void)H5Adelete(object, name);
    write_attribute(object, name, type, space, text);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
}

static void edit_attribute(hid_t file, const char *name, script *rest)
{
    static void (*const edits[])(hid_t, const char *, script *) = {replace_text, replace_attribute};
    char attribute[MAX_NAME];
    H5O_info_t info;
    const hid_t object = take(rest) % 4 == 0 ? H5Oopen(file, "/", H5P_DEFAULT) : H5Oopen(file, name, H5P_DEFAULT);

    if (object >= 0 && H5Oget_info2(object, &info, H5O_INFO_NUM_ATTRS) >= 0 && info.num_attrs > 0 &&
        H5Aget_name_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, take(rest) % info.num_attrs, attribute,
                           sizeof attribute, H5P_DEFAULT) >= 0) {
        const uint8_t choice = take(rest);
        if (choice % 8 == 7)
            (void)H5Adelete(object, attribute);
        else
            edits[choice % 2](object, attribute, rest);
    }
    (void)H5Idec_ref(object);
}

static void edit_link(hid_t file, const char *name, script *rest)
{
    const char *other = take_name(rest);

    switch (take(rest) % 4) {
    case 0:
        (void)H5Ldelete(file, name, H5P_DEFAULT);
        break;
    case 1:
        (void)H5Ldelete(file, name, H5P_DEFAULT);
        (void)H5Lcreate_soft(other, file, name, H5P_DEFAULT, H5P_DEFAULT);
        break;
    case 2:
        (void)H5Ldelete(file, name, H5P_DEFAULT);
        (void)H5Lmove(file, other, H5L_SAME_LOC, name, H5P_DEFAULT, H5P_DEFAULT);
        break;
    default:
        (void)H5Ldelete(file, name, H5P_DEFAULT);
        (void)H5Lcreate_hard(file, other, H5L_SAME_LOC, name, H5P_DEFAULT, H5P_DEFAULT);
    }
}

static void edit(const char *path, script *rest)
{
    static void (*const edits[])(hid_t, const char *, script *) = {change_dataset, change_dataset, replace_dataset,
                                                                   edit_attribute, edit_attribute, edit_link};
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);

    require(file >= 0);
    for (size_t i = 0; i < MAX_EDITS && rest->n > 0; i++) {
        const uint8_t choice = take(rest);
        edits[choice % (sizeof edits / sizeof *edits)](file, take_name(rest), rest);
    }
    require(H5Fclose(file) >= 0);
}

static void write_report(const hs_analysis *analysis)
{
    static const hs_report_options options = {.title = "fuzz"};
    hs_error error = {0};
    hs_report *report = NULL;
    hs_text page = {0};

    if (hs_report_new(analysis, &options, &report, &error) == HS_OK)
        (void)hs_report_page(report, &page, &error);
    hs_text_clear(&page);
    hs_report_free(report);
}

static void analyse(hs_results *results, bool reported)
{
    hs_error error = {0};
    hs_analysis *analysis = NULL;

    if (hs_analysis_new(results, NULL, NULL, &analysis, &error) == HS_OK && reported)
        write_report(analysis);
    hs_analysis_free(analysis);
}

static void read_means(hs_results *results)
{
    size_t n_layers, n_positions, n_columns;
    float *mean = NULL, *position_mean = NULL;
    hs_error error = {0};

    hs_results_means_sizes(results, &n_layers, &n_positions, &n_columns);
    if (hs_allocate(&mean, n_layers, n_columns * sizeof *mean, "means", &error) == HS_OK &&
        hs_allocate(&position_mean, n_layers * n_positions, n_columns * sizeof *mean, "means", &error) == HS_OK)
        (void)hs_results_read_means(results, mean, position_mean, &error);
    hs_free(mean);
    hs_free(position_mean);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    hs_error error = {0};
    hs_results *results = NULL;
    hs_results_counts counts;
    script rest = {bytes, n_bytes};
    /* The page takes as long as all the rest. */
    const bool reported = take(&rest) % 8 == 0;
    const char *path = fuzz_write("edited.h5", (const uint8_t *)sound, n_sound);

    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    edit(path, &rest);
    if (hs_results_open_read(path, &results, &error) != HS_OK)
        return 0;
    if (hs_results_progress(results, &counts, &error) == HS_OK)
        analyse(results, reported);
    read_means(results);
    (void)hs_results_close(results, &error);
    return 0;
}
