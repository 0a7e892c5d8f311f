"""headsweep against what people use: all pairs of heads of a GPT-2-small shape, on the same cores.

    python tests/bench/peers.py --headsweep build/headsweep        # about 15 minutes; leave the machine alone
    python tests/bench/peers.py --headsweep build/headsweep --quick   # does everything work? no figures to quote

Needs torch, transformers, transformer_lens, h5py and the MPI launcher (HEADSWEEP_MPIEXEC, default mpirun). Compared are

  lens       TransformerLens' hook loop (run_with_hooks, a hook on blocks.L.attn.hook_z that sets z[:, :, head] = 0);
  loop       the best loop in PyTorch without reuse: transformers' GPT-2 in inference mode, fused attention and
             activation, logits only of scored rows, a hook on the input of c_proj;
  headsweep  on one rank a core.

Each of the first two runs in the arrangement that a short search finds best: one process with all cores or one process
a core, several batch sizes, and for `loop` matrix products through MKL, as PyTorch comes, or through oneDNN with
packed weights (MKL takes lesser kernels on AMD processors). The checkpoint is random, all biases included.

What is timed. A set costs the loops the same whichever it is, so they run a few pairs (--pairs) on enough examples for
full batches. headsweep's gain depends on which sets and examples it computes together, so it runs two groups of the
full sweep of 64 examples as that would compute them: one block of pairs, together with the clean model, on the first
two full shards, one shard for each of two ranks. The block is the one whose second heads lie, on average, in the layer
where those of all pairs do. Its operations a set, counted, still differ by a few per cent from those of all 10,296
pairs (`headsweep plan`): headsweep's time is multiplied by the quotient, printed as `block_correction`. The time is
that of the sweep phase (/provenance/run); the whole process, which also starts MPI and reads the model, is printed as
`process_seconds`; of the loops it is the loop alone. Repetitions are interleaved, medians compared.

The numbers must agree: what each pair that the loops run changes in the metric, for each example, to --tolerance,
which must be small beside the changes themselves.

A ratio of times is a ratio of work times a ratio of speeds: work_over_loop = operations of the loop over those of
headsweep, and each side's rate in operations a second over that of a plain matrix product on all cores.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

N_LAYERS, N_HEADS, WIDTH, VOCABULARY = 12, 12, 768, 50257
N_EXAMPLES = 64
CORES = 2
# What an environment may bring along and would slow a side down.
PRESETS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
HERE = pathlib.Path(__file__).resolve().parent

# targets: over lens and over loop. Examples: of two full shards of headsweep, and of the loops. Batches: to try.
WORKLOADS = {
    "last_scored": dict(kind="logit_diff", shots=0, context=64, ablated="all", shards=64, loops=32,
                        batches=(4, 8, 16), targets=(6, 3.8)),
    "choices": dict(kind="multiple_choice", shots=0, context=100, ablated="all", shards=30, loops=8,
                    batches=(4, 8, 16), targets=(11, 7)),
    "five_shots": dict(kind="multiple_choice", shots=500, context=100, ablated="all", shards=22, loops=2,
                       batches=(1, 2, 4), targets=(30, 20)),
    "last_ablated": dict(kind="logit_diff", shots=0, context=64, ablated="last", shards=64, loops=32,
                         batches=(4, 8, 16), targets=(60, 40)),
}
CHOICES, CHOICE_TOKENS = 4, 10


def report(key, value):
    print(f"{key} = {value:.4g}" if isinstance(value, float) else f"{key} = {value}", flush=True)


# ---- inputs ---------------------------------------------------------------------------------------------------------


def write_checkpoint(folder):
    """As GPT-2 is initialised, but with larger attention, so that a head matters, and with biases."""
    import torch
    import transformers
    torch.manual_seed(20)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.05)
            elif "attn" in name:
                parameter.mul_(4)
    model.save_pretrained(folder)


def tokens(generator, n):
    return [generator.randrange(VOCABULARY) for _ in range(n)]


def make_examples(workload, generator):
    if workload["kind"] == "logit_diff":
        return [{"prompt": tokens(generator, workload["context"]), "target": tokens(generator, 1),
                 "distractor": tokens(generator, 1)} for _ in range(N_EXAMPLES)]
    shots = tokens(generator, workload["shots"])
    return [{"context": shots + tokens(generator, workload["context"]), "label": 0,
             "choices": [tokens(generator, CHOICE_TOKENS) for _ in range(CHOICES)]} for _ in range(N_EXAMPLES)]


def for_torch(workload, examples):
    """One row of tokens a sequence; the last token of a choice is only a target."""
    if workload["kind"] == "logit_diff":
        return {"tokens": [e["prompt"] for e in examples], "targets": [e["target"] + e["distractor"] for e in examples],
                "first_scored": workload["context"] - 1, "metric": "logit_diff", "ablated": workload["ablated"]}
    pairs = [(e["context"], choice) for e in examples for choice in e["choices"]]
    return {"tokens": [context + choice[:-1] for context, choice in pairs], "targets": [choice for _, choice in pairs],
            "first_scored": len(pairs[0][0]) - 1, "metric": "log_probability", "ablated": workload["ablated"]}


def experiment(workload, name, extra):
    return (f'model: {{ checkpoint = "."; }};\n'
            f'sweep: {{ positions = "{"scored" if workload["ablated"] == "last" else "all"}"; {extra} }};\n'
            f'tasks = ( {{ name = "task"; kind = "{workload["kind"]}"; file = "{name}.jsonl"; }} );\n'
            f'run: {{ progress_seconds = 3600.0; }};\n'
            f'output: {{ results = "{name}.h5"; }};\n')


def write_workload(folder, name):
    workload = WORKLOADS[name]
    examples = make_examples(workload, random.Random(name))
    with open(folder / f"{name}.jsonl", "w") as f:
        f.writelines(json.dumps(e) + "\n" for e in examples)
    (folder / f"{name}.torch.json").write_text(json.dumps(for_torch(workload, examples[:workload["loops"]])))
    (folder / f"{name}.full.cfg").write_text(experiment(workload, name, "orders = [2];"))
    (folder / f"{name}.cfg").write_text(experiment(workload, name, f'orders = []; sets_file = "{name}.sets";'))


# ---- the loops ------------------------------------------------------------------------------------------------------


class Workers:
    """Processes of peers_torch.py that share the sets of a request."""

    def __init__(self, python, folder, side, n_processes, environment):
        self.n_threads = CORES // n_processes
        command = [python, str(HERE / "peers_torch.py"), str(folder), side, str(self.n_threads)]
        self.log = open(folder / f"{side}-{n_processes}.log", "w")
        self.processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                           text=True, env=environment | {"OMP_NUM_THREADS": str(self.n_threads)})
                          for _ in range(n_processes)]
        for process in self.processes:
            self.answer(process)

    def answer(self, process):
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"a worker ended; its last words are in {self.log.name} (--keep DIR keeps it)")
        return json.loads(line)

    def ask(self, requests):
        for process, request in zip(self.processes, requests):
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        return [self.answer(process) for process in self.processes]

    def run(self, workload, sets, batch, products, most):
        """Seconds of all sets on the first sequences, at most so many, and their values [set][sequence]."""
        n = len(self.processes)
        answers = self.ask([{"workload": workload, "sets": sets[i::n], "batch": batch, "products": products,
                             "most": most} for i in range(n)])
        values = [answers[i % n]["values"][i // n] for i in range(len(sets))]
        return max(answer["seconds"] for answer in answers), values

    def product_rate(self, products):
        return sum(answer["gflops"] for answer in self.ask([{"products": products}] * len(self.processes)))

    def close(self):
        for process in self.processes:
            process.stdin.close()
            process.wait()
        self.log.close()


class Side:
    """lens or loop, in every arrangement of processes and threads."""

    def __init__(self, name, python, folder, environment):
        self.name = name
        self.pools = [Workers(python, folder, name, n, environment) for n in (1, CORES)]
        self.choices = ("mkl", "onednn") if name == "loop" else ("mkl",)
        self.rate = max(pool.product_rate(products) for pool in self.pools for products in self.choices)

    def search(self, workload, sets):
        """The fastest arrangement on half of the examples: one choice after the other, at the best of the others."""
        batches = WORKLOADS[workload]["batches"]
        best = (0, batches[len(batches) // 2], self.choices[0])
        timed = {}
        for position, options in ((2, self.choices), (1, batches), (0, range(len(self.pools)))):
            for option in options:
                pool, batch, products = tried = best[:position] + (option,) + best[position + 1:]
                if tried not in timed:
                    timed[tried] = self.pools[pool].run(workload, sets, batch, products, batches[-1])[0]
                    report(f"{workload}.{self.name}.search", f"{timed[tried]:.3g}  # seconds; "
                           f"{len(self.pools[pool].processes)} processes, batch {batch}, {products}")
            best = min(timed, key=timed.get)
        self.choose(workload, best)

    def choose(self, workload, best):
        self.best = best
        report(f"{workload}.{self.name}.processes", len(self.pools[best[0]].processes))
        report(f"{workload}.{self.name}.batch", best[1])
        report(f"{workload}.{self.name}.products", best[2])

    def run(self, workload, sets):
        pool, batch, products = self.best
        return self.pools[pool].run(workload, sets, batch, products, N_EXAMPLES * CHOICES)

    def close(self):
        for pool in self.pools:
            pool.close()


# ---- headsweep ------------------------------------------------------------------------------------------------------


def plan(headsweep, folder, name, environment):
    """What the full sweep would be: the key = value lines of `headsweep plan`."""
    text = subprocess.run([headsweep, "plan", f"{name}.full.cfg"], cwd=folder, env=environment, check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return {key: float(value) for key, value in re.findall(r"^(\w+) = ([\d.e+-]+)", text, re.MULTILINE)}


def all_pairs():
    heads = [(layer, head) for layer in range(N_LAYERS) for head in range(N_HEADS)]
    return [(a, b) for i, a in enumerate(heads) for b in heads[i + 1:]]


def choose_block(n_sets):
    """The block of the sweep's order of sets whose mean layer of the second head is nearest to that of all pairs.

    Set 0 of the sweep is the clean model, so block k begins with pair k * n_sets - 1.
    """
    pairs = all_pairs()
    layers = np.array([pair[1][0] for pair in pairs])
    firsts = range(n_sets - 1, len(pairs) - n_sets, n_sets)
    first = min(firsts, key=lambda k: abs(layers[k:k + n_sets].mean() - layers.mean()))
    return pairs[first:first + n_sets]


def run_headsweep(headsweep, folder, name, n_sets, environment):
    """Sweep seconds, process seconds, operations, and values {set name: [example]}."""
    workload = WORKLOADS[name]
    results = folder / f"{name}.h5"
    results.unlink(missing_ok=True)
    command = [*os.environ.get("HEADSWEEP_MPIEXEC", "mpirun").split(), "-n", str(CORES), headsweep, "run",
               f"{name}.cfg", "--set", f"tasks.task.limit={workload['shards']}",
               "--set", f"run.sets_per_group={n_sets + 1}"]  # the clean model is set 0 of every sweep
    start = time.perf_counter()
    with open(folder / f"{name}.log", "w") as log:
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=log, stderr=log)
    seconds = time.perf_counter() - start
    with h5py.File(results) as f:
        task = f["results/task"]
        metric = list(task["metric"].asstr()).index(
            "logit_diff" if workload["kind"] == "logit_diff" else "gold_log_likelihood")
        values = dict(zip(f["set"].asstr(), task["values"][:, :, metric].astype(float)))
        runs = f["provenance/run"][:]
        if task["commit"].shape[1] != 2:
            raise SystemExit(f"{name}: {task['commit'].shape[1]} shards instead of 2: correct WORKLOADS")
        return runs["sweep_seconds"].max(), seconds, float(f["provenance"].attrs["flops_executed"]), values


def product_rate(library):
    """GFLOP/s of headsweep's BLAS with one thread on each core at once, 1024 x 768 x 3072."""
    code = ("import ctypes, sys, time, numpy as np\n"
            "blas = ctypes.CDLL(sys.argv[1])\n"
            "m, k, n = 1024, 768, 3072\n"
            "a, b, c = (np.ones(s, np.float32) for s in ((m, k), (k, n), (m, n)))\n"
            "p = [x.ctypes.data_as(ctypes.c_void_p) for x in (a, b, c)]\n"
            "f = ctypes.c_float\n"
            "best = 9\n"
            "for _ in range(20):\n"
            "    start = time.perf_counter()\n"
            "    blas.cblas_sgemm(101, 111, 111, m, n, k, f(1), p[0], k, p[1], n, f(0), p[2], n)\n"
            "    best = min(best, time.perf_counter() - start)\n"
            "print(2 * m * k * n / best * 1e-9)\n")

    def one(_):
        environment = {k: v for k, v in os.environ.items() if k not in PRESETS} | {"OPENBLAS_NUM_THREADS": "1"}
        return float(subprocess.run([sys.executable, "-c", code, library], check=True, env=environment,
                                    stdout=subprocess.PIPE, text=True).stdout)

    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        return sum(pool.map(one, range(CORES)))


def blas_of(headsweep):
    text = subprocess.run(["ldd", headsweep], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r"\S*blas\S* => (\S+)", text)
    return found.group(1) if found else None


# ---- comparing ------------------------------------------------------------------------------------------------------


def loop_flops(workload, all_logits):
    """Operations of one set and example of a loop without reuse; attention counts visible positions only."""
    length = workload["shots"] + workload["context"]
    n_sequences, scored = 1, 1
    if workload["kind"] == "multiple_choice":
        n_sequences, scored, length = CHOICES, CHOICE_TOKENS, length + CHOICE_TOKENS - 1
    layers = N_LAYERS * (24 * WIDTH * WIDTH * length + 4 * WIDTH * length * (length + 1) / 2)
    return n_sequences * (layers + 2 * WIDTH * VOCABULARY * (length if all_logits else scored))


def name_of(heads):
    return "+".join(f"{layer}.{head}" for layer, head in heads) or "clean"


def compare(workload, sets, values, reference, tolerance):
    """Largest difference of what a set changes, and the median size of the change. sets[0] is the clean model."""
    step = CHOICES if workload["kind"] == "multiple_choice" else 1  # label 0: the first sequence of an example
    values = np.array(values)[:, ::step]
    expected = np.array([reference[name_of(heads)][:values.shape[1]] for heads in sets])
    deltas, expected = values[1:] - values[0], expected[1:] - expected[0]
    error, size = np.abs(deltas - expected).max(), np.median(np.abs(expected))
    if not error <= tolerance or size < 20 * tolerance:
        raise SystemExit(f"deltas differ by {error:.2g} (tolerance {tolerance}, median delta {size:.2g})")
    return float(error), float(size)


def measure(name, options, folder, sides, environment, blas_rate):
    """One workload; returns a row of the table."""
    workload = WORKLOADS[name]
    full = plan(options.headsweep, folder, name, environment)
    n_blocks = full["groups"] * full["sets"] / full["cells"]
    block = choose_block(8 if options.quick else -(-int(full["sets"]) // round(n_blocks)))
    (folder / f"{name}.sets").write_text("".join(name_of(pair).replace("+", " ") + "\n" for pair in block))
    step = max(1, len(block) // options.pairs)
    sets = [list(pair) for pair in block[::step][:options.pairs]]
    for side in sides:
        if options.quick:
            side.choose(name, (len(side.pools) - 1, workload["batches"][0], side.choices[-1]))
        else:
            side.search(name, sets[:CORES])
    seconds = {side.name: [] for side in sides}
    sweep, process = [], []
    for repetition in range(options.repeat):
        results = {}
        for side in sides:
            taken, values = side.run(name, sets)
            seconds[side.name].append(taken / (len(sets) * workload["loops"]))
            results[side.name] = values
        taken, whole, flops, reference = run_headsweep(options.headsweep, folder, name, len(block), environment)
        sweep.append(taken / (len(block) * workload["shards"]))
        process.append(whole)
        for side in sides if repetition == 0 else []:
            _, clean = side.run(name, [[]] * len(side.pools[side.best[0]].processes))
            error, size = compare(workload, [[]] + sets, clean[:1] + results[side.name], reference, options.tolerance)
            report(f"{name}.{side.name}.largest_difference", error)
        report(f"{name}.median_delta", size)
    correction = full["flops_executed"] / (full["sets"] * N_EXAMPLES) * len(block) * workload["shards"] / flops
    return summarise(name, full, flops / (len(block) * workload["shards"]), correction, seconds, sweep, process,
                     {side.name: side.rate for side in sides}, blas_rate)


def summarise(name, full, flops, correction, seconds, sweep, process, rates, blas_rate):
    """All figures are for one set and example; the median of the repetitions."""
    workload = WORKLOADS[name]
    ours = statistics.median(sweep) * correction
    report(f"{name}.headsweep.seconds", ours)
    report(f"{name}.headsweep.spread", max(sweep) / min(sweep))
    report(f"{name}.headsweep.block_correction", correction)
    report(f"{name}.headsweep.process_seconds", statistics.median(process))
    report(f"{name}.headsweep.naive_over_executed", full["flops_naive"] / full["flops_executed"])
    report(f"{name}.headsweep.gflops", flops / statistics.median(sweep) * 1e-9)
    if blas_rate is not None:
        report(f"{name}.headsweep.sgemm_share", flops / statistics.median(sweep) * 1e-9 / blas_rate)
    row = {"workload": name}
    for side, target in zip(("lens", "loop"), workload["targets"]):
        theirs = statistics.median(seconds[side])
        work = loop_flops(workload, side == "lens")
        report(f"{name}.{side}.seconds", theirs)
        report(f"{name}.{side}.spread", max(seconds[side]) / min(seconds[side]))
        report(f"{name}.{side}.gflops", work / theirs * 1e-9)
        report(f"{name}.{side}.product_share", work / theirs * 1e-9 / rates[side])
        report(f"{name}.work_over_{side}", work / (flops * correction))
        report(f"{name}.speed_over_{side}", theirs / ours / (work / (flops * correction)))
        report(f"{name}.ratio_over_{side}", theirs / ours)
        row[side] = (theirs / ours, target)
    return row


def print_table(rows):
    print("\n| workload | over lens | target | over loop | target |\n|---|---|---|---|---|")
    for row in rows:
        cells = [f"{ratio:.1f} | {target}" for ratio, target in (row["lens"], row["loop"])]
        print(f"| {row['workload']} | {cells[0]} | {cells[1]} |")


# ---- main -----------------------------------------------------------------------------------------------------------


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--headsweep", default="build/headsweep", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--pairs", type=int, default=4, help="that the loops run; a multiple of the cores")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--tolerance", type=float, default=2e-4, help="of a change of the metric")
    parser.add_argument("--keep", metavar="DIR", help="inputs, results and logs stay there, and are used again")
    parser.add_argument("--lens-python", default=sys.executable, help="interpreter that has transformer_lens")
    parser.add_argument("--quick", action="store_true", help="small blocks, once: shows that all of it works")
    options = parser.parse_args()
    if options.quick:
        options.pairs, options.repeat = CORES, 1
        for workload in WORKLOADS.values():
            workload["loops"] = 2
    if options.pairs % CORES != 0:
        parser.error(f"--pairs {options.pairs} is not a multiple of {CORES}")
    return options


def main():
    options = read_arguments()
    environment = {key: value for key, value in os.environ.items() if key not in PRESETS}
    folder = pathlib.Path(options.keep) if options.keep else None
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headsweep-peers-")))
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
        if not (folder / "model.safetensors").exists():
            write_checkpoint(folder)
        for name in options.workloads:
            write_workload(folder, name)
        library = blas_of(options.headsweep)
        blas_rate = product_rate(library) if library else None
        report("headsweep.product_gflops", blas_rate or "not measured")
        sides = []
        for name, python in (("lens", options.lens_python), ("loop", sys.executable)):
            sides.append(Side(name, python, folder, environment))
            stack.callback(sides[-1].close)
            report(f"{name}.product_gflops", sides[-1].rate)
        rows = [measure(name, options, folder, sides, environment, blas_rate) for name in options.workloads]
        print_table(rows)
        if options.quick:
            print("\n--quick: the block is too small and the batches are not full, so these are not figures to quote")


if __name__ == "__main__":
    main()
