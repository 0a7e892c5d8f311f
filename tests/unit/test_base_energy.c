/* Counters of energy as powercap shows them, in a folder of files. */
#include "headsweep/energy.h"
#include "support/assert_status.h"
#include "support/checkpoint_writer.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static void write_number(const char *folder, size_t package, const char *name, unsigned long long number)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/intel-rapl:%zu", folder, package);
    ASSERT_OK(hs_folder_make(path, &error));
    (void)snprintf(path, sizeof path, "%s/intel-rapl:%zu/%s", folder, package, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file, "%llu\n", number);
    assert_int_equal(fclose(file), 0);
}

static void test_counters_are_added_up(void **state)
{
    (void)state;
    char *folder = test_temporary_folder();
    for (size_t package = 0; package < 2; package++) {
        write_number(folder, package, "max_energy_range_uj", 10000000);
        write_number(folder, package, "energy_uj", 9000000);
    }
    hs_energy *energy = NULL;
    ASSERT_OK(hs_energy_new(folder, &energy, &error));
    assert_true(hs_energy_joules(energy) == 0.0);
    write_number(folder, 0, "energy_uj", 9500000);
    write_number(folder, 1, "energy_uj", 2000000); /* began again */
    hs_energy_look(energy, false);
    assert_true(hs_energy_joules(energy) == 0.0); /* too early */
    hs_energy_look(energy, true);
    assert_true(fabs(hs_energy_joules(energy) - 3.5) < 1e-9);
    hs_energy_look(energy, true);
    assert_true(fabs(hs_energy_joules(energy) - 3.5) < 1e-9);
    hs_energy_free(energy);
    test_folder_remove(folder);
    free(folder);
}

/* No counter, and one that is lost on the way: unknown rather than too little. */
static void test_unknown_energy(void **state)
{
    (void)state;
    char *folder = test_temporary_folder();
    char path[512];
    hs_energy *energy = NULL;
    ASSERT_OK(hs_energy_new(folder, &energy, &error));
    hs_energy_look(energy, true);
    assert_true(isnan(hs_energy_joules(energy)));
    hs_energy_free(energy);
    write_number(folder, 0, "max_energy_range_uj", 1000);
    write_number(folder, 0, "energy_uj", 10);
    ASSERT_OK(hs_energy_new(folder, &energy, &error));
    (void)snprintf(path, sizeof path, "%s/intel-rapl:0/energy_uj", folder);
    assert_int_equal(unlink(path), 0);
    hs_energy_look(energy, true);
    assert_true(isnan(hs_energy_joules(energy)));
    hs_energy_free(energy);
    hs_energy_free(NULL);
    test_folder_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_are_added_up),
        cmocka_unit_test(test_unknown_energy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
