"""Writes statistics_golden.json: every statistic of a small made-up sweep, as numpy, scipy and statsmodels have it.

The random numbers are headsweep's own (Philox4x32-10 keyed by XXH3), drawn here by numpy, so that both sides see the
same resamples, flips and halves; what is made of them comes from scipy.stats.bootstrap (BCa and percentile intervals
of a given bootstrap distribution), permutation_test, binomtest, false_discovery_control and statsmodels'
multipletests, and spearmanr. F1 is counted from right and predicted labels, which the file does not hold, as
scikit-learn's f1_score has it. Run with numpy, scipy, scikit-learn, statsmodels and xxhash installed:

    python3 tests/reference/make_statistics_golden.py
"""

import functools
import itertools
import json
import pathlib
import warnings

import numpy as np
import statsmodels.stats.multitest
import xxhash
from scipy import optimize, stats
from scipy.stats._resampling import BootstrapResult
from sklearn.metrics import f1_score

SEED = 7
RESAMPLES = 600
PERMUTATIONS = 2048
CONFIDENCE = 0.9
N_HALVES = 200
N_HEADS = 11
PAIRED_HEADS = 4  # all pairs of the first four
PER_EXAMPLE, PER_F1, PER_MACRO_F1 = -1, -2, -3  # hs_per
N_LABELS = 4
STATISTICS = [
    "mean", "mean_low", "mean_high", "delta", "delta_low", "delta_high", "delta_p", "delta_q", "delta_effect",
    "interaction", "interaction_low", "interaction_high", "interaction_p", "interaction_q", "interaction_effect",
    "given_first", "given_first_low", "given_first_high", "given_second", "given_second_low", "given_second_high",
    "product", "product_low", "product_high",
]


# ---- random numbers -------------------------------------------------------------------------------------------------

def philox_u64(key, stream, index):
    """hs_random_u64 for arrays of streams and indices."""
    stream, index = np.broadcast_arrays(np.asarray(stream, np.uint64), np.asarray(index, np.uint64))
    low, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    c = [index & low, index >> shift, stream & low, stream >> shift]
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> shift) ^ c[1] ^ np.uint64(k0), p1 & low, (p0 >> shift) ^ c[3] ^ np.uint64(k1), p0 & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c[1] << shift | c[0]


def below(key, stream, index, bound):
    words = philox_u64(key, stream, index)
    bounds = np.broadcast_to(bound, words.shape)
    drawn = [int(w) * int(b) >> 64 for w, b in zip(words.ravel(), bounds.ravel())]
    return np.array(drawn, dtype=np.int64).reshape(words.shape)


def key_of(task, name):
    key = xxhash.xxh3_64_intdigest(SEED.to_bytes(8, "little"), 0)
    key = xxhash.xxh3_64_intdigest(task.encode() + b"\0", key)
    return xxhash.xxh3_64_intdigest(name.encode() + b"\0", key)


def draw_resamples(task, n):
    drawn = below(key_of(task, "bootstrap"), np.arange(RESAMPLES)[:, None], np.arange(n)[None, :], n)
    return drawn  # [resample, draw]


def draw_halves(task, n):
    key, halves = key_of(task, "halves"), []
    for h in range(N_HALVES):
        order = np.arange(n)
        for i in range(n - 1, 0, -1):
            j = int(below(key, h, np.array([i]), i + 1)[0])
            order[i], order[j] = order[j], order[i]
        halves.append((order[: n // 2], order[n // 2: n // 2 * 2]))
    return halves


def draw_signs(task, n):
    words = philox_u64(key_of(task, "flips"), np.arange(PERMUTATIONS // 64)[:, None], np.arange(n)[None, :])
    bits = (words[:, :, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    return 1.0 - 2.0 * bits.transpose(0, 2, 1).reshape(PERMUTATIONS, n).astype(float)


# ---- one number and how far to trust it -----------------------------------------------------------------------------

def interval(statistic, n, resamples, method):
    """Ends of scipy's interval from the given resamples; its quantiles where BCa is not defined. NaN if one has none."""
    result = BootstrapResult(None, statistic(resamples, -1), None)
    if not np.isfinite(result.bootstrap_distribution).all():
        return np.nan, np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tried in (method, "percentile"):
            ci = stats.bootstrap((np.arange(n),), statistic, n_resamples=0, vectorized=True, method=tried,
                                 confidence_level=CONFIDENCE, bootstrap_result=result).confidence_interval
            if np.isfinite(ci.low) and np.isfinite(ci.high):
                return float(ci.low), float(ci.high)
    raise ValueError("no interval")


def saddlepoint(d):
    """Two-sided tail of the sign-flipped sum (Lugannani and Rice 1980)."""
    d, total = np.abs(d[d != 0]), abs(d.sum())
    if total >= (1 - 1e-9) * d.sum():
        return 2.0 ** (1 - len(d))
    t = optimize.brentq(lambda t: (d * np.tanh(t * d)).sum() - total, 0, 1e4 / d.max(), xtol=1e-14, rtol=1e-14)
    r = np.sqrt(2 * (t * total - np.log(np.cosh(t * d)).sum()))
    u = t * np.sqrt((d ** 2 / np.cosh(t * d) ** 2).sum())
    return 2 * (stats.norm.sf(r) + stats.norm.pdf(r) * (1 / u - 1 / r))


def sign_flip_p(d, signs):
    differing = d[d != 0]
    if len(differing) == 0:
        return 1.0
    if np.ptp(np.abs(differing)) <= 1e-12 * np.abs(d).max():
        return float(stats.binomtest(int((d > 0).sum()), len(differing)).pvalue)
    if 2 ** len(differing) <= PERMUTATIONS:
        return float(stats.permutation_test((differing,), np.sum, permutation_type="samples", n_resamples=np.inf,
                                            vectorized=False).pvalue)
    reached = int((np.abs(signs @ d) >= abs(d.sum()) - 1e-6 * np.abs(d).sum()).sum())
    return (reached + 1) / (PERMUTATIONS + 1) if reached >= 10 else float(saddlepoint(d))


def f1_of(gold, predicted, labels):
    """Mean F1 over those of `labels` that are right or predicted, as a function of the examples' indices."""
    def of(index, axis=-1):
        g, p = gold[index], predicted[index]
        total, n = 0.0, 0
        for label in labels:
            hit = ((g == label) & (p == label)).sum(axis=axis)
            miss = ((g == label) != (p == label)).sum(axis=axis)
            total = total + 2 * hit / np.maximum(2 * hit + miss, 1)
            n = n + (hit + miss > 0)
        return total / np.maximum(n, 1)

    for index in (np.arange(len(gold)), np.arange(len(gold)) // 3):
        expected = f1_score(gold[index], predicted[index], labels=None if len(labels) > 1 else labels,
                            average="macro", zero_division=0)
        assert np.isclose(of(index), expected, rtol=1e-14)
    return of


# ---- a task ---------------------------------------------------------------------------------------------------------

class Task:
    def __init__(self, name, metrics, values, gold=None, predicted=None):
        self.name, self.metrics, self.values = name, metrics, values  # values [set, example, metric]
        self.gold, self.predicted = gold, predicted  # of classification: [example], [set, example]
        self.n = values.shape[1]
        self.resamples, self.signs = draw_resamples(name, self.n), draw_signs(name, self.n)

    @functools.cache
    def summary(self, s, m):
        """The summary of a metric under a set as a function of the examples' indices, as scipy calls it."""
        x, per = self.values[s, :, m].astype(float), self.metrics[m]["per"]
        if per in (PER_F1, PER_MACRO_F1):
            return f1_of(self.gold, self.predicted[s], range(N_LABELS) if per == PER_MACRO_F1 else [m - 1])
        d = None if per < 0 else self.values[s, :, per].astype(float)

        def of(index, axis=-1):
            if d is None:
                return x[index].mean(axis=axis)
            return x[index].sum(axis=axis) / d[index].sum(axis=axis)

        return of

    def paired(self, s, m):
        """Differences of the examples whose mean is delta; of F1 the jackknife's pseudo-values, moved to that mean."""
        if self.metrics[m]["per"] in (PER_F1, PER_MACRO_F1):
            def delta(index):
                return self.summary(s, m)(index) - self.summary(0, m)(index)
            without = np.array([delta(np.delete(np.arange(self.n), i)) for i in range(self.n)])
            return delta(np.arange(self.n)) + (self.n - 1) * (without.mean() - without)
        x = self.values[s, :, m].astype(float) - self.values[0, :, m]
        per = self.metrics[m]["per"]
        if per < 0:
            return x
        d, d0 = self.values[s, :, per].astype(float), self.values[0, :, per].astype(float)
        clean = self.values[0, :, m].astype(float).sum() / d0.sum()
        return (x - clean * (d - d0)) / d.mean()

    def contrasts(self, sets, s, m):
        clean, of = self.summary(0, m), self.summary(s, m)
        yield "mean", of
        if s == 0:
            return
        yield "delta", lambda i, axis=-1: of(i, axis) - clean(i, axis)
        if len(sets[s]) != 2:
            return
        a, b = (self.summary(1 + h, m) for h in sets[s])
        yield "interaction", lambda i, axis=-1: of(i, axis) - a(i, axis) - b(i, axis) + clean(i, axis)
        yield "given_first", lambda i, axis=-1: of(i, axis) - a(i, axis)
        yield "given_second", lambda i, axis=-1: of(i, axis) - b(i, axis)
        if self.metrics[m]["percent"]:
            yield "product", lambda i, axis=-1: of(i, axis) - a(i, axis) * b(i, axis) / clean(i, axis)

    def statistics(self, sets, method):
        out = {name: np.full((len(sets), len(self.metrics)), np.nan) for name in STATISTICS}
        out["delta"][0] = 0
        for s, m in itertools.product(range(len(sets)), range(len(self.metrics))):
            for name, contrast in self.contrasts(sets, s, m):
                # Shares and counts fall on a lattice: rounding keeps ties with the estimate ties.
                def statistic(i, axis=-1, contrast=contrast):
                    with np.errstate(divide="ignore", invalid="ignore"):
                        return np.round(contrast(i, axis), 13)
                out[name][s, m] = contrast(np.arange(self.n))
                low, high = interval(statistic, self.n, self.resamples, method)
                out[name + "_low"][s, m], out[name + "_high"][s, m] = low, high
            tested = [("delta", self.paired(s, m))] if s > 0 else []
            if len(sets[s]) == 2:
                singles = sum(self.paired(1 + h, m) for h in sets[s])
                tested.append(("interaction", self.paired(s, m) - singles))
            for name, d in tested:
                assert np.isclose(d.mean(), out[name][s, m], atol=1e-12)
                out[name + "_p"][s, m] = sign_flip_p(d, self.signs)
                if d.std() > 0:
                    out[name + "_effect"][s, m] = d.mean() / d.std(ddof=1)
        for name, m, order in itertools.product(("delta", "interaction"), range(len(self.metrics)), (1, 2)):
            family = [s for s in range(len(sets)) if len(sets[s]) == order and np.isfinite(out[name + "_p"][s, m])]
            if not family:
                continue
            p = out[name + "_p"][family, m]
            q = stats.false_discovery_control(p)
            assert np.allclose(q, statsmodels.stats.multitest.multipletests(p, method="fdr_bh")[1], rtol=1e-12)
            out[name + "_q"][family, m] = q
        return out

    def stability(self, sets):
        singles = [s for s in range(len(sets)) if len(sets[s]) == 1]
        rows = []
        for m in range(len(self.metrics)):
            clean, rhos = self.summary(0, m), []
            for half, other in draw_halves(self.name, self.n):
                a, b = ([self.summary(s, m)(i) - clean(i) for s in singles] for i in (half, other))
                # As above: what ties exactly must tie here.
                a, b = np.round(a, 12), np.round(b, 12)
                if np.ptp(a) > 0 and np.ptp(b) > 0:
                    rho = stats.spearmanr(a, b).statistic
                    rhos.append(2 * rho / (1 + rho) if rho > 0 else rho)
            tail = (1 - CONFIDENCE) / 2
            row = [np.mean(rhos), np.quantile(rhos, tail), np.quantile(rhos, 1 - tail)] if rhos else [np.nan] * 3
            deltas = np.array([self.summary(s, m)(np.arange(self.n)) - clean(np.arange(self.n)) for s in singles])
            replicates = np.array([self.summary(s, m)(self.resamples) - clean(self.resamples) for s in singles])
            first = set(np.argsort(-np.abs(np.round(deltas, 12)), kind="stable")[:5])
            order = np.argsort(-np.abs(np.round(replicates, 12)), axis=0, kind="stable")[:5]
            row += [np.mean([len(first & set(column)) for column in order.T]), np.nan, np.nan]
            rows.append([float(x) for x in row])
        return rows


# ---- the made-up sweep ----------------------------------------------------------------------------------------------

def metric(name, percent=False, per=PER_EXAMPLE):
    return {"name": name, "percent": percent, "per": per}


def make_tasks(rng, sets):
    effects = np.concatenate(([-0.9, -0.6, 0.05, 0.3], rng.normal(0, 0.15, N_HEADS - 4)))

    def scores(n):
        level, own = rng.normal(2, 1, n), rng.normal(0, 0.25, (N_HEADS, n))
        rows = []
        for heads in sets:
            extra = (-0.8 if heads == (0, 1) else 0) + rng.normal(0, 0.05, n) * (len(heads) > 1)
            rows.append(level + sum(effects[h] + own[h] for h in heads) + extra)
        return np.array(rows)

    long, short = scores(40), scores(10)
    tokens = np.broadcast_to(rng.integers(3, 30, 40), long.shape) + (rng.random(long.shape) < 0.1)
    values = np.stack([long, (long > 1.2).astype(float), long * tokens, tokens], axis=2)
    few = np.stack([short, (short > 1.5).astype(float)], axis=2)
    return [Task("long", [metric("score"), metric("hit", percent=True), metric("nll", per=3), metric("tokens")],
                 values.astype(np.float32)),
            Task("short", [metric("score"), metric("hit", percent=True)], few.astype(np.float32))]


def make_classification(rng, sets):
    """Labels of which the last is rare, so that some resamples have none of it; each head leans to a label."""
    n = 48
    gold = rng.choice(N_LABELS, n, p=[0.4, 0.3, 0.22, 0.08])
    level = rng.normal(0, 0.8, (n, N_LABELS)) + 2 * np.eye(N_LABELS)[gold]
    own = rng.normal(0, 0.5, (N_HEADS, n, N_LABELS)) + rng.normal(0, 0.5, (N_HEADS, 1, N_LABELS))
    predicted = np.array([(level + sum(own[h] for h in heads)).argmax(axis=1) for heads in sets])
    labels = np.arange(N_LABELS)
    counts = (gold[:, None] == labels).astype(float) + (predicted[:, :, None] == labels)
    values = np.concatenate((predicted[:, :, None], counts), axis=2)
    metrics = [metric("macro_f1", True, PER_MACRO_F1)] + [metric(f"f1_{label}", True, PER_F1) for label in labels]
    return Task("labels", metrics, values.astype(np.float32), gold, predicted)


def plain(array):
    """Nested lists with null for NaN."""
    if isinstance(array, (list, tuple)) or (isinstance(array, np.ndarray) and array.ndim > 0):
        return [plain(x) for x in array]
    return None if np.isnan(array) else float(array)


def short_floats(array):
    return [short_floats(x) for x in array] if array.ndim > 0 else float(str(array))


def make_functions(rng):
    """The parts by themselves, where a formula of scipy or numpy exists."""
    z = [-30.0, -8.0, -3.3, -1.0, -1e-3, 0.0, 0.4, 1.96, 5.5]
    p = [1e-300, 1e-20, 1e-5, 0.025, 0.3, 0.5, 0.87, 0.975, 1 - 1e-9]
    skewed, ties = rng.exponential(1, 17), rng.integers(0, 5, 23).astype(float)
    quantiles = [[values.tolist(), q, float(np.quantile(values, q))]
                 for values in (skewed, ties, np.array([3.0])) for q in (0.0, 0.025, 0.31, 0.5, 0.975, 1.0)]
    a, b = rng.integers(0, 6, 30).astype(float), rng.normal(0, 1, 30)
    p_values = np.concatenate((rng.random(20), rng.random(6) * 1e-3, [0.5, 0.5, 1.0]))
    # All 2^18 flips at once.
    flips = []
    for scale in (0.3, 0.8, 1.4):
        d = rng.normal(scale, 1, 18)
        sums = np.array([0.0])
        for x in d:
            sums = np.concatenate((sums + x, sums - x))
        flips.append([d.tolist(), float((np.abs(sums) >= abs(d.sum()) - 1e-9).mean())])
    return {"normal_cdf": [[x, float(stats.norm.cdf(x))] for x in z],
            "normal_quantile": [[x, float(stats.norm.ppf(x))] for x in p], "quantile": quantiles,
            "spearman": [a.tolist(), b.tolist(), float(stats.spearmanr(a, b).statistic)],
            "benjamini_hochberg": [p_values.tolist(), stats.false_discovery_control(p_values).tolist()],
            "all_flips": flips}


def main():
    rng = np.random.default_rng(20240611)
    sets = [()] + [(h,) for h in range(N_HEADS)] + list(itertools.combinations(range(PAIRED_HEADS), 2))
    golden = {"seed": SEED, "resamples": RESAMPLES, "permutations": PERMUTATIONS, "confidence": CONFIDENCE,
              "sets": [list(s) for s in sets], "tasks": []}
    for task in make_tasks(rng, sets) + [make_classification(np.random.default_rng(20261121), sets)]:
        percentile = task.statistics(sets, "percentile")
        golden["tasks"].append({
            "name": task.name, "metrics": task.metrics, "values": short_floats(task.values),
            "bca": {k: plain(v) for k, v in task.statistics(sets, "BCa").items()},
            "percentile": {k: plain(v) for k, v in percentile.items() if k.endswith(("_low", "_high"))},
            "stability": plain(task.stability(sets))})
    golden["functions"] = make_functions(rng)
    path = pathlib.Path(__file__).with_name("statistics_golden.json")
    text = json.dumps(golden, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
