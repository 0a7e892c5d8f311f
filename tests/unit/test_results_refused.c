/* results: what cannot be created leaves nothing behind, and nothing is written over. */
#include "results/create.h"
#include "support/results_place.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void test_nothing_is_written_over(void **state)
{
    test_place *place = *state;
    char *bytes = NULL;
    size_t n = 0;
    put_bytes(place->path, "x", 1);
    assert_int_equal(hs_results_create(place->path, &place->fixture.layout, &place->error), HS_ERROR_RESULTS);
    assert_error(&place->error, HS_ERROR_RESULTS, "exists already");
    place->error = (hs_error){0};
    assert_ok(hs_file_read(place->path, 100, &bytes, &n, &place->error), &place->error);
    assert_int_equal(n, 1);
    hs_free(bytes);
}

/* What an earlier run left is replaced; a link of that name is not written through. */
static void test_temporary_file_of_a_killed_run(void **state)
{
    test_place *place = *state;
    char temporary[640], victim[640];
    (void)snprintf(temporary, sizeof temporary, "%s.headsweep-tmp", place->path);
    (void)snprintf(victim, sizeof victim, "%s/victim", place->folder);
    put_bytes(victim, "precious", 8);
    assert_int_equal(symlink(victim, temporary), 0);
    assert_ok(hs_results_create(place->path, &place->fixture.layout, &place->error), &place->error);
    struct stat state_of_victim;
    assert_int_equal(stat(victim, &state_of_victim), 0);
    assert_int_equal(state_of_victim.st_size, 8);
    assert_progress(place, 0, 0);
}

static void test_somebody_elses_temporary_file(void **state)
{
    test_place *place = *state;
    char temporary[640], *bytes = NULL;
    size_t n = 0;
    (void)snprintf(temporary, sizeof temporary, "%s.headsweep-tmp", place->path);
    put_bytes(temporary, "precious", 8);
    assert_int_equal(hs_results_create(place->path, &place->fixture.layout, &place->error), HS_ERROR_RESULTS);
    assert_error(&place->error, HS_ERROR_RESULTS, "nothing that headsweep left there");
    place->error = (hs_error){0};
    assert_ok(hs_file_read(temporary, 100, &bytes, &n, &place->error), &place->error);
    assert_string_equal(bytes, "precious");
    hs_free(bytes);
    assert_int_equal(unlink(temporary), 0);
    assert_int_equal(mkdir(temporary, 0755), 0);
    assert_int_equal(hs_results_create(place->path, &place->fixture.layout, &place->error), HS_ERROR_RESULTS);
    assert_int_equal(rmdir(temporary), 0);
    place->error = (hs_error){0};

    /* What a kill leaves: reserved blocks, or what HDF5 began. */
    put_bytes(temporary, "\0\0\0\0\0\0\0\0\0", 9);
    assert_ok(hs_results_create(place->path, &place->fixture.layout, &place->error), &place->error);
    assert_int_equal(rename(place->path, temporary), 0);
    assert_ok(hs_results_create(place->path, &place->fixture.layout, &place->error), &place->error);
    assert_false(hs_path_exists(temporary));
}

static void assert_not_created(test_place *place, hs_status status, const char *part)
{
    char temporary[640];
    (void)snprintf(temporary, sizeof temporary, "%s.headsweep-tmp", place->path);
    place->error = (hs_error){0};
    assert_int_equal(hs_results_create(place->path, &place->fixture.layout, &place->error), status);
    assert_error(&place->error, status, part);
    assert_false(hs_path_exists(place->path));
    assert_false(hs_path_exists(temporary));
}

static void test_impossible_layouts(void **state)
{
    test_place *place = *state;
    results_fixture *fixture = &place->fixture;
    const hs_results_task sound = fixture->tasks[0];
    const char *names[] = {"", "a/b", ".", "line\nbreak", "\xff", "commit", "set", "method", "stability_field"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        fixture->tasks[0].name = names[i];
        assert_not_created(place, HS_ERROR_RESULTS, "name");
    }
    fixture->tasks[0] = sound;
    fixture->tasks[0].name = fixture->tasks[1].name;
    assert_not_created(place, HS_ERROR_IO, "accuracy");
    fixture->tasks[0] = sound;
    fixture->shard_first[0][1] = 11;
    assert_not_created(place, HS_ERROR_RESULTS, "shards");
    fixture->shard_first[0][1] = 4;
    fixture->donor[3] = 11;
    assert_not_created(place, HS_ERROR_RESULTS, "donor 11");
    fixture->donor[3] = 4;
    fixture->sets.order[5] = 4097;
    assert_not_created(place, HS_ERROR_RESULTS, "set 5 has order 4097");
    fixture->sets.order[5] = 1;
    fixture->sets.intervention[5] = 2;
    assert_not_created(place, HS_ERROR_RESULTS, "intervention 2");
    fixture->sets.intervention[5] = 0;
    fixture->sets.parent[5] = 5;
    assert_not_created(place, HS_ERROR_RESULTS, "set 5 cannot add components to set 5");
    fixture->sets.parent[5] = 4;
    assert_not_created(place, HS_ERROR_RESULTS, "set 5 cannot add components to set 4");
    fixture->sets.parent[5] = 0;
    fixture->sets.first_added[5] += 1;
    assert_not_created(place, HS_ERROR_RESULTS, "from row 5 on");
    fixture->sets.first_added[5] -= 1;
    /* Kind, layer and index, each beyond what any model has. */
    const int32_t impossible[] = {2, 4096, 65536};
    for (size_t field = 0; field < 3; field++) {
        hs_component *of = fixture->sets.added + fixture->sets.first_added[5];
        int32_t *component = field == 0 ? &of->kind : field == 1 ? &of->layer : &of->index, kept = *component;
        *component = impossible[field];
        assert_not_created(place, HS_ERROR_RESULTS, "component 0 of set 5");
        *component = kept;
    }
}

static void test_folder_that_is_not_there(void **state)
{
    test_place *place = *state;
    (void)snprintf(place->path, sizeof place->path, "%s/none/results.h5", place->folder);
    assert_not_created(place, HS_ERROR_IO, "No such file");
}

static void create_in_locked_folder(test_place *place)
{
    CHILD_REQUIRE(hs_results_create(place->path, &place->fixture.layout, &place->error) == HS_ERROR_IO);
    CHILD_REQUIRE(strstr(place->error.message, "Permission denied") != NULL);
}

static void test_unwritable_folder(void **state)
{
    test_place *place = *state;
    assert_int_equal(chmod(place->folder, 0555), 0);
    in_child(place, create_in_locked_folder, true);
    assert_int_equal(chmod(place->folder, 0755), 0);
}

static void create_beyond_limit(test_place *place)
{
    const struct rlimit limit = {40000, 40000};
    CHILD_REQUIRE(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHILD_REQUIRE(hs_results_create(place->path, &place->fixture.layout, &place->error) == HS_ERROR_IO);
    CHILD_REQUIRE(strstr(place->error.message, "no room") != NULL);
}

static void test_file_size_limit(void **state)
{
    test_place *place = *state;
    in_child(place, create_beyond_limit, false);
    assert_false(hs_path_exists(place->path));
}

static void test_full_disk(void **state)
{
    test_place *place = *state;
    char full[640];
    (void)snprintf(full, sizeof full, "%s", place->folder);
    if (mount("headsweep-test", full, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") != 0) {
        print_message("skipped: a small disk cannot be mounted here (not root, or a container)\n");
        skip();
    }
    place->error = (hs_error){0};
    hs_status status = hs_results_create(place->path, &place->fixture.layout, &place->error);
    bool left = hs_path_exists(place->path);
    char temporary[640];
    (void)snprintf(temporary, sizeof temporary, "%s.headsweep-tmp", place->path);
    left = left || hs_path_exists(temporary);
    assert_int_equal(umount(full), 0);
    assert_int_equal(status, HS_ERROR_IO);
    assert_error(&place->error, HS_ERROR_IO, "No space left");
    assert_false(left);
}

/* The disk fills up while HDF5 writes, whatever was reserved: an error, and a program that still ends as it should. */
static void create_on_small_disks(test_place *place)
{
    char full[640], options[32];
    (void)snprintf(full, sizeof full, "%s/results.h5", place->folder);
    for (int kilobytes = 8; kilobytes <= 64; kilobytes += 8) {
        (void)snprintf(options, sizeof options, "size=%dk", kilobytes);
        CHILD_REQUIRE(mount("headsweep-test", place->folder, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0);
        hs_error error = {0};
        int file = open(full, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        hs_status status = hs__results_create_contents(file, &place->fixture.layout, &error);
        CHILD_REQUIRE(close(file) == 0);
        CHILD_REQUIRE(umount2(place->folder, MNT_DETACH) == 0);
        CHILD_REQUIRE(status == HS_ERROR_IO && strstr(error.message, "No space left") != NULL);
    }
    exit(0);
}

static void test_disk_that_fills_up(void **state)
{
    test_place *place = *state;
    if (mount("headsweep-test", place->folder, "tmpfs", MS_NOSUID | MS_NODEV, "size=8k") != 0) {
        print_message("skipped: a small disk cannot be mounted here (not root, or a container)\n");
        skip();
    }
    assert_int_equal(umount(place->folder), 0);
    in_child(place, create_on_small_disks, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLACE(test_nothing_is_written_over),
        WITH_PLACE(test_temporary_file_of_a_killed_run),
        WITH_PLACE(test_somebody_elses_temporary_file),
        WITH_PLACE(test_impossible_layouts),
        WITH_PLACE(test_folder_that_is_not_there),
        WITH_PLACE(test_unwritable_folder),
        WITH_PLACE(test_file_size_limit),
        WITH_PLACE(test_full_disk),
        WITH_PLACE(test_disk_that_fills_up),
    };
    return cmocka_run_group_tests_name("results, refused", tests, NULL, NULL);
}
