/* The matrix of pairs: drawn on a canvas from the numbers of the page, with zoom. */
"use strict";
(function () {
    const { data, ids, singles, metricTitle, format, formatQ, element, describe, showTip, hideTip, choose,
        arrows } = window.headsweep;

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
        const named = name => style.getPropertyValue("--" + name);
        return { steps, paper: named("paper"), ink: named("ink"), muted: named("muted"), line: named("line") };
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
            metricTitle(metric) + ", " + data.interventions[intervention] +
            ". Arrow keys go from pair to pair, + and - zoom." });
        const show = element("select");
        show.append(element("option", "interaction", { value: "interaction" }),
            element("option", "change of the pair", { value: "delta" }));
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
                    const step = largest > 0 ? Math.round(8 * Math.max(-1, Math.min(1, v / largest))) : 0;
                    context.fillStyle = palette.steps[8 + step];
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
            const end = format(metric, largest);
            legend.replaceChildren("-" + end.slice(1) + " ", colourScale(), " " + end + " " + metric.unit +
                (cell >= 12 ? "; dots: q < " + formatQ(data.level) : "; zoom in for significance"));
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
            const within = index => Math.max(0, Math.min(n - 1, index));
            cursor = cursor ? [within(cursor[0] + dy), within(cursor[1] + dx)] : [0, 1 % n];
            const cell = size(), box = canvas.getBoundingClientRect();
            left = Math.min(cursor[1] * cell, Math.max(left, (cursor[1] + 1) * cell - side));
            top = Math.min(cursor[0] * cell, Math.max(top, (cursor[0] + 1) * cell - side));
            clampView();
            draw();
            tipAt(cursor, box.x + margin + (cursor[1] + 1) * cell - left, box.y + (cursor[0] + 1) * cell - top);
        }
        function start() {
            const room = document.querySelector("main").clientWidth - 60 - margin;
            side = Math.round(Math.max(220, Math.min(Math.max(16 * n, 300), 620, room)));
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

        tools.append(label, button("+", "Zoom in", () => zoomTo(zoom * 1.5)),
            button("\u2212", "Zoom out", () => zoomTo(zoom / 1.5)),
            button("All", "Show all pairs", () => zoomTo(1)));
        figure.append(tools, canvas, legend);
        return { figure, canvas, start, row, cellSize: size, view: () => ({ left, top, zoom, margin, side }) };
    }
    const figures = [...document.querySelectorAll("figure.matrix")];
    const hasNumbers = figure => data.metrics[figure.dataset.ofMetric].interaction !== undefined;
    const matrices = figures.filter(hasNumbers).map(Matrix);
    for (const figure of figures)
        if (!hasNumbers(figure))
            figure.append(element("p", "The numbers of this metric are not in the page, for size; " +
                "headsweep report --figures draws it.", { class: "empty" }));

    window.headsweep.matrices = matrices;
})();
