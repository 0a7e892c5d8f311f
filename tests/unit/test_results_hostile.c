/* results: files that are foreign, cut, damaged or made to do harm are refused with their reason. */
#include "results/create.h"
#include "support/results_place.h"

#include <sys/stat.h>

static void assert_refused(test_place *place, hs_status status, const char *part)
{
    hs_results *results = NULL;
    place->error = (hs_error){0};
    assert_int_equal(hs_results_open_read(place->path, &results, &place->error), status);
    assert_null(results);
    assert_error(&place->error, status, part);
    /* The message names the file. */
    assert_non_null(strstr(place->error.message, place->path));
}

/* Called what it is; nobody is told to throw it away, or that it is damaged. */
static void assert_foreign(test_place *place, const char *what)
{
    assert_refused(place, HS_ERROR_RESULTS, what);
    assert_null(strstr(place->error.message, "delete"));
    assert_null(strstr(place->error.message, "move it away"));
    assert_null(strstr(place->error.message, "this results file"));
}

static void test_files_of_other_kinds(void **state)
{
    test_place *place = *state;
    const struct {
        const char *bytes;
        size_t n;
        const char *what;
    } cases[] = {
        {"", 0, "is empty, not a results file"},
        {"not HDF5", 8, "is a text file"},
        {"{\"text\": \"\xc3\xa9\"}\n", 15, "is a text file"},
        {"\x05\x00\x00\x00\x00\x00\x00\x00{}", 10, "is not an HDF5 file"},
        {"CDF\x01\x00\x00", 6, "is a netCDF file"},
        {"PK\x03\x04\x14\x00", 6, "is a ZIP archive"},
        {"\x1f\x8b\x08\x00", 4, "is a gzip file"},
        {"\x89HDF\r\n\x1a\n\x02\x08\x08\x00", 12, "HDF5 file, and nothing tells that headsweep wrote it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_bytes(place->path, cases[i].bytes, cases[i].n);
        assert_foreign(place, cases[i].what);
        place->error = (hs_error){0};
        assert_int_equal(hs_results_check_place(place->path, &place->error), HS_ERROR_RESULTS);
    }
}

static void test_foreign_hdf5_files(void **state)
{
    test_place *place = *state;
    struct stat file;
    hid_t foreign = H5Fcreate(place->path, H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Fclose(foreign) >= 0);
    assert_foreign(place, "an HDF5 file, but none that headsweep wrote");
    assert_int_equal(stat(place->path, &file), 0);
    assert_int_equal(truncate(place->path, file.st_size - 1), 0);
    assert_foreign(place, "a cut HDF5 file, and nothing tells that headsweep wrote it");

    assert_int_equal(unlink(place->path), 0);
    foreign = H5Fcreate(place->path, H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t properties = H5Acreate2(foreign, "_NCProperties", H5T_C_S1, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Aclose(properties) >= 0 && H5Sclose(space) >= 0 && H5Fclose(foreign) >= 0);
    assert_foreign(place, "a netCDF-4 file, but none that headsweep wrote");
}

static void test_places_without_a_file(void **state)
{
    test_place *place = *state;
    assert_refused(place, HS_ERROR_IO, "No such file");
    assert_ok(hs_results_check_place(place->path, &place->error), &place->error);
    assert_int_equal(mkfifo(place->path, 0644), 0);
    assert_refused(place, HS_ERROR_IO, "is a pipe");
    assert_int_equal(unlink(place->path), 0);
    assert_int_equal(mkdir(place->path, 0755), 0);
    assert_refused(place, HS_ERROR_IO, "is a folder");
    assert_int_equal(rmdir(place->path), 0);
    assert_int_equal(symlink("nowhere", place->path), 0);
    place->error = (hs_error){0};
    assert_int_equal(hs_results_check_place(place->path, &place->error), HS_ERROR_RESULTS);
    assert_error(&place->error, HS_ERROR_RESULTS, "a symbolic link to nothing");
    place->error = (hs_error){0};
    assert_int_equal(hs_results_create(place->path, &place->fixture.layout, &place->error), HS_ERROR_RESULTS);
    assert_error(&place->error, HS_ERROR_RESULTS, "a symbolic link");
    place->error = (hs_error){0};
}

static void test_truncated_file(void **state)
{
    test_place *place = *state;
    struct stat file;
    hs_results *results = created(place);
    assert_ok(hs_results_close(results, &place->error), &place->error);
    assert_int_equal(stat(place->path, &file), 0);
    assert_int_equal(truncate(place->path, file.st_size - 1), 0);
    assert_refused(place, HS_ERROR_RESULTS, "shorter than it was");
    /* Whatever its length, it is refused; never read beyond its end. */
    for (off_t length = file.st_size - 1; length > 0; length = length * 2 / 3) {
        assert_int_equal(truncate(place->path, length), 0);
        assert_refused(place, HS_ERROR_RESULTS, "");
    }
}

/* Changes the file with HDF5 itself, as another program would. */
static void edit(test_place *place, void (*change)(hid_t file))
{
    hid_t file = H5Fopen(place->path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    change(file);
    assert_true(H5Fclose(file) >= 0);
}

static void make_newer(hid_t file)
{
    const int32_t newer = HS_RESULTS_LAYOUT_VERSION + 1;
    hid_t attribute = H5Aopen(file, "headsweep_layout", H5P_DEFAULT);
    assert_true(H5Awrite(attribute, H5T_NATIVE_INT32, &newer) >= 0);
    (void)H5Aclose(attribute);
}

static void replace_dataset(hid_t file, const char *name, hid_t type, int rank, const hsize_t *extents, hid_t plist)
{
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    hid_t space = H5Screate_simple(rank, extents, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    assert_true(dataset >= 0);
    (void)H5Dclose(dataset);
    (void)H5Sclose(space);
}

static void drop_commit(hid_t file)
{
    assert_true(H5Ldelete(file, "/results/toxicity/commit", H5P_DEFAULT) >= 0);
}

static void link_values_elsewhere(hid_t file)
{
    assert_true(H5Ldelete(file, "/results/toxicity/values", H5P_DEFAULT) >= 0);
    assert_true(H5Lcreate_external("other.h5", "/values", file, "/results/toxicity/values", H5P_DEFAULT, H5P_DEFAULT) >=
                0);
}

static void change_extent(hid_t file)
{
    replace_dataset(file, "/results/toxicity/values", H5T_IEEE_F32LE, 3, (const hsize_t[]){43, 9, 3}, H5P_DEFAULT);
}

static void change_rank(hid_t file)
{
    replace_dataset(file, "/results/toxicity/values", H5T_IEEE_F32LE, 2, (const hsize_t[]){43, 30}, H5P_DEFAULT);
}

static void change_type(hid_t file)
{
    replace_dataset(file, "/ranking/accuracy/delta", H5T_IEEE_F32LE, 2, (const hsize_t[]){43, 2}, H5P_DEFAULT);
}

static void make_chunked(hid_t file)
{
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Pset_chunk(plist, 1, (const hsize_t[]){43}) >= 0);
    replace_dataset(file, "/sets/order", H5T_STD_I32LE, 1, (const hsize_t[]){43}, plist);
    (void)H5Pclose(plist);
}

static void read_other_file(hid_t file)
{
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Pset_external(plist, "/etc/passwd", 0, 43 * 4) >= 0);
    replace_dataset(file, "/sets/order", H5T_STD_I32LE, 1, (const hsize_t[]){43}, plist);
    (void)H5Pclose(plist);
}

static void leave_unallocated(hid_t file)
{
    replace_dataset(file, "/sets/order", H5T_STD_I32LE, 1, (const hsize_t[]){43}, H5P_DEFAULT);
}

static void make_huge(hid_t file)
{
    replace_dataset(file, "/set", H5T_C_S1, 1, (const hsize_t[]){(hsize_t)1 << 39}, H5P_DEFAULT);
}

static void rename_task(hid_t file)
{
    hid_t group = H5Gopen2(file, "results", H5P_DEFAULT), type = H5Tcopy(H5T_C_S1);
    char names[2][16] = {"../sets", "accuracy"};
    const hsize_t two = 2;
    hid_t space = H5Screate_simple(1, &two, NULL);
    assert_true(H5Adelete(group, "tasks") >= 0 && H5Tset_size(type, 16) >= 0);
    hid_t attribute = H5Acreate2(group, "tasks", type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, type, names) >= 0);
    (void)H5Aclose(attribute);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Gclose(group);
}

static void have_no_task(hid_t file)
{
    const hsize_t none = 0;
    hid_t group = H5Gopen2(file, "results", H5P_DEFAULT), space = H5Screate_simple(1, &none, NULL);
    assert_true(H5Adelete(group, "tasks") >= 0);
    hid_t attribute = H5Acreate2(group, "tasks", H5T_C_S1, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(attribute >= 0);
    (void)H5Aclose(attribute);
    (void)H5Sclose(space);
    (void)H5Gclose(group);
}

static void change_a_set(hid_t file)
{
    int32_t added[2 * (6 + 2 * 15)][3];
    hid_t dataset = H5Dopen2(file, "/sets/added", H5P_DEFAULT);
    assert_true(H5Dread(dataset, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, added) >= 0);
    added[20][2] ^= 1;
    assert_true(H5Dwrite(dataset, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, added) >= 0);
    (void)H5Dclose(dataset);
}

static void test_hostile_files(void **state)
{
    test_place *place = *state;
    const struct {
        void (*change)(hid_t file);
        const char *part;
    } cases[] = {
        {make_newer, "use a newer headsweep"},
        {drop_commit, "commit is missing"},
        {link_values_elsewhere, "link to elsewhere"},
        {change_extent, "values has 9 along axis example, where others have 10"},
        {change_rank, "another rank"},
        {change_type, "delta has another element type"},
        {make_chunked, "not stored as headsweep does"},
        {read_other_file, "not stored as headsweep does"},
        {leave_unallocated, "beyond the end of the file"},
        {make_huge, "beyond the end of the file"},
        {rename_task, "task name"},
        {have_no_task, "has no task"},
        {change_a_set, "damaged"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hs_results *results = created(place);
        assert_ok(hs_results_close(results, &place->error), &place->error);
        edit(place, cases[i].change);
        assert_refused(place, HS_ERROR_RESULTS, cases[i].part);
        place->error = (hs_error){0};
        assert_int_equal(unlink(place->path), 0);
    }
}

/* Any byte of the metadata may be wrong: refused or harmless, never a crash. HDF5's own checksums catch most. */
static void test_flipped_metadata(void **state)
{
    test_place *place = *state;
    char *sound = NULL;
    size_t n = 0, n_refused = 0, n_tried = 0;
    hs_results *results = created(place);
    assert_ok(hs_results_close(results, &place->error), &place->error);
    assert_ok(hs_file_read(place->path, 1 << 24, &sound, &n, &place->error), &place->error);
    for (size_t i = 0; i < n; i += 97) {
        hs_results_counts counts;
        hs_error error = {0};
        flip_byte(place->path, (off_t)i);
        n_tried++;
        if (hs_results_open_read(place->path, &results, &error) != HS_OK)
            n_refused++;
        else
            (void)hs_results_progress(results, &counts, &error);
        (void)hs_results_close(results, &error);
        flip_byte(place->path, (off_t)i);
    }
    assert_true(n_refused > n_tried / 8);
    hs_free(sound);
    assert_progress(place, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLACE(test_files_of_other_kinds),  WITH_PLACE(test_foreign_hdf5_files),
        WITH_PLACE(test_places_without_a_file), WITH_PLACE(test_truncated_file),
        WITH_PLACE(test_hostile_files),         WITH_PLACE(test_flipped_metadata),
    };
    return cmocka_run_group_tests_name("results, hostile", tests, NULL, NULL);
}
