/*
 * results: a folder that others write to. The program's own H5Fcreate stands before the library's and does what
 * somebody else may do at that moment: puts a link to a private file in the place of the one that is being made.
 */
#define _GNU_SOURCE
#include "support/assert_status.h"
#include "support/results_place.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <hdf5.h>

static char attacked[640]; /* name to replace, "": none */
static char victim[640];

hid_t H5Fcreate(const char *name, unsigned flags, hid_t creation, hid_t access)
{
    hid_t (*create)(const char *, unsigned, hid_t, hid_t) = NULL;
    *(void **)&create = dlsym(RTLD_NEXT, "H5Fcreate");
    if (attacked[0] != '\0') {
        assert_int_equal(unlink(attacked), 0);
        assert_int_equal(symlink(victim, attacked), 0);
    }
    return create(name, flags, creation, access);
}

static void write_victim(void)
{
    FILE *file = fopen(victim, "w");
    assert_non_null(file);
    assert_true(fputs("private", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_victim_unharmed(void)
{
    char content[16] = "";
    FILE *file = fopen(victim, "r");
    assert_non_null(file);
    assert_int_equal(fread(content, 1, sizeof content, file), 7);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(content, "private");
}

static void test_a_link_in_its_place_is_not_written_through(void **state)
{
    test_place *place = *state;
    struct stat left;
    (void)snprintf(attacked, sizeof attacked, "%s.headsweep-tmp", place->path);
    (void)snprintf(victim, sizeof victim, "%s.private", place->path);
    write_victim();
    place->error = (hs_error){0};
    assert_int_not_equal(hs_results_create(place->path, &place->fixture.layout, &place->error), HS_OK);
    assert_non_null(strstr(place->error.message, "results.h5"));
    char name[sizeof attacked];
    (void)memcpy(name, attacked, sizeof name);
    attacked[0] = '\0';
    assert_victim_unharmed();
    assert_int_equal(lstat(name, &left), 0); /* it is not ours to remove */
    assert_false(hs_path_exists(place->path));
    assert_int_equal(unlink(name), 0);
    assert_int_equal(unlink(victim), 0);
}

/* Permissions are what the user's umask leaves: a group that shares a folder can read, and continue. */
static void test_files_take_the_umask(void **state)
{
    test_place *place = *state;
    hs_results_lock *lock = NULL;
    struct stat made;
    char lock_path[640];
    mode_t before = umask(0007);
    assert_ok(hs_results_create(place->path, &place->fixture.layout, &place->error), &place->error);
    assert_ok(hs_results_lock_new(place->path, &lock, &place->error), &place->error);
    (void)umask(before);
    assert_int_equal(stat(place->path, &made), 0);
    assert_int_equal(made.st_mode & 0777, 0660);
    (void)snprintf(lock_path, sizeof lock_path, "%s.lock", place->path);
    assert_int_equal(stat(lock_path, &made), 0);
    assert_int_equal(made.st_mode & 0777, 0660);
    hs_results_lock_free(lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_link_in_its_place_is_not_written_through, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_take_the_umask, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
