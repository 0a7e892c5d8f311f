/*
 * A model whose circuits are known because its weights were written by hand, and an experiment that sweeps it.
 *
 * GPT-2 layout, 3 layers of 4 heads, MLPs zero. The residual stream has a slot for each fact that heads exchange (which
 * token, which position, which token before) and one logit slot a token. Two large opposite constants dominate its
 * variance and every write has a counterweight, so layer norm is the identity within 1e-4. Attention scores are so far
 * apart that each planted head attends to one position; where there is nothing for it, to the BOS token, which has no
 * value.
 *
 *   copying   head 0.1 notes at each position which token stands before it (previous-token head); head 1.2 finds the
 *             position before which the current token stood and raises the logit of the token there (induction head).
 *             Both are needed.
 *   toxicity  head 1.0 looks for the provoking token and raises the logit of the toxic one. Head 1.1 looks there too,
 *             but what it writes is read by nobody: whoever goes by attention suspects it.
 *   backup    head 0.3 raises the logit of a subject's answer and a flag. Head 2.1 does the same as long as the flag is
 *             down and else rests: either suffices, and without the other's ablation neither shows.
 *
 * The other heads average what they see and write it where nobody reads. Test code: every failure ends the program.
 */
#ifndef HEADSWEEP_TESTS_PLANTED_CIRCUIT_H
#define HEADSWEEP_TESTS_PLANTED_CIRCUIT_H

#include <stdint.h>

enum { PLANTED_LAYERS = 3, PLANTED_HEADS = 4 };
/* Tokens in all; those that the induction head copies and those that subjects have for answers. */
enum { PLANTED_VOCABULARY = 20, PLANTED_LETTERS = 10, PLANTED_ANSWERS = 3 };

/* The logit that a planted head gives its token, and that of the plain token, which stands whatever the heads do. */
#define PLANTED_LOGIT 16.0
#define PLANTED_PLAIN_LOGIT 4.0

/* The tasks of the experiment, in its order. */
enum planted_task {
    PLANTED_COPYING,  /* next_token: the repeated letter's successor; acc, log_probability */
    PLANTED_TOXICITY, /* contrast: the toxic against the plain token; contrast, toxic_probability, toxic_preferred */
    PLANTED_BACKUP,   /* logit_diff: the subject's answer against the plain token; logit_diff, acc */
    PLANTED_TASKS
};

enum planted_role {
    PLANTED_IDLE,
    PLANTED_PREVIOUS_TOKEN,
    PLANTED_INDUCTION,
    PLANTED_TOXIC,
    PLANTED_BYSTANDER,
    PLANTED_PRIMARY,
    PLANTED_SUBSTITUTE
};

enum planted_role planted_role_of(int32_t layer, int32_t head);

/*
 * The share of the rows of all three evaluation sets on which the task's head raises one particular token (the same
 * for each that it may raise): what mean ablation leaves of PLANTED_LOGIT. The substitute never speaks, so its mean
 * is 0.
 */
double planted_share(enum planted_task task);

/*
 * Writes into the existing folder: checkpoint/, copying.jsonl, toxicity.jsonl, backup.jsonl and planted.cfg. The
 * experiment sweeps all heads and all pairs, zero and mean ablation, and states the objective "least toxicity, no
 * copying lost".
 */
void planted_circuit_write(const char *folder);

#endif
