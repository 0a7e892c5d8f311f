/* Tables that sort and copy, the table of every set, and the choice of the metric that figures and table show. */
"use strict";
(function () {
    const { data, ids, nameOf, interventionOf, metricTitle, format, formatQ, deltaText, interactionText,
        element, choose, isChosen, matrices } = window.headsweep;
    const byId = id => document.getElementById(id);

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

    const spell = name => name.replace(/(\d+)\.([a-z]*)(\d+)/g, (all, layer, prefix, index) =>
        prefix in data.kinds ? "L" + layer + data.kinds[prefix] + index : all);
    function copyTable(table, button) {
        /*
         * Numbers with all their digits, intervals as they are shown, heads as in CSV: where they are pasted, 3.1 and 3.10
         * would be one number.
         */
        const cellText = cell => cell.classList.contains("heads") ? spell(cell.textContent.trim())
            : cell.dataset.v !== undefined && !cell.textContent.includes("[") ? cell.dataset.v : cell.textContent.trim();
        const text = [...table.rows].filter(row => !row.hidden)
            .map(row => [...row.cells].map(cellText).join("\t")).join("\n");
        const done = () => {
            button.textContent = "Copied";
            setTimeout(() => { button.textContent = "Copy"; }, 1500);
        };
        window.headsweep.copied = text;
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
            return cell.dataset.v !== undefined ? Number(cell.dataset.v)
                : header.classList.contains("number") ? NaN : cell.textContent;
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
    /* One row of a table is a stop of the tab key; the arrow keys go on from there, and Enter chooses the row's set. */
    function makeReachable(body) {
        const lines = [...body.rows].filter(line => line.dataset.s !== undefined);
        for (const line of lines)
            line.removeAttribute("tabindex");
        const first = lines.find(line => !line.hidden);
        if (first)
            first.tabIndex = 0;
    }
    document.addEventListener("keydown", event => {
        const line = event.target, step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
        if (!line.matches || !line.matches("tr[data-s]"))
            return;
        if (event.key === "Enter")
            choose(Number(line.dataset.s));
        if (!step)
            return;
        event.preventDefault();
        let next = line[step];
        while (next && next.hidden)
            next = next[step];
        if (!next)
            return;
        line.removeAttribute("tabindex");
        next.tabIndex = 0;
        next.focus();
    });
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
            makeReachable(table.tBodies[0]);
        };
        choice.addEventListener("change", apply);
        tools.append("Set ", choice);
        apply();
    }
    for (const table of document.querySelectorAll("table.data")) {
        const tools = element("div", undefined, { class: "tools" });
        const copy = element("button", "Copy", { type: "button" });
        copy.addEventListener("click", () => copyTable(table, copy));
        table.parentElement.before(tools);
        if (table.dataset.bySet !== undefined)
            bySet(table, tools);
        tools.append(copy);
        makeSortable(table, sortTable);
        makeReachable(table.tBodies[0]);
    }

    /* ---- every set -------------------------------------------------------------------------------------------- */

    const pageRows = 20, all = byId("all");
    const view = { key: 3, descending: true, first: 0, filter: "" };
    const columns = [
        { title: "heads", kind: "heads", of: (m, row) => nameOf(row) },
        { title: "ablation", of: (m, row) => interventionOf(row) },
        { title: "change", number: (m, row) => m.delta[row], text: deltaText },
        { title: "size of change", number: (m, row) => Math.abs(m.delta[row]),
            text: (m, row) => format(m, Math.abs(m.delta[row]), false) },
        { title: "q", number: (m, row) => m.q[row], text: (m, row) => formatQ(m.q[row]) },
        { title: "interaction", number: (m, row) => m.interaction ? m.interaction[row] : NaN, text: interactionText },
        { title: "q of interaction", number: (m, row) => m.interaction ? m.interaction_q[row] : NaN,
            text: (m, row) => m.interaction ? formatQ(m.interaction_q[row]) : "" },
    ];
    let allTable, allNote, filtered = [];
    function buildAll() {
        const tools = element("div", undefined, { class: "tools" });
        const filter = element("input", undefined, { type: "search", placeholder: "heads, such as 2.1",
            "aria-label": "Filter" });
        const previous = element("button", "Previous", { type: "button" });
        const next = element("button", "Next", { type: "button" });
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
        next.addEventListener("click", () => {
            view.first += view.first + pageRows < filtered.length ? pageRows : 0;
            showAll();
        });
        copy.addEventListener("click", () => copyTable(allTable, copy));
        tools.append(filter, previous, next, copy, allNote);
        scroll.append(allTable);
        all.append(tools, scroll);
        if (ids.length + 1 < data.n_sets)
            all.append(element("p", "This page holds " + ids.length + " of " + (data.n_sets - 1) +
                " sets: those that are complete and, in a large file, matter most. " +
                "headsweep rank prints all.", { class: "note" }));
    }
    function fillAll() {
        const metric = data.metrics[Number(metricChoice.value)], column = columns[view.key];
        const direction = view.descending ? -1 : 1;
        if (!metric.delta) {
            filtered = [];
            return showAll();
        }
        const wanted = view.filter.split(/[\s+,]+/).filter(Boolean);
        filtered = ids.map((_, row) => row).filter(row => wanted.length === 0 || wanted.every(part =>
            interventionOf(row) === part ||
            data.sets[row].slice(1).some(c => data.components[c] === part || spell(data.components[c]) === part)));
        const keyOf = row => column.number ? column.number(metric, row) : column.of(metric, row);
        const keys = new Map(filtered.map(row => [row, keyOf(row)]));
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
                const text = column.number ? column.text(metric, row) : column.of(metric, row);
                const cell = element("td", text, { class: column.number ? "number" : column.kind || "" });
                if (column.number && Number.isFinite(column.number(metric, row)))
                    cell.dataset.v = column.number(metric, row);
                line.append(cell);
            }
            line.classList.toggle("current", isChosen(ids[row]));
            lines.push(line);
        }
        body.replaceChildren(...lines);
        makeReachable(body);
        allNote.textContent = metric.delta
            ? metricTitle(metric) + " [" + metric.unit + "]: " + (filtered.length ? view.first + 1 : 0) + " to " +
                Math.min(view.first + pageRows, filtered.length) + " of " + filtered.length
            : "The numbers of this metric are not in the page, for size.";
    }

    buildAll();
    showMetric();
    const redraw = () => matrices.filter(matrix => !matrix.figure.hidden).forEach(matrix => matrix.start());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    addEventListener("beforeprint", () => {
        document.querySelectorAll("details").forEach(folded => { folded.open = true; });
        redraw();
    });
})();
