/*
 * group_sizes: how large groups are, by counted operations.
 *
 * A group is what a rank is handed at least, and what a stop or a kill can lose. Counting sets would make it a second
 * of a small model and hours of a large one. What a set costs depends on the layers at which it leaves what was
 * computed already, so a count for each layer tells the cost of every set in its place. The number of ranks must not
 * matter: groups are as small as thousands of ranks would like them where that costs next to nothing.
 */
#include "study/group_sizes.h"

/* 20 ms and 60 s of a core that does 50 GFLOP/s: above what handing out a group costs, and no group for minutes. */
#define LEAST_FLOPS 1e9
#define MOST_FLOPS 3e12
/* As many equal groups as 4,000 ranks keep busy to the end. */
#define MANY_GROUPS 40000.0
/* What groups may repeat of one another's work. */
#define MOST_REPEATED 1.05
/* A group computes what leads to its sets again, which may be as much as a set: it should hold many. */
/* Rows that a group's sets compute together at least, where its operations are few: below, matrix products are slow. */
enum { FEWEST_ROWS = 8192, FEWEST_SETS = 4, SPEEDY_ROWS = 128, SETS_PER_GROUP = 20 };

static double at_least(double value, double least)
{
    return value > least ? value : least;
}

static double at_most(double value, double most)
{
    return value < most ? value : most;
}

/*
 * Costs of sets one after the other. A set is a path in the ablation tree, one edge for each layer that it edits; a
 * group computes each edge of its sets once. So an edge is known by the hash of what leads to it, and costs nothing
 * if the group has met it.
 */
typedef struct group_costs {
    const hs_study *study;
    double *flops;     /* [n_tasks, n_interventions, n_layers]: of an edge at that layer, on the task's largest shard */
    hs_component *set; /* [max_order] */
    uint64_t *met;     /* [n_slots]: edges, open addressing */
    uint64_t *met_by;  /* [n_slots]: group that met it, others count as empty */
    size_t n_slots;    /* a power of two */
    uint64_t group;
} group_costs;

static size_t n_layers_of(const hs_study *study)
{
    return study->model->shape.n_layers;
}

/* True if the group has met the edge before; it has now. */
static bool meet(group_costs *costs, uint64_t edge)
{
    size_t slot = (size_t)edge & (costs->n_slots - 1);

    while (costs->met_by[slot] == costs->group && costs->met[slot] != edge)
        slot = (slot + 1) & (costs->n_slots - 1);
    const bool is_known = costs->met_by[slot] == costs->group;
    costs->met[slot] = edge;
    costs->met_by[slot] = costs->group;
    return is_known;
}

/* The clean model has its answers from what every group computes: less than any set, but something. */
static double flops_of_set(void *context, size_t task, uint64_t set, bool is_first)
{
    group_costs *costs = context;
    const hs_space *space = &costs->study->space;
    const hs_ablation here = hs_sweep_space_ablation(space, set, costs->set);
    const size_t intervention = here.n_components > 0 ? (size_t)hs_sets_intervention(&space->sets, set) : 0;
    const double *of_layer = costs->flops + (task * space->n_interventions + intervention) * n_layers_of(costs->study);
    uint64_t edge = intervention;
    double flops = 0;

    costs->group += is_first;
    if (here.n_components == 0)
        return of_layer[n_layers_of(costs->study) - 1];
    for (size_t i = 0; i < here.n_components; ++i) {
        const hs_component *c = &here.components[i];
        edge = hs_hash(edge, c, sizeof *c);
        const bool ends = i + 1 == here.n_components || here.components[i + 1].layer != c->layer;
        if (ends && !meet(costs, edge))
            flops += of_layer[c->layer];
    }
    return flops;
}

static size_t rows_of_shard(const hs_plan_task *task, const hs_plan_input *input, size_t shard)
{
    const uint64_t first = task->shard_first[shard];
    size_t rows = 0;

    for (uint64_t i = first; i < task->shard_first[shard + 1]; ++i)
        rows += input->example_rows[i] - (i > first && input->shared_rows != NULL ? input->shared_rows[i] : 0);
    return rows;
}

static size_t largest_shard(const hs_plan_task *task, const hs_plan_input *input)
{
    size_t largest = 0, most_rows = 0;

    for (size_t shard = 0; shard < task->n_shards; ++shard) {
        const size_t rows = rows_of_shard(task, input, shard);
        largest = rows > most_rows ? shard : largest;
        most_rows = rows > most_rows ? rows : most_rows;
    }
    return largest;
}

/* What an intervention costs, without means or donors, which need not be there yet. */
static hs_intervention countable(hs_intervention intervention)
{
    return hs_sets_intervention_edits_pattern(intervention) ? intervention
                                                            : (hs_intervention){.kind = HS_INTERVENTION_ZERO};
}

/*
 * One head alone in each layer: what comes before the layer is shared by the group and counted
 * once, and what follows is the same for all components of the layer.
 */
static hs_status count_layers(const group_costs *costs, size_t task, const hs_workload *workload, hs_error *error)
{
    const hs_study *study = costs->study;
    const hs_space *space = &study->space;
    const size_t n_layers = n_layers_of(study);
    hs_engine_cost counted;

    for (size_t i = 0; i < space->n_interventions; ++i)
        for (size_t layer = 0; layer < n_layers; ++layer) {
            const hs_component head = {.kind = HS_COMPONENT_HEAD, .layer = (int32_t)layer};
            const hs_ablation ablation = {&head, 1, countable(space->interventions[i])};
            HS_TRY(hs__study_count_ablations(study, task, workload, &ablation, 1, &counted, error));
            costs->flops[(task * space->n_interventions + i) * n_layers + layer] = counted.flops_of_group;
        }
    return HS_OK;
}

static hs_status count_task(const group_costs *costs, size_t task, const hs_plan_input *input, hs_error *error)
{
    const hs_plan_task *planned = &costs->study->plan.tasks[task];
    hs_task_workload *workload = NULL;

    HS_TRY(hs__study_shard_workload(costs->study, task, largest_shard(planned, input), &workload, error));
    hs_status status = count_layers(costs, task, &workload->workload, error);
    hs_tasks_workload_free(workload);
    return status;
}

static hs_status count_costs(const group_costs *costs, const hs_plan_input *inputs, hs_error *error)
{
    for (size_t task = 0; task < costs->study->n_tasks; ++task)
        HS_TRY(count_task(costs, task, &inputs[task], error));
    return HS_OK;
}

/* All that the sweep computes, were each shard as its task's largest. */
static double flops_of_sweep(const hs_plan *plan)
{
    double flops = 0;

    for (size_t task = 0; task < plan->n_tasks; ++task)
        for (uint64_t block = 0; block < plan->tasks[task].n_blocks; ++block)
            flops += plan->tasks[task].block_flops[block] * (double)plan->tasks[task].n_shards;
    return flops;
}

/*
 * The smallest groups that thousands of ranks would like and that repeat little of one another's work, which is
 * measured against the largest that there may be.
 */
static hs_status choose_target(hs_plan *plan, const hs_set_costs *costs, hs_group_size *size, double *wanted_out,
                               hs_error *error)
{
    double least = 0, flops = 0;

    size->target_flops = MOST_FLOPS;
    HS_TRY(hs_sweep_plan_cut(plan, costs, *size, &least, error));
    *wanted_out = at_most(at_least(flops_of_sweep(plan) / MANY_GROUPS, LEAST_FLOPS), MOST_FLOPS);
    size->target_flops = *wanted_out;
    for (; size->target_flops < MOST_FLOPS; size->target_flops *= 2) {
        HS_TRY(hs_sweep_plan_cut(plan, costs, *size, &flops, error));
        if (flops <= MOST_REPEATED * least)
            return HS_OK;
    }
    size->target_flops = MOST_FLOPS;
    return hs_sweep_plan_cut(plan, costs, *size, &flops, error);
}

static hs_status costs_init(group_costs *costs, const hs_study *study, hs_error *error)
{
    const size_t max_order = study->phases.max_order, n_layers = n_layers_of(study);
    const size_t n_edges = (size_t)study->storage->group_size.most_sets * (max_order < n_layers ? max_order : n_layers);

    *costs = (group_costs){.study = study, .flops = study->storage->set_flops, .n_slots = 64};
    while (costs->n_slots < 2 * n_edges + 2 * n_layers)
        costs->n_slots *= 2;
    HS_TRY(hs_allocate(&costs->set, max_order, sizeof *costs->set, "cost", error));
    HS_TRY(hs_allocate(&costs->met, costs->n_slots, sizeof *costs->met, "cost", error));
    return hs_allocate(&costs->met_by, costs->n_slots, sizeof *costs->met_by, "cost", error);
}

static void costs_clear(group_costs *costs)
{
    hs_free(costs->set);
    hs_free(costs->met);
    hs_free(costs->met_by);
}

/* Sets whose rows, on the shard that has most of them, make a few full stacks. */
static uint64_t fewest_sets(size_t n_live)
{
    const uint64_t n = FEWEST_ROWS / (n_live > 0 ? n_live : 1);

    return n > FEWEST_SETS ? n : FEWEST_SETS;
}

/*
 * Counting comes first and needs no group; the choice of the target then cuts the plan several
 * times by those counts.
 */
hs_status hs__study_size_groups(hs_study *study, const hs_plan_input *inputs, size_t n_live, hs_error *error)
{
    const size_t n_flops = study->n_tasks * study->space.n_interventions * n_layers_of(study);
    struct hs_study_storage *storage = study->storage;
    group_costs costs = {0};
    const hs_set_costs of_sets = {&costs, flops_of_set};
    hs_status status;

    storage->group_size = (hs_group_size){
        .most_flops = MOST_FLOPS, .fewest_sets = fewest_sets(n_live), .most_sets = study->plan.sets_per_group};
    if (storage->set_flops == NULL)
        HS_TRY(hs_allocate(&storage->set_flops, n_flops, sizeof *storage->set_flops, "cost", error));
    HS_GOTO_DONE(costs_init(&costs, study, error));
    HS_GOTO_DONE(count_costs(&costs, inputs, error));
    HS_GOTO_DONE(choose_target(&study->plan, &of_sets, &storage->group_size, &storage->wanted_flops, error));
    storage->group_size.most_sets = study->plan.sets_per_group;
done:
    costs_clear(&costs);
    return status;
}

/*
 * A later phase is cut by the costs and the target that the first one was, so that its batches do
 * not depend on when it was chosen.
 */
hs_status hs__study_plan_phase(const hs_study *study, uint64_t first_set, uint64_t n_sets, hs_plan *plan_out,
                               hs_error *error)
{
    group_costs costs = {0};
    const hs_set_costs of_sets = {&costs, flops_of_set};
    double flops;
    hs_status status;

    HS_TRY(hs_sweep_plan_of_sets(&study->plan, first_set, n_sets, plan_out, error));
    if (study->storage->set_flops == NULL)
        return HS_OK;
    HS_GOTO_DONE(costs_init(&costs, study, error));
    status = hs_sweep_plan_cut(plan_out, &of_sets, study->storage->group_size, &flops, error);
done:
    if (status != HS_OK)
        hs_sweep_plan_clear(plan_out);
    costs_clear(&costs);
    return status;
}

/*
 * A set on a shard is the least that can be handed out: where even that is more than a group
 * should be, shards must be smaller. Below SPEEDY_ROWS products get slow, and that is worse.
 */
size_t hs__study_rows_per_shard(const hs_study *study, const hs_plan_input *inputs, size_t batch_rows)
{
    const struct hs_study_storage *storage = study->storage;
    const double a_set = storage->wanted_flops / SETS_PER_GROUP;
    double rows = (double)batch_rows;

    for (size_t task = 0; task < study->n_tasks; ++task)
        for (size_t i = 0; i < study->space.n_interventions; ++i) {
            size_t n_rows = rows_of_shard(&study->plan.tasks[task], &inputs[task],
                                          largest_shard(&study->plan.tasks[task], &inputs[task]));
            double flops = storage->set_flops[(task * study->space.n_interventions + i) * n_layers_of(study)];
            double a_row = flops / (double)n_rows;
            double fitting = at_most(at_least(a_set / a_row, SPEEDY_ROWS), MOST_FLOPS / a_row);
            rows = at_most(rows, fitting);
        }
    return rows > 1 ? (size_t)rows : 1;
}

size_t hs__study_planned_rows(const hs_study *study, const hs_plan_input *inputs)
{
    size_t rows = 0;

    for (size_t task = 0; task < study->n_tasks; ++task)
        for (size_t shard = 0; shard < study->plan.tasks[task].n_shards; ++shard)
            rows += rows_of_shard(&study->plan.tasks[task], &inputs[task], shard);
    return rows;
}

double hs__study_block_weight(const hs_plan_task *task, uint64_t block)
{
    const uint64_t *first = task->block_first + block;

    return task->block_flops != NULL ? task->block_flops[block] : (double)(first[1] - first[0]);
}
