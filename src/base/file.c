/*
 * file: whole files, mapped or copied, and folders. Says what is in a path's place instead of a
 * file. Data files are read by input.c, files are written by output.c.
 */
#include "headsweep/base.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 64 * 1024 };

const char *hs_file_kind(mode_t mode)
{
    static const struct {
        mode_t type;
        const char *name;
    } kinds[] = {{S_IFREG, "a file"},        {S_IFDIR, "a folder"},  {S_IFLNK, "a symbolic link"},
                 {S_IFIFO, "a pipe"},        {S_IFSOCK, "a socket"}, {S_IFCHR, "a character device"},
                 {S_IFBLK, "a block device"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if ((mode & S_IFMT) == kinds[i].type)
            return kinds[i].name;
    return "not a regular file";
}

/* O_NONBLOCK, where given, keeps a pipe that nobody writes to from hanging the run before its kind is known. */
static hs_status open_for_reading(const char *path, int extra_flags, int *fd_out, struct stat *information_out,
                                  hs_error *error)
{
    *fd_out = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | extra_flags);
    if (fd < 0)
        return hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be opened", path);
    if (fstat(fd, information_out) != 0) {
        hs_status status = hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be examined", path);
        (void)close(fd);
        return status;
    }
    *fd_out = fd;
    return HS_OK;
}

/* What is kept in place of a file's bytes by tools that move large files about, by how it begins. */
static hs_status check_placeholder(const char *path, const void *bytes, size_t n_bytes, hs_error *error)
{
    static const struct {
        const char *beginning;
        const char *what;
        const char *advice;
    } placeholders[] = {
        {"version https://git-lfs.github.com/spec/", "a Git LFS pointer, not the file itself",
         "run `git lfs install` and then `git lfs pull` in the cloned repository, or download the file"},
        {"../../blobs/", "the text of a link in a cache of the Hugging Face hub, copied without what it links to",
         "copy that folder with `cp -rL`, or download it again"},
    };
    for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++) {
        size_t length = strlen(placeholders[i].beginning);
        if (n_bytes >= length && memcmp(bytes, placeholders[i].beginning, length) == 0)
            return hs_fail(error, HS_ERROR_INPUT, "%s is %s: %s", path, placeholders[i].what, placeholders[i].advice);
    }
    return HS_OK;
}

/*
 * Of what is not a regular file stat() gives no size that means anything. The mapping is shared,
 * so that the processes of a host hold one copy of the weights.
 */
static hs_status map(int fd, const struct stat *information, const char *path, size_t most_bytes,
                     hs_mapped_file *file_out, hs_error *error)
{
    if (!S_ISREG(information->st_mode))
        return hs_fail(error, HS_ERROR_IO, "%s is %s; a regular file is needed", path,
                       hs_file_kind(information->st_mode));
    if ((uintmax_t)information->st_size > SIZE_MAX)
        return hs_fail(error, HS_ERROR_IO, "%s is too large for the address space", path);
    size_t n_bytes = (size_t)information->st_size < most_bytes ? (size_t)information->st_size : most_bytes;
    if (n_bytes == 0)
        return HS_OK;
    void *bytes = mmap(NULL, n_bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be mapped into memory", path);
    *file_out = (hs_mapped_file){bytes, n_bytes};
    return HS_OK;
}

/*
 * Looked at before it is used: a pointer file of Git LFS is a file like any other until somebody
 * reads its first line.
 */
hs_status hs_mapped_file_open_front(const char *path, size_t most_bytes, hs_mapped_file *file_out,
                                    size_t *n_file_bytes_out, hs_error *error)
{
    int fd;
    struct stat information;
    *file_out = (hs_mapped_file){0};
    *n_file_bytes_out = 0;
    HS_TRY(open_for_reading(path, O_NONBLOCK, &fd, &information, error));
    hs_status status = map(fd, &information, path, most_bytes, file_out, error);
    (void)close(fd);
    *n_file_bytes_out = status == HS_OK ? (size_t)information.st_size : 0;
    if (status == HS_OK)
        status = check_placeholder(path, file_out->bytes, file_out->n_bytes, error);
    if (status != HS_OK)
        hs_mapped_file_clear(file_out);
    return status;
}

hs_status hs_mapped_file_open(const char *path, hs_mapped_file *file_out, hs_error *error)
{
    size_t n_file_bytes;
    return hs_mapped_file_open_front(path, SIZE_MAX, file_out, &n_file_bytes, error);
}

void hs_mapped_file_clear(hs_mapped_file *file)
{
    if (file->bytes != NULL)
        (void)munmap((void *)file->bytes, file->n_bytes);
    *file = (hs_mapped_file){0};
}

/* Whole pages only: the file's other bytes on the first and the last one may be in use. */
void hs_mapped_bytes_release(const void *bytes, size_t n_bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)bytes + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)bytes + n_bytes) / page * page;
    if (end > first)
        (void)madvise((void *)((const char *)bytes + (first - (uintptr_t)bytes)), end - first, MADV_DONTNEED);
}

/* pread() may give less than was asked for, or be interrupted; only no byte at all is the end. */
hs_status hs_file_read_part(const char *path, size_t offset, void *bytes, size_t n_bytes, hs_error *error)
{
    int fd;
    struct stat information;
    size_t n_read = 0;
    ssize_t n = 1;
    HS_TRY(open_for_reading(path, O_NONBLOCK, &fd, &information, error));
    while (n_read < n_bytes && n != 0) {
        n = pread(fd, (char *)bytes + n_read, n_bytes - n_read, (off_t)(offset + n_read));
        if (n < 0 && errno != EINTR)
            break;
        n_read += n > 0 ? (size_t)n : 0;
    }
    hs_status status = n < 0 ? hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be read", path)
                       : n_read < n_bytes
                           ? hs_fail(error, HS_ERROR_IO, "%s ends before byte %zu", path, offset + n_bytes)
                           : HS_OK;
    (void)close(fd);
    return status;
}

/* Reads to the end whatever size fstat() gave: pipes and files in /proc have none. */
static hs_status read_to_end(int fd, const char *path, size_t max_bytes, hs_text *text, hs_error *error)
{
    for (;;) {
        HS_TRY(hs_reserve(&text->text, &text->capacity, text->length + READ_STEP + 1, 1, path, error));
        ssize_t n = read(fd, text->text + text->length, text->capacity - text->length - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be read", path);
        if (n == 0)
            break;
        text->length += (size_t)n;
        if (text->length > max_bytes)
            return hs_fail(error, HS_ERROR_INPUT, "%s is larger than the %zu bytes that are allowed here", path,
                           max_bytes);
    }
    text->text[text->length] = '\0';
    return HS_OK;
}

/* Copied rather than mapped: readers want a terminating zero, and a pipe has to work too. */
hs_status hs_file_read(const char *path, size_t max_bytes, char **bytes_out, size_t *n_bytes_out, hs_error *error)
{
    int fd;
    struct stat information;
    hs_text text = {0};
    *bytes_out = NULL;
    *n_bytes_out = 0;
    HS_TRY(open_for_reading(path, 0, &fd, &information, error));
    hs_status status;
    if (S_ISDIR(information.st_mode))
        status = hs_fail(error, HS_ERROR_IO, "%s is a folder; a file is needed", path);
    else
        status = read_to_end(fd, path, max_bytes, &text, error);
    (void)close(fd);
    if (status == HS_OK)
        status = check_placeholder(path, text.text, text.length, error);
    if (status == HS_OK) {
        *n_bytes_out = text.length;
        *bytes_out = hs_text_take(&text);
    }
    hs_text_clear(&text);
    return status;
}

/* Text files. */

/*
 * UTF-16 without this check would fail as malformed UTF-8 or JSON, which does not tell anybody
 * what to do.
 */
hs_status hs_text_mark(const char *bytes, size_t n_bytes, const char *path, size_t *length_out, hs_error *error)
{
    /* UTF-32's own begins with that of UTF-16. */
    static const struct {
        const char *bytes;
        size_t length;
        const char *encoding; /* NULL: UTF-8 */
    } marks[] = {{"\xEF\xBB\xBF", 3, NULL},
                 {"\xFF\xFE\0\0", 4, "UTF-32"},
                 {"\0\0\xFE\xFF", 4, "UTF-32"},
                 {"\xFF\xFE", 2, "UTF-16"},
                 {"\xFE\xFF", 2, "UTF-16"}};
    *length_out = 0;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (n_bytes < marks[i].length || memcmp(bytes, marks[i].bytes, marks[i].length) != 0)
            continue;
        if (marks[i].encoding != NULL)
            return hs_fail(error, HS_ERROR_INPUT,
                           "%s is %s, as its byte order mark says; UTF-8 is needed: iconv -f %s -t UTF-8 FILE > NEW",
                           path, marks[i].encoding, marks[i].encoding);
        *length_out = marks[i].length;
        return HS_OK;
    }
    return HS_OK;
}

/*
 * Carriage returns are replaced only if they are all that ends lines: before a line feed each
 * reader drops them itself, and a single one within a line may belong to the text.
 */
hs_status hs_text_file_read(const char *path, size_t max_bytes, char **bytes_out, size_t *n_bytes_out, hs_error *error)
{
    size_t mark;
    HS_TRY(hs_file_read(path, max_bytes, bytes_out, n_bytes_out, error));
    char *bytes = *bytes_out;
    if (hs_text_mark(bytes, *n_bytes_out, path, &mark, error) != HS_OK) {
        hs_free(bytes);
        *bytes_out = NULL;
        *n_bytes_out = 0;
        return hs_error_status(error);
    }
    *n_bytes_out -= mark;
    memmove(bytes, bytes + mark, *n_bytes_out + 1);
    bool has_line_feeds = memchr(bytes, '\n', *n_bytes_out) != NULL;
    for (size_t i = 0; !has_line_feeds && i < *n_bytes_out; i++)
        if (bytes[i] == '\r')
            bytes[i] = '\n';
    return HS_OK;
}

/* Folders. */

static hs_status make_one_folder(const char *path, hs_error *error)
{
    struct stat entry;

    if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &entry) == 0 && S_ISDIR(entry.st_mode)))
        return HS_OK;
    return hs_fail_system(error, HS_ERROR_IO, errno, "%s: the folder cannot be made", path);
}

hs_status hs_folder_make(const char *path, hs_error *error)
{
    char *partial = hs_string_copy(path, error);
    hs_status status = partial != NULL ? HS_OK : hs_error_status(error);

    for (char *slash = partial; status == HS_OK && slash != NULL && (slash = strchr(slash + 1, '/')) != NULL;) {
        *slash = '\0';
        status = make_one_folder(partial, error);
        *slash = '/';
    }
    if (status == HS_OK)
        status = make_one_folder(partial, error);
    hs_free(partial);
    return status;
}

hs_status hs_folder_sync(const char *path, hs_error *error)
{
    char *folder = hs_path_folder(path, error);
    if (folder == NULL)
        return hs_error_status(error);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    hs_status status = HS_OK;
    /* Some file systems cannot sync a folder, some folders may not be read: the name is then as safe as it gets. */
    if (descriptor >= 0 ? fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP : errno != EACCES)
        status = hs_fail_system(error, HS_ERROR_IO, errno, "folder %s cannot be synchronised", folder);
    if (descriptor >= 0)
        (void)close(descriptor);
    hs_free(folder);
    return status;
}
