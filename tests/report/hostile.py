"""Puts texts that try to break out of a page into the attributes of a results file."""
import sys

import h5py
import numpy

TEXTS = [b"</script><script>window.broken = 1</script>", b"<img src=x onerror='window.broken = 1'>",
         b"\"'><iframe src=x>", b"<!--<script>\\u003c/script>", b"]]></svg></title><title>broken</title>"]
# Keys of an experiment that may be any text; what is a number or a word is read back and must be one.
FREE = (".checkpoint", ".file", ".sets_file", ".lexicon", ".scorer_checkpoint", ".results", ".delimiter", ".scorer_label")


def fixed_length(text):
    """Terminated, as headsweep writes them."""
    return numpy.array(text, dtype=f"S{len(text) + 1}")


with h5py.File(sys.argv[1], "r+") as file:
    for group in ("experiment", "provenance"):
        names = [name for name in file[group].attrs if group == "provenance" or name.endswith(FREE) or
                 name.startswith(("hash.", "tokens."))]
        for i, name in enumerate(names):
            file[group].attrs[name] = fixed_length(TEXTS[i % len(TEXTS)])
    for task in file["results"].values():
        metric = task["metric"]
        metric.attrs["metric_meaning"] = numpy.array([TEXTS[0]] * len(metric), dtype=f"S{len(TEXTS[0]) + 1}")
        metric.attrs["unit"] = numpy.array([TEXTS[1]] * len(metric), dtype=f"S{len(TEXTS[1]) + 1}")
