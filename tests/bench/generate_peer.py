"""Tokens a second under pairs of ablated heads: headsweep against Hugging Face transformers' batched generate.

Both continue prompts of random tokens by a random checkpoint of GPT-2 small's shape: 25 samples of 20 new tokens,
top-p 0.9, under pairs of heads that are set to zero. transformers does so by a forward_pre_hook on the output
projection's input; a pair needs hooks of its own, so that its batch is the samples of so many prompts. It is tried with
several numbers of prompts, as one process with a thread a core and as a process a core with one thread each; the best
counts. headsweep runs a process a core, before and after. Leave the machine alone meanwhile:

    python3 tests/bench/generate_peer.py BUILD/headsweep

Needs torch and transformers. --quick takes a few minutes on two cores and is indicative only.
"""

import argparse
import concurrent.futures
import json
import multiprocessing
import os
import pathlib
import subprocess
import tempfile
import time

SAMPLES = 25
NEW_TOKENS = 20
TOP_P = 0.9


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=pathlib.Path, help="the headsweep program")
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--tokens", type=int, default=64, help="of a prompt")
    parser.add_argument("--prompts", type=int, nargs="+", default=[1, 2, 4, 8], help="of a batch of transformers")
    parser.add_argument("--pairs", type=int, default=3, help="that transformers is timed on")
    parser.add_argument("--quick", action="store_true", help="fewer pairs and batches")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.prompts, arguments.pairs = [1, 4], 1
    return arguments


def write_checkpoint(folder, n_layers):
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config(n_layer=n_layers)).save_pretrained(folder)


def run_headsweep(program, folder, arguments):
    """Tokens a second of a process a core, all at the same time."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("OPENBLAS_CORETYPE", None)
    command = [program.resolve(), "bench", "generate", "--checkpoint", folder, "--tokens", str(arguments.tokens)]
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  text=True) for _ in range(arguments.cores)]
    figures = [dict(line.split(" = ", 1) for line in process.communicate()[0].splitlines()) for process in processes]
    if any("tokens_per_second" not in each for each in figures):
        raise SystemExit("headsweep bench generate failed")
    return {"tokens_per_second": sum(float(each["tokens_per_second"]) for each in figures),
            "sgemm_share": min(float(each["generate_sgemm_share"]) for each in figures)}


def hook_of(head, head_dim):
    def hook(_, arguments):
        z = arguments[0].clone()
        z[..., head * head_dim:(head + 1) * head_dim] = 0
        return (z,)
    return hook


def time_transformers(folder, n_threads, n_prompts, n_tokens, n_pairs):
    """Tokens a second of this process, which has nothing else to do."""
    import torch
    from transformers import AutoModelForCausalLM
    torch.set_num_threads(n_threads)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    head_dim = model.config.n_embd // model.config.n_head
    prompts = torch.randint(model.config.vocab_size, (n_prompts, n_tokens),
                            generator=torch.Generator().manual_seed(1))

    def run(pair, n_new):
        handles = [model.transformer.h[layer].attn.c_proj.register_forward_pre_hook(hook_of(0, head_dim))
                   for layer in pair]
        with torch.inference_mode():
            out = model.generate(prompts, attention_mask=torch.ones_like(prompts), do_sample=True, top_p=TOP_P, top_k=0,
                                 max_new_tokens=n_new, min_new_tokens=n_new, num_return_sequences=SAMPLES,
                                 pad_token_id=0)
        for handle in handles:
            handle.remove()
        return out.shape[0] * (out.shape[1] - n_tokens)

    run((0, 1), 2)
    start = time.perf_counter()
    n_generated = sum(run((pair, pair + 1), NEW_TOKENS) for pair in range(n_pairs))
    return n_generated / (time.perf_counter() - start)


def measure_arrangement(folder, n_processes, n_threads, n_prompts, arguments):
    """A fresh process each, so that thread counts hold; all at the same time."""
    task = (folder, n_threads, n_prompts, arguments.tokens, arguments.pairs)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(n_processes, mp_context=context) as pool:
        return sum(future.result() for future in [pool.submit(time_transformers, *task) for _ in range(n_processes)])


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="headsweep-peer-") as folder:
        write_checkpoint(folder, arguments.layers)
        ours = [run_headsweep(arguments.program, folder, arguments)]
        print("headsweep =", json.dumps(ours[0]), flush=True)
        theirs = {}
        for n_processes, n_threads in dict.fromkeys([(1, arguments.cores), (arguments.cores, 1)]):
            for n_prompts in arguments.prompts:
                name = f"{n_processes} processes x {n_threads} threads, {n_prompts * SAMPLES} rows"
                theirs[name] = measure_arrangement(folder, n_processes, n_threads, n_prompts, arguments)
                print(f"transformers = {theirs[name]:.1f}  # {name}", flush=True)
        ours.append(run_headsweep(arguments.program, folder, arguments))
        print("headsweep =", json.dumps(ours[1]), flush=True)
    best = max(each["tokens_per_second"] for each in ours)
    name = max(theirs, key=theirs.get)
    print(f"ratio = {best / theirs[name]:.2f}  # {best:.0f} over {theirs[name]:.0f} tokens per second ({name})")


if __name__ == "__main__":
    main()
