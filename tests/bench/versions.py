#!/usr/bin/env python3
"""Two builds of headsweep against each other: the same runs, in turn, so that what else the machine does meets both alike.

usage: versions.py OLD NEW [--rounds N] [CASE...]

Cases (all by default, about 4 minutes on an idle core):
  tiny      pairs of 4 heads per layer, 16 prompts, on the shape of stories260K
  pairs     pairs of the first head of 6 layers, 8 prompts, on the shape of GPT-2 small
  generate  25 samples of 20 tokens under the pairs of 4 layers, width 768: `headsweep bench generate`

Prints for each case the processor seconds (user and system) of the whole process, the least and the median of the rounds, and
old / new of both: 1 and more is wanted. Processor time is fairer than the clock where others use the machine; the order changes
from round to round. `--wall` compares the clock instead, for a machine of one's own.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

TINY = "--family llama --layers 5 --heads 8 --kv-heads 4 --width 64 --mlp 172 --vocabulary 512 --tokens 200".split()


def run_of(folder, heads, prompts, rows):
    return [
        "run", f"{folder}/experiment.cfg", "--quiet", "--set", "output.results=results.h5", "--set", "analysis.resamples=100",
        "--set", f'sweep.heads=["{heads}"]', "--set", f"tasks.prompts.limit={prompts}", "--set", f"run.batch_rows={rows}",
    ]


CASES = {
    "tiny": (TINY, run_of("tiny", "0-4.0-3", 16, 3200)),
    "pairs": ([], run_of("pairs", "0-5.0", 8, 512)),
    "generate": (None, ["bench", "generate", "--layers", "4"]),
}


def seconds(program, arguments, folder, wall):
    """Of one run, which leaves nothing behind for the next."""
    for path in folder.glob("results.h5*"):
        path.unlink()
    start = time.monotonic()
    process = subprocess.Popen([program, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    messages = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{program} {' '.join(arguments)}: {messages.decode()}")
    return time.monotonic() - start if wall else usage.ru_utime + usage.ru_stime


def compare(programs, name, rounds, folder, wall):
    shape, arguments = CASES[name]
    if shape is not None:
        subprocess.run([programs[0], "bench", "--inputs", name, *shape], cwd=folder, check=True, capture_output=True)
    taken = {program: [] for program in programs}
    for i in range(rounds):
        for program in programs if i % 2 == 0 else programs[::-1]:
            taken[program].append(seconds(program, arguments, folder, wall))
    least = [min(taken[program]) for program in programs]
    median = [statistics.median(taken[program]) for program in programs]
    print(f"{name}_seconds_least = {least[0]:.3f} {least[1]:.3f}")
    print(f"{name}_seconds_median = {median[0]:.3f} {median[1]:.3f}")
    print(f"{name}_ratio_least = {least[0] / least[1]:.3f}")
    print(f"{name}_ratio_median = {median[0] / median[1]:.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--wall", action="store_true")
    arguments = parser.parse_args()
    for name in arguments.cases:
        if name not in CASES:
            parser.error(f"there is no case {name}: it is one of {', '.join(CASES)}")
    programs = [str(pathlib.Path(path).resolve()) for path in (arguments.old, arguments.new)]
    if programs[0] == programs[1]:
        parser.error("OLD and NEW are the same file")
    with tempfile.TemporaryDirectory(prefix="headsweep-versions.") as folder:
        for name in arguments.cases or CASES:
            compare(programs, name, arguments.rounds, pathlib.Path(folder), arguments.wall)


if __name__ == "__main__":
    main()
