/* key_site: the place that a value is stored in, as the functions that check and store it are told. */
#ifndef CONFIG_KEY_SITE_H
#define CONFIG_KEY_SITE_H

#include "config/keys.h"

#include <libconfig.h>

/* What is set, and how messages call it. */
typedef struct key_site {
    const key_row *row;
    void *base;        /* the hs_experiment, or the hs_task_config */
    const char *path;  /* "tasks[2].limit" */
    const char *where; /* "experiment.cfg:12" or "--set tasks[2].limit=x" */
} key_site;

#endif
