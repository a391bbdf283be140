/* The page of a cross-validation, from weft_crossvalidation_json. */
(() => {
  const { data: { results }, $, el, fill, count, fixed, percent, plural, seconds, table, chart, marker, title,
    plain, cut, terms } = weft;
  const { run, over_folds: spread } = results;
  const folds = results.folds.map((fold, i) => ({ ...fold, i, name: `fold ${i + 1}` }));
  const FIGURES = ["loss", "accuracy", "val_loss", "val_accuracy", "val_f1"].filter((k) => Number.isFinite(spread[k]?.mean));
  const pooled = results.out_of_fold;

  function head() {
    const { mean, sd } = spread.val_accuracy;
    weft.masthead({
      title: `${run.classifier}, ${folds.length}-fold cross-validation`,
      lead: [el("strong", {}, `${percent(mean)} ± ${fixed(100 * sd, 2)}`), ` right: mean and standard deviation over ${folds.length} folds.`],
      more: `Out of fold, ${percent(pooled.accuracy)} of ${plural(pooled.count, "picture")} (95 % interval ${fixed(100 * pooled.accuracy_interval[0], 1)} to ${percent(pooled.accuracy_interval[1], 1)}). The standard deviation understates what another sample would change: folds share their training pictures.`,
      facts: [
        ["Data", weft.last(run.data)], ["Pictures", count(pooled.count)], ["Classes", count(pooled.classes.length)],
        ["Folds", `${folds.length}, ${run.grouped ? "grouped" : "stratified"}`], ["Seed", `${run.seed}`], ["Date", run.began.slice(0, 10)],
      ],
    });
  }

  function foldTable() {
    const foot = (name, key) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}), el("td", {}),
      FIGURES.map((k) => el("td", {}, fixed(spread[k][key], 4))), el("td", {}));
    fill("fold-table", table([
      { title: "fold", head: true, value: (f) => f.i, text: (f) => `${f.i + 1}` },
      { title: "trained on", value: (f) => f.train_count, text: (f) => count(f.train_count) },
      { title: "judged on", value: (f) => f.evaluation.count, text: (f) => count(f.evaluation.count) },
      ...FIGURES.map((k) => ({ title: k, value: (f) => f[k], text: (f) => fixed(f[k], 4) })),
      { title: "time to fit", value: (f) => f.fit_seconds, text: (f) => seconds(f.fit_seconds) },
    ], folds, { sortable: true, label: "Folds", foot: el("tfoot", {}, foot("mean", "mean"), foot("sd", "sd")) }));
  }

  function spreadChart() {
    const { mean, sd } = spread.val_accuracy;
    chart("spread", {
      caption: "Accuracy of each fold", small: "with 95 % intervals (Wilson); dashed: the mean",
      label: `Accuracy of ${folds.length} folds around their mean of ${percent(mean)}`,
      draw: (t) => ({
        traces: [{
          type: "scatter", mode: "markers", x: folds.map((f) => 100 * f.val_accuracy), y: folds.map((f) => f.name),
          marker: { size: 10, color: t.accent },
          error_x: { type: "data", symmetric: false, thickness: 2, width: 5, color: t.soft,
            array: folds.map((f) => 100 * (f.evaluation.accuracy_interval[1] - f.val_accuracy)),
            arrayminus: folds.map((f) => 100 * (f.val_accuracy - f.evaluation.accuracy_interval[0])) },
          hovertemplate: "%{y}: %{x:.2f} %<extra></extra>",
        }],
        layout: { height: 120 + 36 * folds.length, showlegend: false, xaxis: { ...title("accuracy, %") },
          yaxis: { type: "category", autorange: "reversed", tickfont: { color: t.ink } },
          shapes: [{ type: "line", x0: 100 * mean, x1: 100 * mean, yref: "paper", y0: 0, y1: 1, line: { color: t.accent, width: 1.5, dash: "dash" } }] },
      }),
      data: () => table([
        { title: "fold", head: true, text: (f) => f.name },
        { title: "accuracy", text: (f) => fixed(f.val_accuracy, 4) },
        { title: "from", text: (f) => fixed(f.evaluation.accuracy_interval[0], 4) },
        { title: "to", text: (f) => fixed(f.evaluation.accuracy_interval[1], 4) },
        { title: "from the mean, in sd", text: (f) => (sd > 0 ? fixed((f.val_accuracy - mean) / sd, 2) : "–") },
      ], folds, { compact: true }),
    });
  }

  function f1Chart() {
    const classes = pooled.classes.map((c, k) => ({ ...c, k })).sort((a, b) => a["f1-score"] - b["f1-score"]);
    const f1 = (f, k) => f.evaluation.classes[k]["f1-score"];
    chart("fold-f1", {
      caption: "F1 of each class", small: "a mark a fold; the hardest classes are at the bottom",
      label: `F1 of each class in each fold; the hardest is ${classes[0].name}`,
      draw: (t) => ({
        traces: folds.map((f) => ({ type: "scatter", mode: "markers", name: f.name, x: classes.map((c) => f1(f, c.k)),
          y: classes.map((c) => plain(cut(c.name, 20))), marker: marker(t, f.i, 8), hovertemplate: `%{y}, ${f.name}: %{x:.3f}<extra></extra>` })),
        layout: { height: Math.max(120 + 36 * folds.length, 110 + 26 * classes.length), showlegend: true,
          xaxis: { ...title("f1-score") }, yaxis: { type: "category", tickfont: { color: t.ink } } },
      }),
      data: () => table([
        { title: "class", head: true, text: (c) => c.name },
        ...folds.map((f) => ({ title: f.name, text: (c) => fixed(f1(f, c.k), 4) })),
      ], classes, { compact: true }),
    });
  }

  head();
  foldTable();
  spreadChart();
  f1Chart();
  const learned = ["loss", "accuracy"].map((key) => weft.curves(`learning-${key}`, key, folds));
  $("learning").hidden = !learned.some(Boolean);
  weft.single(run.classifier, [{ title: "Out of fold", evaluation: pooled,
    said: `All ${plural(pooled.count, "picture")}, each judged by the fit that had not seen it.` }]);
  fill("how",
    run.command ? [el("p", {}, "The command that makes it again:"), weft.command(run.command)] : [],
    terms([["Data", run.data], ["Digest of the data", el("span", { class: "mono" }, run.data_digest)], ["Seed", `${run.seed}`],
      ["Begun", run.began], ["Machine", `${run.processor}, ${plural(run.threads, "thread")}`], ["System", run.system],
      ["Version", `weft ${run.version}`]]),
    el("h3", {}, "Options"),
    terms(Object.entries(run.options || {}).map(([k, v]) => [k, el("span", { class: "mono" }, `${v}` || "none")])));
  fill("colophon", `Made by weft ${run.version}. This page needs no network; results.json beside it holds the same figures.`);
  weft.contents();
  document.documentElement.dataset.ready = "yes";
})();
