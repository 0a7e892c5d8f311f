/*
 * The page of a report: tooltips, a set in detail, the matrix of pairs with zoom, tables that sort and copy. Everything
 * it shows comes from the element "data" (src/report/payload.c) and from the page itself. Text from the file only ever
 * goes into textContent. `window.headsweep` is for tests and for people with a console.
 */
"use strict";
(function () {
    const data = JSON.parse(document.getElementById("data").textContent);
    const byId = id => document.getElementById(id);

    /* ---- numbers ---------------------------------------------------------------------------------------------- */

    /* Three bytes a number: the upper ones of a float (payload.c). */
    function decode(text) {
        const bytes = atob(text), numbers = new Float32Array(bytes.length / 3), bits = new Uint32Array(numbers.buffer);
        for (let i = 0; i < numbers.length; ++i)
            bits[i] = bytes.charCodeAt(3 * i) << 24 | bytes.charCodeAt(3 * i + 1) << 16 | bytes.charCodeAt(3 * i + 2) << 8;
        return numbers;
    }

    const tables = ["delta", "low", "high", "q", "interaction", "interaction_low", "interaction_high", "interaction_q"];
    for (const metric of data.metrics)
        for (const table of tables)
            if (metric[table] !== undefined)
                metric[table] = decode(metric[table]);

    /* Set numbers are those of the file; `row` is where a set stands in the tables. */
    const ids = data.ids || data.sets.map((_, row) => row + 1);
    const rows = new Map(ids.map((id, row) => [id, row]));
    const singles = new Map();
    data.sets.forEach((set, row) => { if (set.length === 2) singles.set(set[0] + ":" + set[1], row); });

    const nameOf = row => data.sets[row].slice(1).map(c => data.components[c]).join("+");
    const interventionOf = row => data.interventions[data.sets[row][0]];
    const titleOf = row => nameOf(row) + ", " + interventionOf(row);
    const metricTitle = metric => metric.task + " " + metric.metric;

    function format(metric, value, sign = true, digits = metric.digits) {
        if (!Number.isFinite(value))
            return "";
        return (sign && value >= 0 ? "+" : "") + (value * metric.factor).toFixed(digits);
    }
    /* More digits for what is small: two that are not zero. */
    function digitsFor(metric, value) {
        const size = Math.abs(value * metric.factor);
        return size > 0 ? Math.max(metric.digits, Math.min(7, 1 - Math.floor(Math.log10(size)))) : metric.digits;
    }
    function interval(metric, value, low, high, sign = true) {
        const digits = digitsFor(metric, value), text = format(metric, value, sign, digits);
        return Number.isFinite(low) && Number.isFinite(high)
            ? text + " [" + format(metric, low, sign, digits) + ", " + format(metric, high, sign, digits) + "]" : text;
    }
    const formatQ = q => !Number.isFinite(q) ? "" : q < 1e-30 ? "< 1e-30" : q < 0.001 ? q.toExponential(1) : q.toFixed(3);
    const deltaText = (metric, row) => metric.delta ? interval(metric, metric.delta[row], metric.low[row], metric.high[row]) : "";
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
        const mean = metric.clean === null ? NaN : metric.clean + metric.delta[row];
        const cells = [format(metric, metric.clean === null ? NaN : metric.clean, false), format(metric, mean, false),
            deltaText(metric, row), formatQ(metric.q[row])];
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
        if (row !== undefined)
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

    /* ---- the matrix of pairs ---------------------------------------------------------------------------------- */

    const stepClass = step => step < 0 ? "n" + -step : step > 0 ? "p" + step : "z0";
    /* Colours are those of the figures, in light and dark: asked of an element that has their class. */
    function colours() {
        const svg = svgElement("svg"), probe = svg.appendChild(svgElement("rect"));
        svg.classList.add("figure");
        document.body.append(svg);
        const steps = [];
        for (let step = -8; step <= 8; ++step) {
            probe.setAttribute("class", stepClass(step));
            steps.push(getComputedStyle(probe).fill);
        }
        svg.remove();
        const style = getComputedStyle(document.documentElement);
        return { steps, paper: style.getPropertyValue("--paper"), ink: style.getPropertyValue("--ink"), muted: style.getPropertyValue("--muted"), line: style.getPropertyValue("--line") };
    }

    const svgElement = tag => document.createElementNS("http://www.w3.org/2000/svg", tag);
    function colourScale() {
        const svg = svgElement("svg");
        svg.setAttribute("class", "figure legend");
        svg.setAttribute("width", 187);
        svg.setAttribute("height", 10);
        for (let step = -8; step <= 8; ++step) {
            const box = svg.appendChild(svgElement("rect"));
            box.setAttribute("x", 11 * (step + 8));
            box.setAttribute("width", 11);
            box.setAttribute("height", 10);
            box.setAttribute("class", stepClass(step));
        }
        return svg;
    }

    const margin = 52;
    function Matrix(figure) {
        const metric = data.metrics[Number(figure.dataset.ofMetric)], m = Number(figure.dataset.ofMetric);
        const intervention = Number(figure.dataset.intervention), n = data.components.length;
        const pairs = new Map();
        data.sets.forEach((set, row) => {
            if (set[0] === intervention && set.length === 3) {
                pairs.set(set[1] * n + set[2], row);
                pairs.set(set[2] * n + set[1], row);
            }
        });
        const canvas = element("canvas", undefined, { tabindex: "0", role: "img", "aria-label": "Matrix of " +
            metricTitle(metric) + ", " + data.interventions[intervention] + ". Arrow keys go from pair to pair, + and - zoom." });
        const show = element("select");
        show.append(element("option", "interaction", { value: "interaction" }), element("option", "change of the pair", { value: "delta" }));
        const label = element("label", "Shows ");
        label.append(show);
        const tools = element("div", undefined, { class: "tools" }), legend = element("span", "", { class: "muted" });
        const button = (text, title, action) => {
            const made = element("button", text, { type: "button", title });
            made.addEventListener("click", action);
            return made;
        };
        let zoom = 1, left = 0, top = 0, cursor = null, palette, side;

        const size = () => side * zoom / n;
        const row = (i, j) => i === j ? singles.get(intervention + ":" + i) : pairs.get(i * n + j);
        const value = (i, j) => {
            const at = row(i, j);
            return at === undefined || i === j && show.value === "interaction" ? NaN : metric[show.value][at];
        };
        let largest = 0;
        function measure() {
            largest = 0;
            for (const at of pairs.values())
                largest = Math.max(largest, Math.abs(metric[show.value][at]) || 0);
        }
        function labels(context, first, last, cell) {
            const every = Math.max(1, Math.ceil(13 / cell));
            context.fillStyle = palette.muted;
            context.font = "11px system-ui, sans-serif";
            for (let i = Math.ceil(first[1] / every) * every; i < last[1]; i += every) {
                context.textAlign = "right";
                context.fillText(data.components[i], margin - 5, Math.max(9, (i + 0.5) * cell - top + 4));
            }
            for (let j = Math.ceil(first[0] / every) * every; j < last[0]; j += every) {
                context.save();
                context.translate(margin + (j + 0.5) * cell - left + 4, side + 5);
                context.rotate(-Math.PI / 2);
                context.textAlign = "right";
                context.fillText(data.components[j], 0, 0);
                context.restore();
            }
        }
        function draw() {
            const cell = size(), ratio = devicePixelRatio || 1, context = canvas.getContext("2d");
            canvas.width = (side + margin + 1) * ratio;
            canvas.height = (side + margin + 1) * ratio;
            canvas.style.width = side + margin + 1 + "px";
            context.scale(ratio, ratio);
            const first = [Math.floor(left / cell), Math.floor(top / cell)];
            const last = [Math.min(n, Math.ceil((left + side) / cell)), Math.min(n, Math.ceil((top + side) / cell))];
            const gap = cell >= 8 ? 1 : 0;
            context.save();
            context.beginPath();
            context.rect(margin, 0, side, side);
            context.clip();
            for (let i = first[1]; i < last[1]; ++i)
                for (let j = first[0]; j < last[0]; ++j) {
                    const v = value(i, j);
                    if (!Number.isFinite(v))
                        continue;
                    const x = margin + j * cell - left, y = i * cell - top, at = row(i, j);
                    context.fillStyle = palette.steps[8 + (largest > 0 ? Math.round(8 * Math.max(-1, Math.min(1, v / largest))) : 0)];
                    context.fillRect(x, y, cell - gap + (gap ? 0 : 0.4), cell - gap + (gap ? 0 : 0.4));
                    const q = show.value === "interaction" ? metric.interaction_q : metric.q;
                    if (cell >= 12 && q[at] < data.level) {
                        context.beginPath();
                        context.arc(x + cell / 2, y + cell / 2, 1.8, 0, 7);
                        context.fillStyle = palette.paper;
                        context.fill();
                        context.strokeStyle = palette.ink;
                        context.lineWidth = 0.8;
                        context.stroke();
                    }
                }
            if (cursor) {
                context.strokeStyle = palette.ink;
                context.lineWidth = 2;
                context.strokeRect(margin + cursor[1] * cell - left, cursor[0] * cell - top, cell, cell);
            }
            context.restore();
            context.strokeStyle = palette.line;
            context.lineWidth = 1;
            context.strokeRect(margin, 0.5, side, side);
            labels(context, first, last, cell);
            const end = format(metric, largest, true, digitsFor(metric, largest));
            legend.replaceChildren("-" + end.slice(1) + " ", colourScale(), " " + end + " " + metric.unit +
                (cell >= 12 ? "; dots: q < " + data.level.toPrecision(2) : "; zoom in for significance"));
        }
        function clampView() {
            left = Math.max(0, Math.min(left, side * zoom - side));
            top = Math.max(0, Math.min(top, side * zoom - side));
        }
        function zoomTo(wanted, x = side / 2, y = side / 2) {
            const next = Math.max(1, Math.min(wanted, Math.max(1, 40 * n / side)));
            left = (left + x) * next / zoom - x;
            top = (top + y) * next / zoom - y;
            zoom = next;
            clampView();
            draw();
        }
        function cellAt(event) {
            const box = canvas.getBoundingClientRect(), scale = (side + margin + 1) / box.width;
            const j = Math.floor(((event.clientX - box.x) * scale - margin + left) / size());
            const i = Math.floor(((event.clientY - box.y) * scale + top) / size());
            return i >= 0 && j >= 0 && i < n && j < n && (event.clientX - box.x) * scale > margin ? [i, j] : null;
        }
        function tipAt(cell, x, y) {
            const at = cell && row(...cell);
            if (at === undefined || at === null)
                hideTip();
            else
                showTip(describe(at, m), x, y);
        }
        function moveCursor(dx, dy) {
            cursor = cursor ? [Math.max(0, Math.min(n - 1, cursor[0] + dy)), Math.max(0, Math.min(n - 1, cursor[1] + dx))] : [0, 1 % n];
            const cell = size(), box = canvas.getBoundingClientRect();
            left = Math.min(cursor[1] * cell, Math.max(left, (cursor[1] + 1) * cell - side));
            top = Math.min(cursor[0] * cell, Math.max(top, (cursor[0] + 1) * cell - side));
            clampView();
            draw();
            tipAt(cursor, box.x + margin + (cursor[1] + 1) * cell - left, box.y + (cursor[0] + 1) * cell - top);
        }
        function start() {
            side = Math.round(Math.max(220, Math.min(Math.max(16 * n, 300), 620, document.querySelector("main").clientWidth - 60 - margin)));
            palette = colours();
            measure();
            draw();
        }

        let drag = null;
        canvas.addEventListener("pointerdown", event => {
            drag = [event.clientX, event.clientY, left, top, false];
            canvas.setPointerCapture(event.pointerId);
        });
        canvas.addEventListener("pointerup", event => {
            const cell = cellAt(event), moved = drag && drag[4];
            drag = null;
            if (moved || !cell)
                return;
            cursor = cell;
            draw();
            if (row(...cell) !== undefined)
                choose(ids[row(...cell)]);
        });
        canvas.addEventListener("pointermove", event => {
            if (drag && Math.abs(event.clientX - drag[0]) + Math.abs(event.clientY - drag[1]) > 3)
                drag[4] = true;
            if (drag && drag[4]) {
                left = drag[2] + drag[0] - event.clientX;
                top = drag[3] + drag[1] - event.clientY;
                clampView();
                draw();
                return hideTip();
            }
            tipAt(cellAt(event), event.clientX, event.clientY);
        });
        canvas.addEventListener("pointerleave", hideTip);
        canvas.addEventListener("wheel", event => {
            if (!event.ctrlKey && !event.shiftKey && document.activeElement !== canvas)
                return;
            event.preventDefault();
            const box = canvas.getBoundingClientRect();
            zoomTo(zoom * Math.pow(2, -event.deltaY / 240), event.clientX - box.x - margin, event.clientY - box.y);
        }, { passive: false });
        canvas.addEventListener("keydown", event => {
            if (arrows[event.key])
                moveCursor(...arrows[event.key]);
            else if (event.key === "+" || event.key === "=")
                zoomTo(zoom * 1.5);
            else if (event.key === "-")
                zoomTo(zoom / 1.5);
            else if (event.key === "Enter" && cursor && row(...cursor) !== undefined)
                choose(ids[row(...cursor)]);
            else
                return;
            event.preventDefault();
        });
        canvas.addEventListener("blur", hideTip);
        show.addEventListener("change", () => { measure(); draw(); });

        tools.append(label, button("+", "Zoom in", () => zoomTo(zoom * 1.5)), button("\u2212", "Zoom out", () => zoomTo(zoom / 1.5)),
            button("All", "Show all pairs", () => zoomTo(1)));
        figure.append(tools, canvas, legend);
        return { figure, canvas, start, row, cellSize: size, view: () => ({ left, top, zoom, margin, side }) };
    }
    const matrices = [...document.querySelectorAll("figure.matrix")].filter(f => data.metrics[f.dataset.ofMetric].interaction).map(Matrix);
    for (const figure of document.querySelectorAll("figure.matrix"))
        if (!data.metrics[figure.dataset.ofMetric].interaction)
            figure.append(element("p", "The numbers of this metric are not in the page, for size; headsweep report --figures draws it.", { class: "empty" }));

    /* ---- one metric at a time --------------------------------------------------------------------------------- */

    const metricChoice = byId("metric");
    function showMetric() {
        for (const figure of document.querySelectorAll("figure[data-of-metric]"))
            figure.hidden = figure.dataset.ofMetric !== metricChoice.value;
        for (const section of document.querySelectorAll("main > section")) {
            const note = section.querySelector(".empty.none");
            if (note)
                note.remove();
            const figures = [...section.querySelectorAll("figure")];
            if (figures.length > 0 && figures.every(figure => figure.hidden))
                section.append(element("p", "Nothing to show for this metric.", { class: "empty none" }));
        }
        for (const matrix of matrices)
            if (!matrix.figure.hidden)
                matrix.start();
        fillAll();
    }
    for (const scripted of document.querySelectorAll(".script"))
        scripted.hidden = false;
    metricChoice.addEventListener("change", showMetric);

    /* ---- tables ----------------------------------------------------------------------------------------------- */

    function copyTable(table, button) {
        const text = [...table.rows].filter(row => !row.hidden).map(row => [...row.cells].map(cell =>
            cell.dataset.v !== undefined && !/\[/.test(cell.textContent) ? cell.dataset.v : cell.textContent.trim()).join("\t")).join("\n");
        const done = () => {
            button.textContent = "Copied";
            setTimeout(() => { button.textContent = "Copy"; }, 1500);
        };
        api.copied = text;
        if (navigator.clipboard && isSecureContext)
            return navigator.clipboard.writeText(text).then(done, () => fallbackCopy(text, done));
        fallbackCopy(text, done);
    }
    /* Pages opened from a file have no clipboard of their own in some browsers. */
    function fallbackCopy(text, done) {
        const area = element("textarea", text);
        document.body.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
        done();
    }
    function sortTable(table, column, header) {
        const descending = header.getAttribute("aria-sort") !== "descending";
        for (const other of table.tHead.rows[0].cells)
            other.removeAttribute("aria-sort");
        header.setAttribute("aria-sort", descending ? "descending" : "ascending");
        const key = row => {
            const cell = row.cells[column];
            return cell.dataset.v !== undefined ? Number(cell.dataset.v) : header.classList.contains("number") ? NaN : cell.textContent;
        };
        const direction = descending ? -1 : 1;
        const sorted = [...table.tBodies[0].rows].map((row, i) => [key(row), i, row]).sort(([a, i], [b, j]) => {
            if (typeof a === "number" && typeof b === "number") {
                if (Number.isNaN(a) || Number.isNaN(b))
                    return Number.isNaN(a) - Number.isNaN(b) || i - j;
                return direction * (a - b) || i - j;
            }
            return direction * String(a).localeCompare(String(b), undefined, { numeric: true }) || i - j;
        });
        table.tBodies[0].append(...sorted.map(entry => entry[2]));
    }
    function makeSortable(table, sort) {
        [...table.tHead.rows[0].cells].forEach((header, column) => {
            const button = element("button", header.textContent, { type: "button", title: "Sort" });
            button.addEventListener("click", () => sort(table, column, header));
            header.replaceChildren(button);
        });
    }
    /* Rows of one set at a time, where a table asks for it. */
    function bySet(table, tools) {
        const choice = element("select", undefined, { "aria-label": "Set" }), seen = new Map();
        for (const row of table.tBodies[0].rows)
            if (!seen.has(row.dataset.s))
                seen.set(row.dataset.s, row.cells[0].textContent + ", " + row.cells[1].textContent);
        for (const [id, title] of seen)
            choice.append(element("option", title, { value: id }));
        const apply = () => {
            for (const row of table.tBodies[0].rows)
                row.hidden = row.dataset.s !== choice.value;
        };
        choice.addEventListener("change", apply);
        tools.append("Set ", choice);
        apply();
    }
    for (const table of document.querySelectorAll("table.data")) {
        const tools = element("div", undefined, { class: "tools" }), copy = element("button", "Copy", { type: "button" });
        copy.addEventListener("click", () => copyTable(table, copy));
        table.parentElement.before(tools);
        if (table.dataset.bySet !== undefined)
            bySet(table, tools);
        tools.append(copy);
        makeSortable(table, sortTable);
    }

    /* ---- every set -------------------------------------------------------------------------------------------- */

    const pageRows = 20, all = byId("all");
    const view = { key: 3, descending: true, first: 0, filter: "" };
    const columns = [
        { title: "heads", of: (m, row) => nameOf(row) },
        { title: "ablation", of: (m, row) => interventionOf(row) },
        { title: "change", number: (m, row) => m.delta[row], text: deltaText },
        { title: "size of change", number: (m, row) => Math.abs(m.delta[row]), text: (m, row) => format(m, Math.abs(m.delta[row]), false, digitsFor(m, m.delta[row])) },
        { title: "q", number: (m, row) => m.q[row], text: (m, row) => formatQ(m.q[row]) },
        { title: "interaction", number: (m, row) => m.interaction ? m.interaction[row] : NaN, text: interactionText },
        { title: "q of interaction", number: (m, row) => m.interaction ? m.interaction_q[row] : NaN,
            text: (m, row) => m.interaction ? formatQ(m.interaction_q[row]) : "" },
    ];
    let allTable, allNote, filtered = [];
    function buildAll() {
        const tools = element("div", undefined, { class: "tools" });
        const filter = element("input", undefined, { type: "search", placeholder: "heads, such as 2.1", "aria-label": "Filter" });
        const previous = element("button", "Previous", { type: "button" }), next = element("button", "Next", { type: "button" });
        const copy = element("button", "Copy", { type: "button" });
        const scroll = element("div", undefined, { class: "scroll" });
        allNote = element("span", "", { class: "muted" });
        allTable = element("table", undefined, { id: "table-all" });
        const head = allTable.createTHead().insertRow();
        for (const column of columns)
            head.append(element("th", column.title, { scope: "col", class: column.number ? "number" : "" }));
        allTable.createTBody();
        makeSortable(allTable, (table, key, header) => {
            view.descending = view.key === key ? !view.descending : Boolean(columns[key].number);
            view.key = key;
            view.first = 0;
            fillAll();
        });
        filter.addEventListener("input", () => { view.filter = filter.value.trim(); view.first = 0; fillAll(); });
        previous.addEventListener("click", () => { view.first = Math.max(0, view.first - pageRows); showAll(); });
        next.addEventListener("click", () => { view.first += view.first + pageRows < filtered.length ? pageRows : 0; showAll(); });
        copy.addEventListener("click", () => copyTable(allTable, copy));
        tools.append(filter, previous, next, copy, allNote);
        scroll.append(allTable);
        all.append(tools, scroll);
        if (ids.length + 1 < data.n_sets)
            all.append(element("p", "This page holds " + ids.length + " of " + (data.n_sets - 1) +
                " sets: those that are complete and, in a large file, matter most. headsweep rank prints all.", { class: "note" }));
    }
    function fillAll() {
        const metric = data.metrics[Number(metricChoice.value)], column = columns[view.key], direction = view.descending ? -1 : 1;
        if (!metric.delta) {
            filtered = [];
            return showAll();
        }
        const wanted = view.filter.split(/[\s+,]+/).filter(Boolean);
        filtered = ids.map((_, row) => row).filter(row => wanted.length === 0 || wanted.every(part =>
            interventionOf(row) === part || data.sets[row].slice(1).some(c => data.components[c] === part)));
        const keys = new Map(filtered.map(row => [row, column.number ? column.number(metric, row) : column.of(metric, row)]));
        filtered.sort((a, b) => {
            const left = keys.get(a), right = keys.get(b);
            if (typeof left === "string")
                return direction * left.localeCompare(right, undefined, { numeric: true }) || a - b;
            if (Number.isNaN(left) || Number.isNaN(right))
                return Number.isNaN(left) - Number.isNaN(right) || a - b;
            return direction * (left - right) || a - b;
        });
        [...allTable.tHead.rows[0].cells].forEach((header, key) => {
            if (key === view.key)
                header.setAttribute("aria-sort", view.descending ? "descending" : "ascending");
            else
                header.removeAttribute("aria-sort");
        });
        showAll();
    }
    function showAll() {
        const metric = data.metrics[Number(metricChoice.value)], body = allTable.tBodies[0], lines = [];
        for (const row of filtered.slice(view.first, view.first + pageRows)) {
            const line = element("tr", undefined, { "data-s": ids[row] });
            for (const column of columns) {
                const cell = element("td", column.number ? column.text(metric, row) : column.of(metric, row), { class: column.number ? "number" : "" });
                if (column.number && Number.isFinite(column.number(metric, row)))
                    cell.dataset.v = column.number(metric, row);
                line.append(cell);
            }
            line.classList.toggle("current", ids[row] === chosen);
            lines.push(line);
        }
        body.replaceChildren(...lines);
        allNote.textContent = metric.delta
            ? metricTitle(metric) + " [" + metric.unit + "]: " + (filtered.length ? view.first + 1 : 0) + " to " +
                Math.min(view.first + pageRows, filtered.length) + " of " + filtered.length
            : "The numbers of this metric are not in the page, for size.";
    }

    const api = window.headsweep = { data, ids, rows, choose, matrices, nameOf, interventionOf };
    buildAll();
    showMetric();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => matrices.forEach(matrix => matrix.figure.hidden || matrix.start()));
    addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(folded => { folded.open = true; }));
    addEventListener("beforeprint", () => matrices.forEach(matrix => matrix.figure.hidden || matrix.start()));
})();
