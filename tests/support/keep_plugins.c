/*
 * Preloaded or linked where leaks are looked for: Open MPI's plugins stay mapped until the end, so that reports name
 * them and suppressions can tell their leaks from ours.
 */
int dlclose(void *handle);

int dlclose(void *handle)
{
    (void)handle;
    return 0;
}
