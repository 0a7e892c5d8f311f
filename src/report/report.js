/*
 * The page of a report: its numbers, tooltips, a set in detail, the keyboard. matrix.js and tables.js build on it. What
 * it shows comes from the element "data" (src/report/payload.c) and from the page itself. Text from the file only ever
 * goes into textContent. `window.headsweep` is what the scripts share; tests use it too.
 */
"use strict";
(function () {
    const data = JSON.parse(document.getElementById("data").textContent);
    const byId = id => document.getElementById(id);

    /* ---- numbers ---------------------------------------------------------------------------------------------- */

    /* Five base64 digits a number: a float without its two lowest bits (payload.c). */
    function decode(text) {
        const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", values = new Map();
        [...digits].forEach((digit, value) => values.set(digit.charCodeAt(0), value));
        const numbers = new Float32Array(text.length / 5), bits = new Uint32Array(numbers.buffer);
        for (let i = 0; i < numbers.length; ++i) {
            for (let digit = 0; digit < 5; ++digit)
                bits[i] = bits[i] << 6 | values.get(text.charCodeAt(5 * i + digit));
            bits[i] <<= 2;
        }
        return numbers;
    }

    const tables = ["mean", "delta", "low", "high", "q", "interaction", "interaction_low", "interaction_high",
        "interaction_q"];
    for (const metric of data.metrics)
        for (const table of tables)
            if (metric[table] !== undefined)
                metric[table] = decode(metric[table]);

    /* Set numbers are those of the file; `row` is where a set stands in the tables. */
    const ids = data.ids || data.sets.map((_, row) => row + 1);
    const rows = new Map(ids.map((id, row) => [id, row]));
    const singles = new Map();
    data.sets.forEach((set, row) => { if (set.length === 2) singles.set(set[0] + ":" + set[1], row); });

    /* Of more than 12 heads the first 8 and the last, as the file and `headsweep rank` have it. */
    function nameOf(row) {
        const heads = data.sets[row].slice(1).map(c => data.components[c]), n = heads.length;
        return n <= 12 ? heads.join("+") : heads.slice(0, 8).join("+") + "+...+" + heads[n - 1] + " (" + n + ")";
    }
    const interventionOf = row => data.interventions[data.sets[row][0]];
    const titleOf = row => nameOf(row) + ", " + interventionOf(row);
    const metricTitle = metric => metric.task + "." + metric.metric;

    /* As numbers.c writes them: digits of a metric, p- and q-values with two digits. The numbers of the page round as theirs do. */
    function format(metric, value, sign = true) {
        if (!Number.isFinite(value))
            return "";
        return (sign && value >= 0 ? "+" : "") + (value * metric.factor).toFixed(metric.digits);
    }
    function interval(metric, value, low, high, sign = true) {
        const text = format(metric, value, sign);
        return Number.isFinite(low) && Number.isFinite(high)
            ? text + " [" + format(metric, low, sign) + ", " + format(metric, high, sign) + "]" : text;
    }
    function formatQ(q) {
        if (!Number.isFinite(q))
            return "";
        if (q < 1e-30)
            return "< 1e-30";
        const [digits, exponent] = q.toExponential(1).split("e");
        return exponent < -4 ? digits.replace(".0", "") + "e-" + exponent.slice(1).padStart(2, "0")
            : String(Number(q.toPrecision(2)));
    }
    const deltaText = (metric, row) => metric.delta
        ? interval(metric, metric.delta[row], metric.low[row], metric.high[row]) : "";
    const interactionText = (metric, row) => metric.interaction
        ? interval(metric, metric.interaction[row], metric.interaction_low[row], metric.interaction_high[row]) : "";

    function element(tag, text, attributes = {}) {
        const made = document.createElement(tag);
        if (text !== undefined)
            made.textContent = text;
        for (const [name, value] of Object.entries(attributes))
            made.setAttribute(name, value);
        return made;
    }

    /* ---- tooltip ---------------------------------------------------------------------------------------------- */

    const tip = byId("tip");
    function describe(row, m) {
        const metric = data.metrics[m];
        let text = titleOf(row) + "\n" + metricTitle(metric) + ": " + deltaText(metric, row) + " " + metric.unit;
        if (metric.q && Number.isFinite(metric.q[row]))
            text += "\nq = " + formatQ(metric.q[row]);
        if (metric.interaction && data.sets[row].length === 3)
            text += "\ninteraction: " + interactionText(metric, row) + ", q = " + formatQ(metric.interaction_q[row]);
        return text;
    }
    function showTip(text, x, y) {
        tip.textContent = text;
        tip.style.display = "block";
        const box = tip.getBoundingClientRect();
        tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 4)) + "px";
        tip.style.top = (y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18) + "px";
    }
    const hideTip = () => { tip.style.display = "none"; };

    addEventListener("scroll", hideTip, { passive: true });

    /* ---- the set that is chosen ------------------------------------------------------------------------------- */

    const detail = byId("detail");
    let chosen = null;

    function detailRow(table, metric, row) {
        const line = table.insertRow();
        line.append(element("th", metricTitle(metric) + " [" + metric.unit + "]", { scope: "row" }));
        const cells = [metric.clean_text, format(metric, metric.mean[row], false), deltaText(metric, row), formatQ(metric.q[row])];
        if (data.sets[row].length === 3)
            cells.push(interactionText(metric, row), formatQ(metric.interaction_q[row]));
        for (const text of cells)
            line.append(element("td", text, { class: "number" }));
    }
    function detailTable(row) {
        const table = element("table");
        const titles = ["", "clean", "ablated", "change", "q"];
        if (data.sets[row].length === 3)
            titles.push("interaction", "q");
        const head = table.createTHead().insertRow();
        titles.forEach((title, i) => head.append(element("th", title, { scope: "col", class: i ? "number" : "" })));
        table.createTBody();
        for (const metric of data.metrics)
            if (metric.delta)
                detailRow(table.tBodies[0], metric, row);
        return table;
    }
    /* Either head alone, for pairs: buttons that choose them. */
    function detailParts(row) {
        const line = element("p", "alone: ", { class: "muted" });
        for (const component of data.sets[row].slice(1)) {
            const single = singles.get(data.sets[row][0] + ":" + component);
            if (single === undefined)
                continue;
            const button = element("button", data.components[component], { type: "button" });
            button.addEventListener("click", () => choose(ids[single]));
            line.append(button, " ");
        }
        return line;
    }
    function choose(id) {
        const row = rows.get(id);
        chosen = id;
        for (const marked of document.querySelectorAll("[data-s].current"))
            marked.classList.remove("current");
        detail.hidden = row === undefined;
        if (row === undefined)
            return;
        for (const mark of document.querySelectorAll('[data-s="' + id + '"]'))
            mark.classList.add("current");
        const title = element("h2", titleOf(row)), close = element("button", "Close", { type: "button" });
        close.addEventListener("click", () => choose(null));
        title.append(close);
        const scroll = element("div", undefined, { class: "scroll" });
        scroll.append(detailTable(row));
        detail.replaceChildren(title, scroll);
        if (data.sets[row].length > 2)
            detail.append(detailParts(row));
    }
    addEventListener("keydown", event => {
        if (event.key !== "Escape")
            return;
        hideTip();
        choose(null);
    });

    /* ---- marks in figures and rows of tables ------------------------------------------------------------------ */

    function metricOfMark(mark) {
        return Number(mark.dataset.m !== undefined ? mark.dataset.m : mark.closest("svg").dataset.metric);
    }
    function tipOfMark(mark, x, y) {
        const row = rows.get(Number(mark.dataset.s));
        if (mark.dataset.p !== undefined)
            showTip(data.curves[mark.dataset.c].says[Number(mark.dataset.p)], x, y);
        else if (row !== undefined)
            showTip(describe(row, metricOfMark(mark)), x, y);
    }
    document.addEventListener("pointermove", event => {
        const mark = event.target.closest && event.target.closest("svg [data-s]");
        if (mark)
            tipOfMark(mark, event.clientX, event.clientY);
        else if (!event.target.closest || !event.target.closest(".field-of, .matrix canvas"))
            hideTip();
    });
    document.addEventListener("click", event => {
        const mark = event.target.closest("svg [data-s], tr[data-s]");
        if (mark && !event.target.closest("button, a"))
            choose(Number(mark.dataset.s));
    });

    /* With the arrow keys from mark to mark: the nearest one in that direction. */
    function centre(mark) {
        const box = mark.getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
    }
    function neighbour(marks, from, dx, dy) {
        const [x, y] = centre(from);
        let best = null, least = Infinity;
        for (const mark of marks) {
            const [mx, my] = centre(mark), along = (mx - x) * dx + (my - y) * dy;
            const aside = Math.abs((mx - x) * dy) + Math.abs((my - y) * dx);
            if (along > 0.5 && along + 3 * aside < least) {
                least = along + 3 * aside;
                best = mark;
            }
        }
        return best;
    }
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    for (const svg of document.querySelectorAll("svg.figure")) {
        let at = null;
        svg.addEventListener("keydown", event => {
            const marks = [...svg.querySelectorAll("[data-s]")];
            if (event.key === "Enter" && at)
                choose(Number(at.dataset.s));
            if (!arrows[event.key] || marks.length === 0)
                return;
            event.preventDefault();
            const next = at ? neighbour(marks, at, ...arrows[event.key]) : marks[0];
            if (!next)
                return;
            if (at && Number(at.dataset.s) !== chosen)
                at.classList.remove("current");
            at = next;
            at.classList.add("current");
            tipOfMark(at, ...centre(at));
        });
        svg.addEventListener("blur", () => {
            if (at && Number(at.dataset.s) !== chosen)
                at.classList.remove("current");
            at = null;
            hideTip();
        });
    }

    /* The cloud of a scatter is one path: the nearest set to the pointer, within ten pixels. */
    for (const field of document.querySelectorAll("g.field")) {
        const svg = field.closest("svg"), figure = svg.parentElement;
        const [mx, my, xl, xh, xs, xe, yl, yh, ys, ye] = field.dataset.axes.split(" ").map(Number);
        const x = data.metrics[mx], y = data.metrics[my];
        figure.classList.add("field-of");
        const nearest = event => {
            const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
            const px = (event.clientX - box.x) * scale, py = (event.clientY - box.y) * scale;
            let best = -1, least = 100;
            for (let row = 0; row < ids.length; ++row) {
                const dx = xs + (x.delta[row] * x.factor - xl) / (xh - xl) * (xe - xs) - px;
                const dy = ys + (y.delta[row] * y.factor - yl) / (yh - yl) * (ye - ys) - py;
                if (dx * dx + dy * dy < least) {
                    least = dx * dx + dy * dy;
                    best = row;
                }
            }
            return best;
        };
        svg.addEventListener("pointermove", event => {
            const row = event.target.dataset.s ? -1 : nearest(event);
            if (row >= 0)
                showTip(describe(row, mx) + "\n" + metricTitle(y) + ": " + deltaText(y, row) + " " + y.unit,
                    event.clientX, event.clientY);
            else if (!event.target.dataset.s)
                hideTip();
        });
        svg.addEventListener("click", event => {
            const row = event.target.dataset.s ? -1 : nearest(event);
            if (row >= 0)
                choose(ids[row]);
        });
    }

    window.headsweep = {
        data, ids, rows, singles, nameOf, interventionOf, metricTitle, format, formatQ, deltaText,
        interactionText, element, describe, showTip, hideTip, choose, arrows, isChosen: id => id === chosen,
    };
})();
