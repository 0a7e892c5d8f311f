/*
 * The packages of powercap: folders "intel-rapl:0" (AMD's too), each with a counter of microjoules that begins again at
 * a stated range. Their parts (cores, memory) are folders below them and not counted twice.
 */
#include "headsweep/energy.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { MOST_PACKAGES = 64, LONGEST_PATH = 512, SECONDS_BETWEEN_LOOKS = 10 };

struct package {
    uint64_t range; /* the counter's largest number */
    uint64_t last;
};

struct hs_energy {
    char *folder;
    struct package packages[MOST_PACKAGES];
    size_t n_packages;
    bool is_known; /* every look so far could read every counter */
    double joules;
    double last_look;
};

/* The number in a file of a package; false where it cannot be read. */
static bool read_number(const hs_energy *energy, size_t package, const char *name, uint64_t *number_out)
{
    char path[LONGEST_PATH];
    (void)snprintf(path, sizeof path, "%s/intel-rapl:%zu/%s", energy->folder, package, name);
    FILE *file = fopen(path, "r");
    bool found = file != NULL && fscanf(file, "%" SCNu64, number_out) == 1;
    if (file != NULL)
        (void)fclose(file);
    return found;
}

static void find_packages(hs_energy *energy)
{
    struct package *package = energy->packages;
    while (energy->n_packages < MOST_PACKAGES &&
           read_number(energy, energy->n_packages, "max_energy_range_uj", &package->range) &&
           read_number(energy, energy->n_packages, "energy_uj", &package->last)) {
        energy->n_packages++;
        package++;
    }
    energy->is_known = energy->n_packages > 0;
}

hs_status hs_energy_new(const char *folder, hs_energy **energy_out, hs_error *error)
{
    hs_energy *energy = NULL;
    *energy_out = NULL;
    HS_TRY(hs_allocate(&energy, 1, sizeof *energy, "energy", error));
    energy->folder = hs_string_copy(folder, error);
    if (energy->folder == NULL) {
        hs_energy_free(energy);
        return hs_error_status(error);
    }
    find_packages(energy);
    energy->last_look = hs_time_seconds();
    *energy_out = energy;
    return HS_OK;
}

void hs_energy_free(hs_energy *energy)
{
    if (energy != NULL)
        hs_free(energy->folder);
    hs_free(energy);
}

void hs_energy_look(hs_energy *energy, bool at_once)
{
    double now = hs_time_seconds();
    if (!energy->is_known || (!at_once && now - energy->last_look < SECONDS_BETWEEN_LOOKS))
        return;
    energy->last_look = now;
    for (size_t i = 0; i < energy->n_packages; i++) {
        struct package *package = &energy->packages[i];
        uint64_t counter = 0;
        energy->is_known = energy->is_known && read_number(energy, i, "energy_uj", &counter);
        uint64_t used = counter >= package->last ? counter - package->last : counter + package->range - package->last;
        energy->joules += 1e-6 * (double)used;
        package->last = counter;
    }
}

double hs_energy_joules(const hs_energy *energy)
{
    return energy->is_known ? energy->joules : (double)NAN;
}
