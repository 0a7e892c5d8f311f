/* Open file description locks are Linux's and, since POSIX.1-2024, everybody's. */
#define _GNU_SOURCE
#include "headsweep/results.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Where the file system has locks, the operating system's lock on PATH.lock is the truth and ends with its process,
 * on whatever host. Where it has none, the existence of PATH.lock is the lock, and what is written in it tells
 * whether its owner still lives.
 */
struct hs_results_lock {
    char *path;
    int file;
};

enum { MAX_LOCK_TEXT = 512, MAX_ATTEMPTS = 8 };

static const char signature[] = "headsweep lock";

typedef struct owner {
    char host[256];
    long process;
    unsigned long long started; /* clock ticks after boot: tells apart two processes of one number; 0 = unknown */
    char job[64];
} owner;

/* False if there is no such process, or only its remains. */
static bool process_lives(long process, unsigned long long *started_out)
{
    char path[64], line[1024] = "", state = 'R';
    *started_out = 0;
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", process);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return kill((pid_t)process, 0) == 0 || errno == EPERM;
    bool read = fgets(line, (int)sizeof line, file) != NULL;
    (void)fclose(file);
    /* The command's name, in parentheses, may hold anything; state and start time are fields 3 and 22. */
    const char *rest = read ? strrchr(line, ')') : NULL;
    if (rest == NULL ||
        sscanf(rest, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &state,
               started_out) != 2)
        return true;
    return state != 'Z' && state != 'X';
}

static void describe_self(owner *self)
{
    const char *job = getenv("SLURM_JOB_ID");
    memset(self, 0, sizeof *self);
    if (gethostname(self->host, sizeof self->host - 1) != 0 || self->host[0] == '\0')
        (void)snprintf(self->host, sizeof self->host, "unknown");
    self->process = (long)getpid();
    (void)process_lives(self->process, &self->started);
    (void)snprintf(self->job, sizeof self->job, "%s", job != NULL && job[0] != '\0' ? job : "-");
    for (char *at = self->job; *at != '\0'; at++)
        if (isgraph((unsigned char)*at) == 0)
            *at = '_';
}

static size_t write_owner(const owner *self, char text[MAX_LOCK_TEXT])
{
    int length = snprintf(text, MAX_LOCK_TEXT, "%s\nhost %s\nprocess %ld\nstarted %llu\njob %s\n", signature,
                          self->host, self->process, self->started, self->job);
    return length < 0 ? 0 : (size_t)length;
}

/* False if the text was not written by write_owner. */
static bool read_owner(int file, owner *found)
{
    char text[MAX_LOCK_TEXT] = "";
    ssize_t n = pread(file, text, sizeof text - 1, 0);
    memset(found, 0, sizeof *found);
    if (n < (ssize_t)(sizeof signature - 1) || strncmp(text, signature, sizeof signature - 1) != 0)
        return false;
    return sscanf(text + sizeof signature - 1, " host %255s process %ld started %llu job %63s", found->host,
                  &found->process, &found->started, found->job) == 4;
}

/* An owner of this host that is gone for certain. */
static bool owner_is_gone(const owner *found)
{
    owner self;
    unsigned long long started = 0;
    describe_self(&self);
    if (strcmp(self.host, found->host) != 0 || found->process <= 0)
        return false;
    bool lives = process_lives(found->process, &started);
    return !lives || (started != 0 && found->started != 0 && started != found->started);
}

enum { MAX_OWNER_NAME = 384 };

/* "process 12 on host node3, SLURM job 7" */
static void name_owner(const owner *found, char name[MAX_OWNER_NAME])
{
    const bool has_job = strcmp(found->job, "-") != 0;
    (void)snprintf(name, MAX_OWNER_NAME, "process %ld on host %s%s%s", found->process, found->host,
                   has_job ? ", SLURM job " : "", has_job ? found->job : "");
}

static hs_status held(const char *path, int file, hs_error *error)
{
    owner found;
    char name[MAX_OWNER_NAME];
    if (!read_owner(file, &found))
        return hs_fail(error, HS_ERROR_RESULTS,
                       "another process holds %s; wait for it, or move that file away if there is none", path);
    name_owner(&found, name);
    return hs_fail(error, HS_ERROR_RESULTS,
                   "the results file is being written by %s; wait for it, or move %s away if that process is gone",
                   name, path);
}

typedef enum lock_result { LOCK_TAKEN, LOCK_HELD, LOCK_UNSUPPORTED } lock_result;

#ifdef F_OFD_SETLK
enum { SET_OWN_LOCK = F_OFD_SETLK, GET_OWN_LOCK = F_OFD_GETLK };
#else
enum { SET_OWN_LOCK = F_SETLK, GET_OWN_LOCK = F_GETLK };
#endif

static lock_result lock_file(int file)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int result = fcntl(file, SET_OWN_LOCK, &whole);
    if (result != 0 && errno == EINVAL)
        result = fcntl(file, F_SETLK, &whole);
    if (result == 0)
        return LOCK_TAKEN;
    return errno == EAGAIN || errno == EACCES ? LOCK_HELD : LOCK_UNSUPPORTED;
}

/* Whether PATH still names the open file: its owner may have deleted it between our open and our lock. */
static bool still_named(const char *path, int file)
{
    struct stat named, opened;
    return lstat(path, &named) == 0 && fstat(file, &opened) == 0 && named.st_dev == opened.st_dev &&
           named.st_ino == opened.st_ino;
}

/*
 * Two processes may find the same stale file: only the one whose rename moves that very file away goes on; a fresh
 * lock that was caught by mistake is put back.
 */
static bool remove_stale(const char *path, int stale)
{
    char aside[4096];
    struct stat there;
    int length = snprintf(aside, sizeof aside, "%s.%ld", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof aside || lstat(aside, &there) == 0 || rename(path, aside) != 0)
        return false;
    const bool right = still_named(aside, stale);
    if (!right)
        (void)link(aside, path);
    (void)unlink(aside);
    return right;
}

static hs_status describe_in(const char *path, int file, hs_error *error)
{
    owner self;
    char text[MAX_LOCK_TEXT];
    describe_self(&self);
    size_t length = write_owner(&self, text);
    if (ftruncate(file, 0) != 0 || pwrite(file, text, length, 0) != (ssize_t)length || fsync(file) != 0)
        return hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be written", path);
    return HS_OK;
}

/* Somebody's file of that name, or a link to one, is not ours to write to. */
static hs_status check_is_lock(const char *path, int file, hs_error *error)
{
    struct stat state;
    owner found;
    if (fstat(file, &state) != 0)
        return hs_fail_system(error, HS_ERROR_IO, errno, "%s", path);
    if (!S_ISREG(state.st_mode) || (state.st_size != 0 && !read_owner(file, &found)))
        return hs_fail(error, HS_ERROR_RESULTS, "%s exists and is not a lock file of headsweep; move it away", path);
    return HS_OK;
}

typedef enum attempt_result { ATTEMPT_TAKEN, ATTEMPT_FAILED, ATTEMPT_AGAIN } attempt_result;

/* The file was there already: whoever made it may be gone. */
static attempt_result take_over(const char *path, int file, hs_error *error)
{
    owner found;
    if (check_is_lock(path, file, error) != HS_OK)
        return ATTEMPT_FAILED;
    switch (lock_file(file)) {
    case LOCK_TAKEN:
        return still_named(path, file) ? ATTEMPT_TAKEN : ATTEMPT_AGAIN;
    case LOCK_HELD:
        (void)held(path, file, error);
        return ATTEMPT_FAILED;
    case LOCK_UNSUPPORTED:
        break;
    }
    if (read_owner(file, &found) && owner_is_gone(&found)) {
        (void)remove_stale(path, file);
        return ATTEMPT_AGAIN;
    }
    (void)held(path, file, error);
    return ATTEMPT_FAILED;
}

/*
 * Created if it is not there, else opened and taken over if its owner is gone. Between our open
 * and our lock the file may have been removed by its owner, and somebody may have made another:
 * hence still_named(), and another attempt.
 */
static attempt_result attempt(const char *path, int *file_out, hs_error *error)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
    int file = open(path, flags | O_CREAT | O_EXCL, 0666);
    const bool made = file >= 0;
    attempt_result result = ATTEMPT_TAKEN;
    if (!made && errno == EEXIST) {
        /* O_NONBLOCK: a pipe of that name must not stop us. */
        file = open(path, flags | O_NONBLOCK);
        if (file < 0 && errno == ENOENT)
            return ATTEMPT_AGAIN;
    }
    if (file < 0) {
        (void)hs_fail_system(error, errno == ELOOP ? HS_ERROR_RESULTS : HS_ERROR_IO, errno,
                             "lock file %s cannot be opened", path);
        return ATTEMPT_FAILED;
    }
    if (!made)
        result = take_over(path, file, error);
    else if (lock_file(file) == LOCK_HELD || !still_named(path, file))
        result = ATTEMPT_AGAIN;
    if (result == ATTEMPT_TAKEN && describe_in(path, file, error) != HS_OK)
        result = ATTEMPT_FAILED;
    if (result == ATTEMPT_TAKEN)
        *file_out = file;
    else
        (void)close(file);
    return result;
}

/* Of the file itself, whatever link leads to it: two names of one file are one lock. hs_free() it. */
static char *lock_path_of(const char *path, hs_error *error)
{
    char *real = realpath(path, NULL);
    char *lock_path = hs_string_format(error, "%s.lock", real != NULL ? real : path);
    free(real);
    return lock_path;
}

/*
 * A few attempts, since each can lose a race honestly; more than MAX_ATTEMPTS means that somebody
 * takes the lock in a loop.
 */
hs_status hs_results_lock_new(const char *path, hs_results_lock **lock_out, hs_error *error)
{
    hs_results_lock *lock = NULL;
    hs_status status;
    *lock_out = NULL;
    HS_TRY(hs_allocate(&lock, 1, sizeof *lock, "lock", error));
    lock->file = -1;
    lock->path = lock_path_of(path, error);
    status = lock->path == NULL ? hs_error_status(error) : HS_OK;
    attempt_result result = ATTEMPT_AGAIN;
    for (int i = 0; status == HS_OK && result == ATTEMPT_AGAIN && i < MAX_ATTEMPTS; i++) {
        result = attempt(lock->path, &lock->file, error);
        status = result == ATTEMPT_FAILED ? hs_error_status(error) : HS_OK;
    }
    if (status == HS_OK && result == ATTEMPT_AGAIN)
        status =
            hs_fail(error, HS_ERROR_RESULTS, "%s: others take and drop this lock all the time; try again", lock->path);
    if (status == HS_OK)
        *lock_out = lock;
    else
        hs_results_lock_free(lock);
    return status;
}

void hs_results_lock_free(hs_results_lock *lock)
{
    if (lock == NULL)
        return;
    /* Deleted while still locked: nobody can have taken it over in between. */
    if (lock->file >= 0 && still_named(lock->path, lock->file))
        (void)unlink(lock->path);
    if (lock->file >= 0)
        (void)close(lock->file);
    hs_free(lock->path);
    hs_free(lock);
}

static bool is_held(int file, const owner *found)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int result = fcntl(file, GET_OWN_LOCK, &whole);
    if (result != 0 && errno == EINVAL)
        result = fcntl(file, F_GETLK, &whole);
    if (result == 0)
        return whole.l_type != F_UNLCK;
    return found == NULL || !owner_is_gone(found);
}

/*
 * Asks without taking: the operating system's lock where there is one, else what the file says. A
 * lock file that cannot be opened counts as held, the safe answer.
 */
hs_status hs_results_lock_look(const char *path, bool *held_out, hs_text *holder, hs_error *error)
{
    owner found;
    char name[MAX_OWNER_NAME];
    *held_out = false;
    char *lock_path = lock_path_of(path, error);
    if (lock_path == NULL)
        return hs_error_status(error);
    int file = open(lock_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *held_out = file < 0 && errno != ENOENT;
    hs_free(lock_path);
    if (file < 0)
        return HS_OK;
    const bool known = read_owner(file, &found);
    *held_out = is_held(file, known ? &found : NULL);
    (void)close(file);
    if (!*held_out || !known)
        return HS_OK;
    name_owner(&found, name);
    return hs_text_append(holder, name, strlen(name), error);
}
