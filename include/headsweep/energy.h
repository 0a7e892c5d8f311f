/*
 * energy: what the processors of this host have used, where the system tells (RAPL, as powercap shows it, which mostly
 * only root may read); part of base. It counts whatever runs on the host.
 */
#ifndef HEADSWEEP_ENERGY_H
#define HEADSWEEP_ENERGY_H

#include "headsweep/base.h"

typedef struct hs_energy hs_energy;

/* The powercap folder of Linux. */
#define HS_ENERGY_FOLDER "/sys/class/powercap"

/* Begins to count, with what `folder` shows; where that is nothing the energy stays unknown, which is no error. */
hs_status hs_energy_new(const char *folder, hs_energy **energy_out, hs_error *error);
void hs_energy_free(hs_energy *energy);
/*
 * Adds up what was used since the last look. The counters begin again after some minutes under load: to be called now
 * and then in between; more often than every ten seconds it does nothing unless `at_once`.
 */
void hs_energy_look(hs_energy *energy, bool at_once);
/* Joules from the beginning to the last look; NaN where the system does not tell. */
double hs_energy_joules(const hs_energy *energy);

#endif
