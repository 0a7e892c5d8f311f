"""Opens a report in a browser, clicks, reads values back and compares them with `headsweep rank --format json`.

usage: check_page.py PAGE.html RANKING.json FOLDER [--hostile] [--largest BYTES] [--table RANKING.txt] [--pruning CURVES.json]
"""
import argparse
import json
import os
import re

from browser import Browser


def require(condition, message):
    if not condition:
        raise SystemExit("FAILED: " + message)


def close(shown, expected, what):
    """Equal as far as 22 bits tell; None and NaN are not numbers."""
    if expected is None:
        require(shown is None, f"{what}: the page shows {shown}, the file has no number")
        return
    require(shown is not None and abs(shown - expected) <= 1e-6 * abs(expected) + 1e-37,
            f"{what}: the page has {shown}, the file {expected}")


def as_shown(entry):
    """People read "2.1" where programs, to which 2.1 and 2.10 are one number, read "L2H1"."""
    return {**entry, "name": re.sub(r"L([0-9]+)H([0-9]+)", r"\1.\2", entry["name"])}


def first_number(text):
    return float(re.search(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", text).group(0))


def check_numbers(browser, ranking):
    """Every number behind the page, set by set."""
    tables = {"mean": "mean", "delta": "delta", "low": "delta_low", "high": "delta_high", "q": "delta_q", "interaction": "interaction",
              "interaction_low": "interaction_low", "interaction_high": "interaction_high",
              "interaction_q": "interaction_q"}
    n_compared = 0
    metrics = browser.run("return headsweep.data.metrics.map(m => [m.task, m.metric])")
    names = browser.run("return headsweep.ids.map((id, row) => [id, headsweep.nameOf(row), headsweep.interventionOf(row)])")
    sets = {entry["set"]: entry for entry in ranking["ranking"]}
    require(len(names) == len(sets), f"{len(names)} sets in the page, {len(sets)} in the ranking")
    for m, (task, metric) in enumerate(metrics):
        for table, statistic in tables.items():
            numbers = browser.run("const t = headsweep.data.metrics[arguments[0]][arguments[1]]; return t && "
                                  "Array.from(t, v => Number.isFinite(v) ? v : null)", m, table)
            for (number, name, ablation), shown in zip(names, numbers or []):
                entry = sets[number]
                require(entry["name"] == name and entry["ablation"] == ablation, f"set {number} is called {name}")
                close(shown, entry["tasks"][task][metric][statistic], f"{task} {metric} {statistic} of {name}")
                n_compared += 1
    require(n_compared > 0, "no number was compared")
    return n_compared


def check_texts(browser, path, ranking):
    """What people read of every set is to the digit what `headsweep rank` prints, in the table of all sets and in the finding."""
    task, metric = ranking["task"], ranking["metric"]
    shown = browser.run("const m = headsweep.data.metrics.find(m => m.task === arguments[0] && m.metric === arguments[1]); "
                        "return headsweep.ids.map((id, row) => [headsweep.nameOf(row), headsweep.interventionOf(row), "
                        "headsweep.deltaText(m, row), headsweep.interactionText(m, row), headsweep.formatQ(m.q[row])])",
                        task, metric)
    known = {(name, ablation): [text.replace(", ", ",") for text in (change, interaction)]
             for name, ablation, change, interaction, _ in shown}
    with open(path) as file:
        rows = [line for line in file if re.match(r" +[0-9]+  [0-9]", line)]
    require(len(rows) == len(ranking["ranking"]), f"{len(rows)} rows in the table")
    for line in rows:
        name, ablation = line.split()[1:3]
        cells = re.findall(r"[-+][0-9.]+ \[[^]]*\]", line)
        expected = [cells[0], cells[1] if "+" in name else ""]
        require(known[name, ablation] == expected, f"{name}, {ablation}: {known[name, ablation]}, not {expected}")
    for name, ablation, *_, q in shown:
        entry = next(e for e in ranking["ranking"] if (e["name"], e["ablation"]) == (name, ablation))
        exact = entry["tasks"][task][metric]["delta_q"]
        require(q == ("< 1e-30" if exact < 1e-30 else f"{exact:.2g}"), f"q of {name}: {q}, not {exact}")
    first = rows[0].split()
    if browser.text("#finding").startswith(f"Ablating heads {first[1]} ({first[2]})"):
        change = next(text for name, ablation, text, *_ in shown if [name, ablation] == first[1:3])
        require(change.replace(" [", " nats [") in browser.text("#finding"), "the finding says " + browser.text("#finding"))


def check_heat_map(browser, ranking):
    """A click on a cell shows the set with its clean and ablated values."""
    number = int(browser.run("return document.querySelector('#heads figure:not([hidden]) [data-s]').dataset.s"))
    entry = next(e for e in ranking["ranking"] if e["set"] == number)
    task, metric = browser.run("const m = headsweep.data.metrics[document.querySelector('#metric').value]; "
                               "return [m.task, m.metric]")
    browser.click(f"#heads figure:not([hidden]) [data-s='{number}']")
    require(not browser.run("return document.querySelector('#detail').hidden"), "a click on a head shows no details")
    require(browser.text("#detail h2").startswith(entry["name"] + ", " + entry["ablation"]), "details of another set")
    cells = browser.run("return [...document.querySelector('#detail tbody tr').cells].map(c => c.textContent)")
    values = entry["tasks"][task][metric]
    require(cells[0].startswith(f"{task}.{metric}"), "details begin with " + cells[0])
    require(abs(first_number(cells[2]) - values["mean"]) <= 6e-4, f"ablated {cells[2]} instead of {values['mean']}")
    require(abs(first_number(cells[3]) - values["delta"]) <= 6e-4, f"change {cells[3]} instead of {values['delta']}")
    browser.keys("body", "\ue00c")
    require(browser.run("return document.querySelector('#detail').hidden"), "Escape does not close the details")


def check_tooltip(browser, ranking):
    number = int(browser.run("return document.querySelector('#ranking [data-s]').dataset.s"))
    browser.move_to(f"#ranking [data-s='{number}']", 4, 4)
    entry = next(e for e in ranking["ranking"] if e["set"] == number)
    text = browser.text("#tip")
    require(text.startswith(entry["name"] + ", " + entry["ablation"]), "the tooltip says " + text)
    delta = entry["tasks"][ranking["task"]][ranking["metric"]]["delta"]
    require(abs(first_number(text.split("\n")[1].split(": ")[1]) - delta) <= 6e-4, f"{text} instead of {delta}")


def check_keyboard(browser):
    """From mark to mark with the arrow keys; Enter chooses."""
    browser.run("document.querySelector('#heads figure:not([hidden]) svg').focus()")
    browser.keys("#heads figure:not([hidden]) svg", "\ue014\ue014\ue007")
    expected = browser.run("return document.querySelectorAll('#heads figure:not([hidden]) [data-s]')[1].dataset.s")
    require(browser.run("return headsweep.ids[headsweep.rows.get(Number(document.querySelector("
                        "'#heads figure:not([hidden]) [data-s].current').dataset.s))]") == int(expected),
            "two arrow keys and Enter do not choose the second head")
    browser.run("headsweep.choose(null)")
    rows = "document.querySelectorAll('#table-all tbody tr')"
    require(browser.run(f"return [...{rows}].filter(row => row.tabIndex === 0).length") == 1,
            "not one row of the table of all sets can be reached by tab")
    browser.run(f"{rows}[0].focus()")
    browser.keys("#table-all tbody tr[tabindex]", "\ue015")
    browser.keys("#table-all tbody tr[tabindex]", "\ue007")
    require(browser.run(f"return {rows}[1].classList.contains('current') && !document.querySelector('#detail').hidden"),
            "arrow and Enter do not choose the second row of a table")
    browser.run("headsweep.choose(null)")


def check_matrix(browser, ranking):
    """A click into the matrix chooses the pair there; zoom makes cells larger."""
    where = browser.run("""
        const matrix = headsweep.matrices.find(m => !m.figure.hidden), canvas = matrix.canvas;
        canvas.id = "matrix-in-test";
        const cell = matrix.cellSize(), v = matrix.view();
        return [v.margin + 1.5 * cell, 0.5 * cell, headsweep.ids[matrix.row(0, 1)], cell];""")
    browser.move_to("#matrix-in-test", where[0], where[1])
    browser._post("/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
        {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]}]})
    entry = next(e for e in ranking["ranking"] if e["set"] == where[2])
    require(browser.text("#detail h2").startswith(entry["name"] + ","), "the matrix chooses " + browser.text("#detail h2"))
    value = entry["tasks"][ranking["task"]][ranking["metric"]]["interaction"]
    shown = browser.run("return document.querySelector('#detail tbody tr').cells[5].textContent")
    require(abs(first_number(shown) - value) <= 6e-4, f"interaction {shown} instead of {value}")
    browser.run("headsweep.choose(null)")
    browser.keys("#matrix-in-test", "+")
    require(browser.run("return headsweep.matrices.find(m => !m.figure.hidden).cellSize()") > where[3], "+ does not zoom")


def check_tables(browser, ranking):
    """Sorting by a column of numbers, copying, filtering and paging."""
    browser.click("#table-ranking th:nth-child(4) button")
    browser.click("#table-ranking th:nth-child(4) button")
    numbers = browser.run("return [...document.querySelectorAll('#table-ranking tbody tr')].map(r => "
                          "Number(r.cells[3].dataset.v))")
    require(numbers == sorted(numbers) and len(numbers) > 3, "the ranking is not sorted by its fourth column")
    browser.click("#ranking-section .tools button:last-child")
    lines = browser.run("return headsweep.copied").split("\n")
    require(len(lines) == len(numbers) + 1 and lines[1].count("\t") >= 4, "copying gives no table")
    key = ranking["ranking"][0]["name"].split("+")[0]
    browser.keys("#all input", key)
    rows = browser.run("return [...document.querySelectorAll('#table-all tbody tr')].map(r => r.cells[0].textContent)")
    wanted = sum(key in entry["name"].split("+") for entry in ranking["ranking"])
    require(rows and all(key in name.split("+") for name in rows), f"the filter {key} shows {rows}")
    require(browser.text("#all .muted").endswith(f" of {wanted}"), browser.text("#all .muted") + f", not {wanted}")
    browser.run("const i = document.querySelector('#all input'); i.value = ''; i.dispatchEvent(new Event('input'))")


def check_metrics(browser):
    """Another metric shows other figures, and only its own."""
    browser.run("const s = document.querySelector('#metric'); s.value = '1'; s.dispatchEvent(new Event('change'))")
    shown = browser.run("return [...document.querySelectorAll('figure[data-of-metric]')].filter(f => !f.hidden)"
                        ".map(f => f.dataset.ofMetric)")
    require(shown and set(shown) == {"1"}, f"metric 1 shows figures of {shown}")
    browser.run("const s = document.querySelector('#metric'); s.value = '0'; s.dispatchEvent(new Event('change'))")


def check_linear(pixels, numbers, what):
    """Marks lie where their numbers are: a linear function of them, to a tenth of a pixel at both ends."""
    low, high = numbers.index(min(numbers)), numbers.index(max(numbers))
    slope = (pixels[high] - pixels[low]) / (numbers[high] - numbers[low])
    require(abs(slope * (numbers[high] - numbers[low])) > 20, f"{what}: all marks lie on {pixels}")
    for pixel, number in zip(pixels, numbers):
        require(abs(pixels[low] + slope * (number - numbers[low]) - pixel) <= 0.21, f"{what}: {number} lies at {pixel}")
    return slope


def check_curve(browser, number, curve):
    """Numbers, marks, table and sentence of one curve; returns how many numbers were compared."""
    points = curve["points"]
    shown = browser.run("return headsweep.data.curves[arguments[0]]", number)
    require([shown["method"], shown["ablation"], shown["heads"]] ==
            [curve["method"], curve["ablation"], curve["heads"]], f"curve {number} is another")
    keys = ["removed", "share_removed", "kept", "kept_low", "kept_high", "reduced", "reduced_low", "reduced_high"]
    for key in keys:
        require(shown[key] == [point[key] for point in points], f"{key} of {curve['method']}: {shown[key]}")
    marks = browser.run("""return [...document.querySelectorAll("#pruning circle[data-c='" + arguments[0] + "']")].map(
        c => [c.dataset.p, c.dataset.s, c.getAttribute("cx"), c.getAttribute("cy")].map(Number))""", number)
    require(len(marks) == 2 * len(points), f"{len(marks)} marks of {len(points)} points")
    for panel, key in ((marks[:len(points)], "kept"), (marks[len(points):], "reduced")):
        require([mark[:2] for mark in panel] == [[i, point["set"]] for i, point in enumerate(points)],
                "marks of other sets")
        check_linear([mark[2] for mark in panel], [point["share_removed"] for point in points], "share")
        require(check_linear([mark[3] for mark in panel], [point[key] for point in points], key) < 0, "upside down")
    rows = browser.run("return [...document.querySelectorAll('#table-pruning tbody tr')].filter(r => "
                       "r.cells[0].textContent === arguments[0]).map(r => [...r.cells].map(c => c.dataset.v))",
                       curve["method"])
    require([[float(row[i]) for i in (2, 3, 5, 6)] for row in rows] ==
            [[point[key] for key in ("removed", "share_removed", "kept", "reduced")] for point in points],
            f"the table of {curve['method']} is another")
    for place in ("#finding", "#pruning svg"):
        require(curve["sentence"] in browser.text(place), f"{place} does not say that the model {curve['sentence']}")
    return len(keys) * len(points)


def check_pruning(browser, curves, ranking):
    n_compared = sum(check_curve(browser, number, curve) for number, curve in enumerate(curves))
    require(browser.run("return headsweep.data.curves.length") == len(curves), "the page has other curves")
    curve, last = curves[-1], len(curves[-1]["points"]) - 1
    point, mark = curve["points"][last], f"#pruning circle[data-c='{len(curves) - 1}'][data-p='{last}']"
    browser.move_to(mark, 3, 3)
    lines = browser.text("#tip").split("\n")
    title = f"{curve['method']}, {curve['ablation']}: {point['removed']} of {curve['heads']} heads removed"
    require(lines[0].startswith(title), "the tooltip says " + lines[0])
    require(abs(first_number(lines[1].split(": ")[1]) - 100 * point["kept"]) <= 0.051, "the tooltip says " + lines[1])
    require(abs(first_number(lines[2].split(": ")[1]) - point["reduced"]) <= 6e-4, "the tooltip says " + lines[2])
    browser.click(mark)
    entry = next(e for e in ranking["ranking"] if e["set"] == point["set"])
    chosen = browser.text("#detail h2")
    require(chosen.startswith(entry["name"] + ", "), "the curve chooses " + chosen)
    browser.keys("body", "\ue00c")
    browser.run("document.querySelector('#pruning svg').focus()")
    browser.keys("#pruning svg", "\ue014\ue014")
    require("1 of" in browser.text("#tip").split("\n")[0], "two arrow keys show " + browser.text("#tip"))
    browser.click("#table-pruning th:nth-child(6) button")
    kept = browser.run("return [...document.querySelectorAll('#table-pruning tbody tr')].map(r => "
                       "Number(r.cells[5].dataset.v))")
    require(kept == sorted(kept, reverse=True) and len(set(kept)) > 3, "the table does not sort by what is kept")
    return n_compared


def check_controls(browser):
    """One row per set of the table that has controls: its dot where its change is, p as in the table."""
    table = browser.run("return [...document.querySelectorAll('#table-controls tbody tr')].map(r => "
                        "[r.dataset.s, r.cells[3].dataset.v, r.cells[5].dataset.v].map(Number))")
    rows = [row for row in table if row[1] > 0]
    marks = browser.run("return [...document.querySelectorAll('#controls circle')].map(c => [Number(c.dataset.s), "
                        "Number(c.getAttribute('cx')), headsweep.data.metrics[c.dataset.m].delta["
                        "headsweep.rows.get(Number(c.dataset.s))]])")
    require(len(rows) > 3 and [mark[0] for mark in marks] == [row[0] for row in rows], "controls of other sets")
    require(check_linear([mark[1] for mark in marks], [mark[2] for mark in marks], "change") > 0, "left is more")
    says = browser.run("return [...document.querySelectorAll('#controls text')].map(t => t.textContent)"
                       ".filter(t => t.includes('controls, p = '))")
    for text, (_, n, p) in zip(says, rows, strict=True):
        require(text == f"{n:.0f} controls, p = {p:.2g}", f"{text}, not {n} controls and p = {p}")


def check_narrow(browser):
    """A telephone: nothing but what scrolls by itself is wider than the screen."""
    browser.devtools("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=True)
    width = browser.run("return document.documentElement.scrollWidth")
    browser.devtools("Emulation.clearDeviceMetricsOverride")
    require(width == 400, f"a screen of 400 pixels shows a page of {width}")


def check_media(browser, folder):
    light = browser.run("return [getComputedStyle(document.body).backgroundColor, "
                        "getComputedStyle(document.querySelector('.figure text')).fill]")
    browser.screenshot(os.path.join(folder, "light.png"))
    browser.media("dark")
    dark = browser.run("return [getComputedStyle(document.body).backgroundColor, "
                       "getComputedStyle(document.querySelector('.figure text')).fill]")
    browser.screenshot(os.path.join(folder, "dark.png"))
    require(light[0] != dark[0] and light[1] != dark[1], "light and dark are the same")
    browser.media("light")
    browser.pdf(os.path.join(folder, "print.pdf"))
    require(browser.run("return document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the window")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("page")
    parser.add_argument("ranking")
    parser.add_argument("folder")
    parser.add_argument("--hostile", action="store_true", help="only that nothing of the file ran as script")
    parser.add_argument("--largest", type=int, default=5000000)
    parser.add_argument("--table", help="the ranking as `headsweep rank --top 0` prints it")
    parser.add_argument("--pruning", help="curves as `headsweep rank --pruning --format json` has them")
    arguments = parser.parse_args()

    size = os.path.getsize(arguments.page)
    require(size < arguments.largest, f"the page has {size} bytes")
    with open(arguments.ranking) as file:
        ranking = json.load(file)
    ranking["ranking"] = [as_shown(entry) for entry in ranking["ranking"] +
                          [entry for entry in ranking["not_ranked"] if entry["standing"] == "added"]]
    browser = Browser(arguments.folder)
    try:
        browser.open(arguments.page)
        require(browser.run("return typeof headsweep") == "object", "the script did not run to its end")
        require(browser.run("return performance.getEntriesByType('resource').length") == 0, "the page loads something")
        if arguments.hostile:
            require(browser.run("return window.broken === undefined && document.title !== 'broken'"), "the file ran a script")
            require(browser.run("return document.querySelectorAll('script').length") == 2, "the file added a script")
            require(browser.run("return document.querySelectorAll('img, iframe').length") == 0, "the file added an element")
        n_compared = check_numbers(browser, ranking)
        if arguments.table:
            check_texts(browser, arguments.table, ranking)
        if not arguments.hostile:
            check_heat_map(browser, ranking)
            check_tooltip(browser, ranking)
            check_keyboard(browser)
            if browser.run("return headsweep.matrices.length") > 0:
                check_matrix(browser, ranking)
            check_tables(browser, ranking)
            check_metrics(browser)
            if arguments.pruning:
                with open(arguments.pruning) as file:
                    n_compared += check_pruning(browser, json.load(file)["curves"], ranking)
                check_controls(browser)
            check_narrow(browser)
            check_media(browser, arguments.folder)
        require(browser.errors() == [], "the console has errors: " + "; ".join(browser.errors()))
        print(f"{n_compared} numbers of {size} bytes compared")
    finally:
        browser.close()


if __name__ == "__main__":
    main()
