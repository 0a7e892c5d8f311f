/*
 * results: one writer at a time, whether the file system has locks or not. The program's own fcntl stands in for the
 * system's, so that a file system without locks can be had anywhere.
 */
#define _GNU_SOURCE
#include "support/results_place.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>

static bool no_locks;

int fcntl(int file, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (no_locks && (command == F_SETLK || command == F_OFD_SETLK || command == F_GETLK || command == F_OFD_GETLK)) {
        errno = ENOLCK;
        return -1;
    }
    return (int)syscall(SYS_fcntl, file, command, argument);
}

static void lock_path(const test_place *place, char path[640])
{
    (void)snprintf(path, 640, "%s.lock", place->path);
}

/* Starts a child that takes the lock, tells so through a pipe and waits until it is killed. */
static pid_t child_with_lock(test_place *place)
{
    int pipes[2];
    char byte = 0;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        hs_results_lock *lock = NULL;
        CHILD_REQUIRE(setenv("SLURM_JOB_ID", "4711", 1) == 0);
        CHILD_REQUIRE(hs_results_lock_new(place->path, &lock, &place->error) == HS_OK);
        CHILD_REQUIRE(write(pipes[1], &byte, 1) == 1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(close(pipes[1]), 0);
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_int_equal(close(pipes[0]), 0);
    return child;
}

/* A link to the file is the file: both names have one lock. */
static void test_lock_through_a_link(void **state)
{
    test_place *place = *state;
    hs_results_lock *lock = NULL;
    char alias[640];
    assert_ok(hs_results_create(place->path, &place->fixture.layout, &place->error), &place->error);
    pid_t child = child_with_lock(place);
    (void)snprintf(alias, sizeof alias, "%s/alias.h5", place->folder);
    assert_int_equal(symlink(place->path, alias), 0);
    assert_int_equal(hs_results_lock_new(alias, &lock, &place->error), HS_ERROR_RESULTS);
    assert_error(&place->error, HS_ERROR_RESULTS, "SLURM job 4711");
    place->error = (hs_error){0};
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_lock_of_a_live_process(void **state)
{
    test_place *place = *state;
    hs_results_lock *lock = NULL;
    char part[64], path[640];
    pid_t child = child_with_lock(place);
    assert_int_equal(hs_results_lock_new(place->path, &lock, &place->error), HS_ERROR_RESULTS);
    assert_null(lock);
    (void)snprintf(part, sizeof part, "process %ld", (long)child);
    assert_error(&place->error, HS_ERROR_RESULTS, part);
    assert_error(&place->error, HS_ERROR_RESULTS, "SLURM job 4711");
    /* Killed: the lock goes with it, though its file is still there. */
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    lock_path(place, path);
    assert_true(hs_path_exists(path));
    place->error = (hs_error){0};
    assert_ok(hs_results_lock_new(place->path, &lock, &place->error), &place->error);
    hs_results_lock_free(lock);
    assert_false(hs_path_exists(path));
}

static void assert_look(test_place *place, bool held, const char *part)
{
    hs_text holder = {0};
    bool is_held = !held;
    assert_ok(hs_results_lock_look(place->path, &is_held, &holder, &place->error), &place->error);
    assert_int_equal(is_held, held);
    assert_true(part == NULL ? holder.length == 0 : strstr(holder.text, part) != NULL);
    hs_text_clear(&holder);
}

/* The look changes nothing: the lock can be taken, or stays where it is. */
static void test_lock_is_looked_at(void **state)
{
    test_place *place = *state;
    char part[64], path[640];
    hs_results_lock *lock = NULL;
    lock_path(place, path);
    assert_look(place, false, NULL);
    assert_false(hs_path_exists(path));
    pid_t child = child_with_lock(place);
    (void)snprintf(part, sizeof part, "process %ld on host ", (long)child);
    assert_look(place, true, part);
    assert_look(place, true, ", SLURM job 4711");
    assert_int_equal(hs_results_lock_new(place->path, &lock, &place->error), HS_ERROR_RESULTS);
    place->error = (hs_error){0};
    /* Killed: its file is left. */
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_look(place, false, NULL);
    assert_true(hs_path_exists(path));
    assert_ok(hs_results_lock_new(place->path, &lock, &place->error), &place->error);
    hs_results_lock_free(lock);
    assert_look(place, false, NULL);
}

static void test_lock_can_be_taken_again(void **state)
{
    test_place *place = *state;
    hs_results_lock *lock = NULL;
    for (int i = 0; i < 3; i++) {
        assert_ok(hs_results_lock_new(place->path, &lock, &place->error), &place->error);
        hs_results_lock_free(lock);
    }
}

/* Many processes at once: exactly one gets in at a time. */
static void contend(test_place *place)
{
    char marker[640];
    (void)snprintf(marker, sizeof marker, "%s/inside", place->folder);
    for (int n_taken = 0; n_taken < 20;) {
        hs_results_lock *lock = NULL;
        hs_error error = {0};
        if (hs_results_lock_new(place->path, &lock, &error) != HS_OK) {
            CHILD_REQUIRE(error.status == HS_ERROR_RESULTS);
            (void)usleep(200);
            continue;
        }
        int inside = open(marker, O_CREAT | O_EXCL | O_WRONLY, 0644);
        CHILD_REQUIRE(inside >= 0);
        (void)close(inside);
        CHILD_REQUIRE(unlink(marker) == 0);
        hs_results_lock_free(lock);
        n_taken++;
    }
}

static void test_lock_lets_one_in(void **state)
{
    test_place *place = *state;
    pid_t children[4];
    for (size_t i = 0; i < 4; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            contend(place);
            _exit(0);
        }
    }
    for (size_t i = 0; i < 4; i++) {
        int result = 1;
        assert_int_equal(waitpid(children[i], &result, 0), children[i]);
        assert_int_equal(result, 0);
    }
}

static void test_lock_writes_to_nothing_else(void **state)
{
    test_place *place = *state;
    hs_results_lock *lock = NULL;
    char path[640], victim[640], *bytes = NULL;
    size_t n = 0;
    lock_path(place, path);
    (void)snprintf(victim, sizeof victim, "%s/victim", place->folder);
    int file = open(victim, O_CREAT | O_WRONLY, 0644);
    assert_int_equal(write(file, "precious", 8), 8);
    assert_int_equal(close(file), 0);
    assert_int_equal(symlink(victim, path), 0);
    assert_int_equal(hs_results_lock_new(place->path, &lock, &place->error), HS_ERROR_RESULTS);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(victim, path), 0);
    place->error = (hs_error){0};
    assert_int_equal(hs_results_lock_new(place->path, &lock, &place->error), HS_ERROR_RESULTS);
    assert_error(&place->error, HS_ERROR_RESULTS, "not a lock file of headsweep");
    place->error = (hs_error){0};
    assert_ok(hs_file_read(path, 100, &bytes, &n, &place->error), &place->error);
    assert_string_equal(bytes, "precious");
    hs_free(bytes);
}

/* On a file system without locks. */

static int forget_locks(void **state)
{
    no_locks = true;
    return set_up(state);
}

static int remember_locks(void **state)
{
    no_locks = false;
    return tear_down(state);
}

static void write_lock_by_hand(const test_place *place, const char *host, long process)
{
    char path[640], text[512];
    lock_path(place, path);
    int length = snprintf(text, sizeof text, "headsweep lock\nhost %s\nprocess %ld\nstarted 0\njob -\n", host, process);
    int file = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
    assert_int_equal(write(file, text, (size_t)length), length);
    assert_int_equal(close(file), 0);
}

/* Nobody can tell from here whether that process lives: the user must. */
static void test_lock_of_another_host(void **state)
{
    test_place *place = *state;
    hs_results_lock *lock = NULL;
    char path[640];
    write_lock_by_hand(place, "elsewhere", 1);
    lock_path(place, path);
    assert_int_equal(hs_results_lock_new(place->path, &lock, &place->error), HS_ERROR_RESULTS);
    assert_error(&place->error, HS_ERROR_RESULTS, "process 1 on host elsewhere");
    assert_error(&place->error, HS_ERROR_RESULTS, path);
    assert_true(hs_path_exists(path));
    assert_look(place, true, "process 1 on host elsewhere");
}

#define WITHOUT_LOCKS(test)                                              \
    {                                                                    \
#test " without locks", test, forget_locks, remember_locks, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLACE(test_lock_of_a_live_process),
        WITH_PLACE(test_lock_can_be_taken_again),
        WITH_PLACE(test_lock_through_a_link),
        WITH_PLACE(test_lock_lets_one_in),
        WITH_PLACE(test_lock_writes_to_nothing_else),
        WITHOUT_LOCKS(test_lock_of_a_live_process),
        WITHOUT_LOCKS(test_lock_can_be_taken_again),
        WITHOUT_LOCKS(test_lock_lets_one_in),
        WITHOUT_LOCKS(test_lock_writes_to_nothing_else),
        WITH_PLACE(test_lock_is_looked_at),
        WITHOUT_LOCKS(test_lock_is_looked_at),
        WITHOUT_LOCKS(test_lock_of_another_host),
    };
    return cmocka_run_group_tests_name("results, lock", tests, NULL, NULL);
}
