/* base: files that are written whole: what may be replaced, what is left behind, and what a signal leaves. */
#include "headsweep/base.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/assert_status.h"

static const char mark[] = "<!-- ours -->";

typedef struct place {
    char folder[64];
    char path[96];
    hs_error error;
} place;

static int make_place(void **state)
{
    static place p;
    p = (place){.folder = "/tmp/headsweep-output-XXXXXX"};
    if (mkdtemp(p.folder) == NULL)
        return -1;
    (void)snprintf(p.path, sizeof p.path, "%s/page.html", p.folder);
    *state = &p;
    return 0;
}

static size_t n_entries(const place *p)
{
    size_t n = 0;
    DIR *folder = opendir(p->folder);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    (void)closedir(folder);
    return n;
}

static int remove_place(void **state)
{
    place *p = *state;
    char path[512];
    DIR *folder = opendir(p->folder);
    for (const struct dirent *entry = folder != NULL ? readdir(folder) : NULL; entry != NULL; entry = readdir(folder)) {
        (void)snprintf(path, sizeof path, "%s/%s", p->folder, entry->d_name);
        (void)remove(path);
    }
    (void)closedir(folder);
    return rmdir(p->folder);
}

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_holds(place *p, const char *path, const char *text)
{
    char *bytes = NULL;
    size_t n = 0;
    assert_ok(hs_file_read(path, 4096, &bytes, &n, &p->error), &p->error);
    assert_string_equal(bytes, text);
    hs_free(bytes);
}

static hs_status write_page(place *p, const hs_output_rules *rules)
{
    p->error = (hs_error){0};
    return hs_output_write(p->path, rules, "<!-- ours --> new", 17, &p->error);
}

/* Refused for this reason, with what is there as it was and nothing beside it. */
static void assert_refused(place *p, const hs_output_rules *rules, const char *part)
{
    const size_t n_before = n_entries(p);
    assert_int_equal(write_page(p, rules), HS_ERROR_USAGE);
    assert_non_null(strstr(p->error.message, p->path));
    if (strstr(p->error.message, part) == NULL)
        fail_msg("\"%s\" does not say: %s", p->error.message, part);
    assert_int_equal(n_entries(p), n_before);
}

static void test_new_file(void **state)
{
    place *p = *state;
    struct stat information;
    const mode_t before = umask(027);
    assert_int_equal(write_page(p, &(hs_output_rules){0}), HS_OK);
    (void)umask(before);
    assert_holds(p, p->path, "<!-- ours --> new");
    assert_int_equal(stat(p->path, &information), 0);
    assert_int_equal(information.st_mode & 0777, 0640);
    assert_int_equal(n_entries(p), 1);
}

static void test_only_what_is_ours_is_replaced(void **state)
{
    place *p = *state;
    struct stat information;
    put_file(p->path, "my notes");
    assert_refused(p, &(hs_output_rules){.mark = mark}, "is not what headsweep writes here");
    assert_refused(p, &(hs_output_rules){0}, "exists already");
    assert_holds(p, p->path, "my notes");
    assert_int_equal(write_page(p, &(hs_output_rules){.force = true}), HS_OK);

    /* It is ours now; the mode is kept. */
    assert_int_equal(chmod(p->path, 0600), 0);
    assert_refused(p, &(hs_output_rules){0}, "exists already");
    assert_int_equal(write_page(p, &(hs_output_rules){.mark = mark}), HS_OK);
    assert_int_equal(stat(p->path, &information), 0);
    assert_int_equal(information.st_mode & 0777, 0600);

    /* An empty file holds nothing that could be lost: mktemp makes such. */
    assert_int_equal(truncate(p->path, 0), 0);
    assert_int_equal(write_page(p, &(hs_output_rules){0}), HS_OK);
    assert_holds(p, p->path, "<!-- ours --> new");
    assert_int_equal(n_entries(p), 1);
}

/* By its own name, a link of either kind: not even by force. */
static void test_inputs_are_never_replaced(void **state)
{
    place *p = *state;
    char input[96];
    (void)snprintf(input, sizeof input, "%s/input", p->folder);
    const char *const inputs[] = {"/nowhere", input};
    const hs_output_rules rules = {.mark = mark, .force = true, .inputs = inputs, .n_inputs = 2};
    put_file(input, "<!-- ours -->");
    assert_int_equal(link(input, p->path), 0);
    assert_refused(p, &rules, "is read here");
    assert_int_equal(unlink(p->path), 0);
    assert_int_equal(symlink("input", p->path), 0);
    assert_refused(p, &rules, "is read here");
    assert_int_equal(unlink(p->path), 0);
    (void)snprintf(p->path, sizeof p->path, "%s/./input", p->folder);
    assert_refused(p, &rules, "is read here");
    assert_holds(p, input, "<!-- ours -->");
}

static void test_links_and_others_are_left_alone(void **state)
{
    place *p = *state;
    const hs_output_rules force = {.mark = mark, .force = true};
    char victim[96];
    (void)snprintf(victim, sizeof victim, "%s/victim", p->folder);
    assert_int_equal(symlink("victim", p->path), 0);
    assert_refused(p, &force, "a symbolic link");
    put_file(victim, "precious <!-- ours -->");
    assert_refused(p, &force, "a symbolic link");
    assert_holds(p, victim, "precious <!-- ours -->");
    assert_int_equal(unlink(p->path), 0);
    assert_int_equal(mkfifo(p->path, 0644), 0);
    assert_refused(p, &force, "is a pipe");
    assert_int_equal(unlink(p->path), 0);
    assert_int_equal(mkdir(p->path, 0755), 0);
    assert_refused(p, &force, "is a folder");
    (void)snprintf(p->path, sizeof p->path, "/dev/null");
    p->error = (hs_error){0};
    assert_int_equal(write_page(p, &force), HS_ERROR_USAGE);
    assert_non_null(strstr(p->error.message, "is a character device"));
}

static void test_what_fails_leaves_the_old_file(void **state)
{
    place *p = *state;
    const hs_output_rules rules = {.mark = mark};
    put_file(p->path, "<!-- ours --> old");
    const pid_t child = fork();
    if (child == 0) {
        /* A file-size limit stands for a full disk. */
        const struct rlimit limit = {8, 8};
        (void)signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(2);
        const hs_status status = write_page(p, &rules);
        _exit(status == HS_ERROR_IO && strstr(p->error.message, "page.html cannot be written: File too large") ? 0 : 1);
    }
    int code = 0;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    assert_holds(p, p->path, "<!-- ours --> old");
    assert_int_equal(n_entries(p), 1);
    (void)snprintf(p->path, sizeof p->path, "%s/none/page.html", p->folder);
    assert_int_equal(write_page(p, &rules), HS_ERROR_IO);
    assert_non_null(strstr(p->error.message, "No such file"));
}

/* What somebody else put there meanwhile is not replaced. */
static void test_a_race_is_lost(void **state)
{
    place *p = *state;
    hs_output *output = NULL;
    assert_ok(hs_output_new(p->path, &(hs_output_rules){0}, &output, &p->error), &p->error);
    assert_ok(hs_output_put(output, "new", 3, &p->error), &p->error);
    put_file(p->path, "quicker");
    assert_int_equal(hs_output_publish(output, &p->error), HS_ERROR_IO);
    hs_output_free(output);
    assert_holds(p, p->path, "quicker");
    assert_int_equal(n_entries(p), 1);
}

static void test_a_signal_removes_what_is_not_finished(void **state)
{
    place *p = *state;
    const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        const pid_t child = fork();
        if (child == 0) {
            hs_output *output = NULL;
            if (hs_output_new(p->path, &(hs_output_rules){0}, &output, &p->error) != HS_OK ||
                hs_output_put(output, "half", 4, &p->error) != HS_OK || n_entries(p) != 1)
                _exit(1);
            (void)raise(signals[i]);
            _exit(2);
        }
        int code = 0;
        assert_int_equal(waitpid(child, &code, 0), child);
        assert_true(WIFSIGNALED(code) && WTERMSIG(code) == signals[i]);
        assert_int_equal(n_entries(p), 0);
    }
    /* Afterwards signals are what they were. */
    struct sigaction action;
    assert_int_equal(write_page(p, &(hs_output_rules){0}), HS_OK);
    assert_int_equal(sigaction(SIGTERM, NULL, &action), 0);
    assert_true(action.sa_handler == SIG_DFL);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_new_file),
        IN_PLACE(test_only_what_is_ours_is_replaced),
        IN_PLACE(test_inputs_are_never_replaced),
        IN_PLACE(test_links_and_others_are_left_alone),
        IN_PLACE(test_what_fails_leaves_the_old_file),
        IN_PLACE(test_a_race_is_lost),
        IN_PLACE(test_a_signal_removes_what_is_not_finished),
    };
    return cmocka_run_group_tests_name("base, outputs", tests, NULL, NULL);
}
