/* What one evaluation says, in parts that several pages show. An evaluation is as
 * weft_evaluation_json writes it. */
(() => {
  const { el, at, fill, count, fixed, percent, plural, named, table, chart, title, scroll } = weft;

  /* scikit-learn's classification report. */
  weft.classReport = (place, e) => {
    const row = (name, s) => el("tr", {}, el("th", { scope: "row" }, name),
      ["precision", "recall", "f1-score"].map((k) => el("td", {}, fixed(s[k], 4))),
      el("td", {}, count(s.support)));
    const accuracy = el("tr", {}, el("th", { scope: "row" }, "accuracy"), el("td", {}), el("td", {}),
      el("td", {}, fixed(e.accuracy, 4)), el("td", {}, count(e.count)));
    const f1 = (s) => el("span", {},
      el("span", { class: "bar", "aria-hidden": "true" },
        el("i", { style: `width:${100 * s["f1-score"]}%` })),
      fixed(s["f1-score"], 4));
    fill(place, table([
      { title: "class", head: true, value: (s) => s.name, text: (s) => named(s.name) },
      { title: "precision", value: (s) => s.precision, text: (s) => fixed(s.precision, 4) },
      { title: "recall", value: (s) => s.recall, text: (s) => fixed(s.recall, 4) },
      { title: "f1-score", value: (s) => s["f1-score"], text: f1 },
      { title: "support", value: (s) => s.support, text: (s) => count(s.support) },
    ], e.classes, { sortable: true, label: "Classification report",
      foot: el("tfoot", {}, accuracy, row("macro avg", e["macro avg"]), row("weighted avg", e["weighted avg"])) }));
  };

  /* ---- the confusion matrix ---- */

  /* Every pair that is confused, the most frequent first: [{i, j, n}]. */
  function confusedPairs(e) {
    const pairs = [];
    e.confusion_matrix.forEach((row, i) => row.forEach((n, j) => { if (i !== j && n) pairs.push({ i, j, n }); }));
    return pairs.sort((a, b) => b.n - a.n || a.i - b.i || a.j - b.j);
  }

  /* More than fit on a page are cut down to those that are confused most, in their order. */
  const MOST = 40;
  function shownClasses(e) {
    const all = e.classes.map((_, k) => k);
    if (all.length <= MOST) return all;
    const errors = all.map(() => 0);
    confusedPairs(e).forEach(({ i, j, n }) => { errors[i] += n; errors[j] += n; });
    return all.sort((a, b) => errors[b] - errors[a]).slice(0, MOST).sort((a, b) => a - b);
  }

  /* Arrow keys, Home and End move between the cells; Tab enters and leaves the whole. */
  function moveByKeys(grid, cells) {
    const place = (button) => {
      for (let i = 0; i < cells.length; i++) {
        const j = cells[i].indexOf(button);
        if (j >= 0) return [i, j];
      }
      return null;
    };
    function focus(button) {
      cells.flat().forEach((b) => { b.tabIndex = b === button ? 0 : -1; });
      button.focus();
    }
    const last = cells.length - 1;
    const keys = {
      ArrowUp: (i, j) => [i - 1, j], ArrowDown: (i, j) => [i + 1, j],
      ArrowLeft: (i, j) => [i, j - 1], ArrowRight: (i, j) => [i, j + 1],
      Home: (i, j, all) => [all ? 0 : i, 0], End: (i, j, all) => [all ? last : i, last],
    };
    grid.addEventListener("keydown", (event) => {
      const from = place(event.target), move = keys[event.key];
      if (!from || !move || event.altKey || event.metaKey) return;
      const [i, j] = move(...from, event.ctrlKey);
      if (cells[i]?.[j]) focus(cells[i][j]);
      event.preventDefault();
    });
    grid.addEventListener("focusin", (event) => {
      if (place(event.target) && event.target.tabIndex < 0) focus(event.target);
    });
  }

  /* A figure with the matrix as a grid of buttons: onpick(i, j), if given, shows the
   * pictures of class i that were taken for class j. */
  weft.confusion = (place, e, name, onpick) => {
    const matrix = e.confusion_matrix, shown = shownClasses(e);
    const names = e.classes.map((c) => c.name);
    const sums = matrix.map((row) => row.reduce((a, b) => a + b, 0));
    const share = (i, j) => (sums[i] ? matrix[i][j] / sums[i] : 0);
    const said = (i, j) => (i === j
      ? `${plural(matrix[i][j], "picture")} of ${names[i]} recognised, ${percent(share(i, j), 1)}`
      : `${plural(matrix[i][j], "picture")} of ${names[i]} taken for ${names[j]}, ${percent(share(i, j), 1)}`);
    const cells = shown.map((i) => shown.map((j) => el(onpick ? "button" : "span", {
      type: onpick ? "button" : null, tabindex: onpick ? -1 : null, "data-cell": `${i}-${j}`,
      class: i === j ? "right" : "wrong", title: said(i, j), "aria-label": onpick ? said(i, j) : null,
      /* Small shares are to be seen too. */
      style: `--share:${fixed(100 * share(i, j) ** 0.6, 1)}%`,
      onclick: onpick ? () => {
        cells.flat().forEach((b) => b.toggleAttribute("data-picked", b.dataset.cell === `${i}-${j}`));
        onpick(i, j);
      } : null,
    }, matrix[i][j] ? count(matrix[i][j]) : "")));
    if (onpick) cells[0][0].tabIndex = 0;
    const label = `Confusion matrix of ${name}: a row is what the pictures are, a column what was said`;
    const grid = el("table", { class: `confusion${shown.length > 12 ? " dense" : ""}`,
      role: onpick ? "grid" : null, "aria-label": label },
      el("thead", {}, el("tr", {}, el("td", { class: "corner" }, "true \\ said"),
        shown.map((j) => el("th", { scope: "col" }, el("span", { title: names[j] }, names[j]))))),
      el("tbody", {}, shown.map((i, row) => el("tr", {},
        el("th", { scope: "row", title: names[i] }, names[i]), cells[row].map((c) => el("td", {}, c))))));
    if (onpick) moveByKeys(grid, cells);
    const small = shown.length < names.length
      ? `the ${shown.length} of ${names.length} classes that are confused most; results.json holds the rest`
      : "figure: pictures; shade: share of the row";
    fill(place, el("figcaption", {}, `Confusion matrix of ${name}`, el("small", {}, small)),
      el("div", { class: "scroll plain" }, grid),
      el("details", {}, el("summary", {}, "Shares of each row, %"),
        scroll("Shares of each row", table([
          { title: "true \\ said", head: true, text: (i) => names[i] },
          ...shown.map((j) => ({ title: names[j], text: (i) => fixed(100 * share(i, j), 1) })),
        ], shown, { compact: true }))));
  };

  /* ---- how far probabilities can be trusted ---- */

  /* Accuracy against stated probability; `before`, when given, is the evaluation of the
   * same pictures before temperature scaling. */
  weft.calibration = (place, e, name, before) => {
    const bins = e.reliability.filter((b) => b.count);
    const line = (of, label, color, dash, symbol) => {
      const filled = of.reliability.filter((b) => b.count);
      return { type: "scatter", mode: "lines+markers", name: label, x: filled.map((b) => b.confidence),
        y: filled.map((b) => b.accuracy), line: { color, width: 2, dash }, marker: { size: 8, color, symbol },
        hovertemplate: "sure %{x:.3f}, right %{y:.3f}<extra></extra>" };
    };
    const ece = (of) => fixed(of.expected_calibration_error, 4);
    chart(place, {
      caption: `Reliability of ${name}`,
      small: before
        ? `expected calibration error ${ece(before)} before temperature scaling, ${ece(e)} after`
        : `expected calibration error ${ece(e)}, log loss ${fixed(e.log_loss, 4)}, Brier score ${fixed(e.brier_score, 4)}`,
      label: `Share of right predictions against stated probability for ${name}; expected calibration error ${ece(e)}`,
      draw: (t) => ({
        traces: [
          { type: "scatter", mode: "lines", x: [0, 1], y: [0, 1], hoverinfo: "skip", name: "ideal",
            line: { color: t.soft, width: 1, dash: "dash" } },
          { type: "bar", name: "pictures", yaxis: "y2", x: e.reliability.map((b) => (b.above + b.to) / 2),
            y: e.reliability.map((b) => b.count), width: 1 / e.reliability.length * 0.9, showlegend: false,
            marker: { color: t.soft, opacity: 0.45 }, hovertemplate: "%{y} pictures<extra></extra>" },
          ...(before ? [line(before, "before scaling", t.series[1], "dot", "square-open")] : []),
          line(e, before ? "after scaling" : "accuracy", t.accent, "solid", "circle"),
        ],
        layout: {
          height: 380, showlegend: true, barmode: "overlay",
          xaxis: { ...title("probability of the predicted class"), range: [0, 1.02], anchor: "y2" },
          yaxis: { ...title("share that is right"), range: [0, 1.04], domain: [0.3, 1] },
          yaxis2: { ...title("pictures"), domain: [0, 0.2], automargin: true, fixedrange: true, gridcolor: t.line,
            linecolor: t.line, nticks: 3, zerolinecolor: t.line },
        },
      }),
      data: () => table([
        { title: "probability", head: true, text: (b) => `${fixed(b.above, 3)}–${fixed(b.to, 3)}` },
        { title: "pictures", text: (b) => count(b.count) },
        { title: "mean probability", text: (b) => (b.count ? fixed(b.confidence, 4) : "–") },
        { title: "accuracy", text: (b) => (b.count ? fixed(b.accuracy, 4) : "–") },
        ...(before ? [
          { title: "pictures before", text: (b) => count(before.reliability[e.reliability.indexOf(b)].count) },
          { title: "accuracy before", text: (b) => {
            const was = before.reliability[e.reliability.indexOf(b)];
            return was.count ? fixed(was.accuracy, 4) : "–";
          } }] : []),
      ], e.reliability, { compact: true }),
    });
    return bins.length;
  };

  /* How many are right when only the surest are answered: [{name, evaluation, i}]. */
  weft.coverage = (place, entries) => {
    const has = entries.filter(({ evaluation }) => evaluation.coverage?.length);
    at(place).hidden = has.length === 0;
    if (!has.length) return;
    const points = (e) => e.coverage;
    chart(place, {
      caption: "Coverage against accuracy",
      small: "if only the surest share of the pictures is answered and the rest goes to a person",
      label: `Accuracy among the surest pictures for ${weft.list(has.map((m) => m.name))}`,
      draw: (t) => ({
        traces: has.map(({ name, evaluation, i }) => ({
          type: "scatter", mode: "lines+markers", name: weft.plain(weft.cut(name, 44)),
          x: points(evaluation).map((p) => 100 * p.coverage), y: points(evaluation).map((p) => 100 * p.accuracy),
          line: { color: weft.color(t, i), width: 2 },
          marker: { ...weft.marker(t, i, 6), maxdisplayed: 11 },
          customdata: points(evaluation).map((p) => p.confidence),
          hovertemplate: "%{x:.0f} % answered, %{y:.2f} % of them right, least probability %{customdata:.3f}<extra></extra>",
        })),
        layout: { height: 380, showlegend: has.length > 1,
          xaxis: { ...title("answered, % of the pictures"), range: [0, 101] },
          yaxis: { ...title("right among them, %") } },
      }),
      data: () => table([
        { title: "answered, %", head: true, text: (i) => fixed(100 * points(has[0].evaluation)[i].coverage, 0) },
        ...has.flatMap(({ name, evaluation }) => [
          { title: `${name}: right, %`, text: (i) => fixed(100 * (points(evaluation)[i]?.accuracy ?? NaN), 2) },
          { title: "least probability", text: (i) => fixed(points(evaluation)[i]?.confidence ?? NaN, 4) },
        ]),
      ], points(has[0].evaluation).map((_, i) => i), { compact: true }),
    });
  };

  Object.assign(weft, { confusedPairs });
})();
