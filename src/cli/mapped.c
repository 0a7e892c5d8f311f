/*
 * mapped: the handler of SIGBUS. It may use nothing but system calls, so it reads /proc/self/maps
 * by itself to say whose bytes are gone.
 */
#include "cli/mapped.h"

#include "headsweep/base.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A line of /proc/self/maps, "7f00a000-7f00b000 r--s 00000000 fe:00 1234   /path": all of it but the path is short. */
enum { LINE_BYTES = 4096 + 128 };

/* Everything below runs within a signal handler: no memory, no streams, nothing but system calls. */

static const char *read_hex(const char *text, uintptr_t *number_out)
{
    static const char digits[] = "0123456789abcdef";
    const char *digit;

    *number_out = 0;
    for (; *text != '\0' && (digit = strchr(digits, *text)) != NULL; ++text)
        *number_out = *number_out * 16 + (uintptr_t)(digit - digits);
    return text;
}

static bool holds(const char *line, uintptr_t address)
{
    uintptr_t first, end;
    const char *dash = read_hex(line, &first);

    if (*dash != '-')
        return false;
    read_hex(dash + 1, &end);
    return first <= address && address < end;
}

/* One line without its newline, cut where it is too long; false at the end. */
static bool read_line(int file, char line[LINE_BYTES])
{
    size_t length = 0;
    char byte;

    while (read(file, &byte, 1) == 1 && byte != '\n')
        if (length + 1 < LINE_BYTES)
            line[length++] = byte;
    line[length] = '\0';
    return length > 0;
}

/* The file that is mapped at the address, within `line`. */
static const char *find_path(uintptr_t address, char line[LINE_BYTES])
{
    const char *path = NULL;
    int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

    while (maps >= 0 && path == NULL && read_line(maps, line))
        if (holds(line, address))
            path = strchr(line, '/');
    if (maps >= 0)
        close(maps);
    return path != NULL ? path : "a mapped file";
}

static void say(const char *text)
{
    /* There is nothing to be done where even this fails. */
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static void end_with_message(int signal_number, siginfo_t *info, void *context)
{
    char line[LINE_BYTES];

    (void)signal_number;
    (void)context;
    say("headsweep: ");
    say(find_path((uintptr_t)info->si_addr, line));
    say(": its bytes cannot be read any more: it was cut while it was in use, or its disk does not answer; when that "
        "is "
        "mended, run the same command again to continue\n");
    _exit(hs_status_exit_code(HS_ERROR_IO));
}

void hs__cli_mapped_catch_lost_bytes(void)
{
    struct sigaction action = {.sa_sigaction = end_with_message, .sa_flags = SA_SIGINFO | (int)SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}
