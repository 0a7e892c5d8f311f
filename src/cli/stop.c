/*
 * stop: signals that ask a run to end. Handlers set numbers that the run looks at where it can
 * leave in good order; the second wish, or 20 s after SIGTERM, ends it at once.
 */
#include "cli/stop.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

/*
 * A run that was told to end and does not come to where it asks, in a product that lasts or in a library that waits for
 * ever, is ended where it is: the file is whole at every moment. Before SLURM and others kill it, 30 s after SIGTERM.
 */
enum { GRACE_SECONDS = 20, NEXT_SIGNAL_SECONDS = 2 };

/* All that a signal handler may touch. */
static volatile sig_atomic_t requested = 0;
static volatile sig_atomic_t first_term = 0; /* 0, or 1 + the second of the clock at which it came */

static void request(int signal_number)
{
    (void)signal_number;
    requested = 1;
}

/* A launcher sends the same signal twice in one moment; whoever sends it later again means it. */
static void request_to_end(int signal_number)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const sig_atomic_t second = 1 + (sig_atomic_t)(now.tv_sec % (1 << 24));
    requested = 1;
    if (first_term == 0) {
        first_term = second;
        (void)alarm(GRACE_SECONDS);
    } else if (second - first_term >= NEXT_SIGNAL_SECONDS) {
        (void)signal(signal_number, SIG_DFL);
        (void)raise(signal_number);
    }
}

static void end_where_it_is(int signal_number)
{
    static const char message[] = "headsweep: ended where it was, some time after SIGTERM: what is done is in the "
                                  "results file; run the same command again to continue\n";

    (void)signal_number;
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0) {
        /* There is nobody to tell. */
    }
    (void)signal(SIGTERM, SIG_DFL);
    (void)raise(SIGTERM);
}

/*
 * SA_RESTART, because libraries below do not expect system calls to be interrupted; the run asks
 * for the stop where it can leave.
 */
void hs__cli_stop_catch_signals(void)
{
    /* Only Ctrl-C is meant to kill the second time, however soon. */
    static const struct {
        int signal_number;
        int flags;
        void (*handler)(int signal_number);
    } signals[] = {{SIGUSR1, SA_RESTART, request},
                   {SIGTERM, SA_RESTART, request_to_end},
                   {SIGALRM, SA_RESTART, end_where_it_is},
                   {SIGINT, SA_RESTART | (int)SA_RESETHAND, request}};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i) {
        struct sigaction action = {.sa_handler = signals[i].handler, .sa_flags = signals[i].flags};
        sigemptyset(&action.sa_mask);
        sigaction(signals[i].signal_number, &action, NULL);
    }
}

bool hs__cli_stop_is_requested(void *context)
{
    (void)context;
    return requested != 0;
}
