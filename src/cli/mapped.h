/*
 * mapped: bytes of files that are mapped - weights, evaluation data - and cannot be had when they are needed: the
 * file was cut meanwhile, or its disk does not answer. The system tells of it by SIGBUS alone.
 */
#ifndef CLI_MAPPED_H
#define CLI_MAPPED_H

/*
 * From here on such an access ends the process with a message that names the file, and the exit code of HS_ERROR_IO.
 * Before MPI
 * starts: Open MPI leaves a handler alone that is there already.
 */
void hs__cli_mapped_catch_lost_bytes(void);

#endif
