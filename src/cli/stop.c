#include "cli/stop.h"

#include <signal.h>
#include <stddef.h>

/* The one thing that a signal handler may touch. */
static volatile sig_atomic_t requested = 0;

static void request(int signal_number)
{
    (void)signal_number;
    requested = 1;
}

void stop_catch_signals(void)
{
    /* A launcher may send the same signal twice; only Ctrl-C is meant to kill the second time. */
    static const struct {
        int signal_number;
        int flags;
    } signals[] = {{SIGUSR1, SA_RESTART}, {SIGTERM, SA_RESTART}, {SIGINT, SA_RESTART | (int)SA_RESETHAND}};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i) {
        struct sigaction action = {.sa_handler = request, .sa_flags = signals[i].flags};
        sigemptyset(&action.sa_mask);
        sigaction(signals[i].signal_number, &action, NULL);
    }
}

bool stop_is_requested(void *context)
{
    (void)context;
    return requested != 0;
}
