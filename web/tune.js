/* The page of a search for options, from its study.json: {run, trials: [{options, scores,
 * curve: [{epoch, loss, accuracy, val_loss, val_accuracy}], mean_test_score,
 * std_test_score, rank_test_score}]}. A trial without a mean did not end. */
(() => {
  const { data: { results: study }, $, el, fill, count, fixed, plural, seconds, table, chart, title, plain, cut,
    terms } = weft;
  const run = study.run || {};
  const ended = study.trials.filter((t) => Number.isFinite(t.mean_test_score))
    .sort((a, b) => a.rank_test_score - b.rank_test_score || b.mean_test_score - a.mean_test_score);
  const others = study.trials.filter((t) => !Number.isFinite(t.mean_test_score));
  const text = (v) => (v === null || v === undefined ? "–" : `${v}`);

  /* Options that differ between trials; if none do, all. */
  const names = [...new Set(study.trials.flatMap((t) => Object.keys(t.options)))];
  const differing = names.filter((k) => new Set(study.trials.map((t) => text(t.options[k]))).size > 1);
  const varied = differing.length ? differing : names;
  const said = (t) => varied.map((k) => `${k}=${text(t.options[k])}`).join(", ");
  /* A number also where the file has it as text; texts and switches stay what they are. */
  const value = (t, k) => {
    const v = t.options[k];
    return typeof v === "string" && v.trim() !== "" && Number.isFinite(Number(v)) ? Number(v) : v;
  };

  function head() {
    const [best] = ended;
    const spread = best && (best.scores || []).length > 1 ? ` ± ${fixed(best.std_test_score, 4)}` : "";
    weft.masthead({
      title: `${plural(study.trials.length, "trial")} of ${run.classifier || "a classifier"}`,
      lead: best ? [el("strong", {}, said(best)), ` scores ${fixed(best.mean_test_score, 4)}${spread}, the best of ${count(ended.length)}.`]
        : "No trial has ended yet.",
      facts: [
        ...(run.data ? [["Data", weft.last(run.data)]] : []),
        ["Trials", others.length ? `${count(ended.length)} of ${count(study.trials.length)}` : count(ended.length)],
        ["Options searched", count(varied.length)],
        ...(run.folds ? [["Folds", `${run.folds}`]] : []),
        ...(run.seed !== undefined ? [["Seed", `${run.seed}`]] : []),
        ...(run.began ? [["Date", run.began.slice(0, 10)]] : []),
      ],
    });
  }

  function trials() {
    const folds = Math.max(0, ...ended.map((t) => (t.scores || []).length));
    const timed = ended.some((t) => Number.isFinite(t.fit_seconds));
    fill("trial-table", ended.length ? table([
      { title: "rank", head: true, value: (t) => t.rank_test_score },
      ...varied.map((k) => ({ title: k, value: (t) => value(t, k), text: (t) => text(t.options[k]) })),
      { title: "mean_test_score", best: "high", value: (t) => t.mean_test_score, text: (t) => fixed(t.mean_test_score, 4) },
      ...(folds > 1 ? [{ title: "std_test_score", value: (t) => t.std_test_score, text: (t) => fixed(t.std_test_score, 4) }] : []),
      ...(timed ? [{ title: "time to fit", best: "low", value: (t) => t.fit_seconds, text: (t) => seconds(t.fit_seconds) }] : []),
      ...(folds > 1 ? [...Array(folds).keys()].map((f) => ({ title: `split${f}`, value: (t) => t.scores?.[f], text: (t) => fixed(t.scores?.[f], 4) })) : []),
    ], ended, { sortable: true, label: "Trials" }) : el("p", { class: "note" }, "No trial has ended."));
    if (others.length)
      fill("failures", el("details", {}, el("summary", {}, `${plural(others.length, "trial")} without a score`),
        el("ul", { class: "note" }, others.map((t) => el("li", {}, said(t), t.error ? `: ${t.error}` : "")))));
  }

  /* ---- score against an option ---- */

  function sweep(figure, k) {
    const known = ended.filter((t) => t.options[k] !== undefined);
    const numeric = known.every((t) => typeof value(t, k) === "number");
    const values = [...new Set(known.map((t) => value(t, k)))].sort((a, b) => (numeric ? a - b : `${a}`.localeCompare(`${b}`)));
    const log = numeric && values[0] > 0 && values.at(-1) / values[0] >= 30;
    const at = (v) => (numeric ? v : plain(cut(text(v), 20)));
    const mean = (v) => {
      const scores = known.filter((t) => value(t, k) === v).map((t) => t.mean_test_score);
      return scores.reduce((a, b) => a + b, 0) / scores.length;
    };
    const best = ended[0];
    chart(figure, {
      caption: k, small: `${plural(values.length, "value")}; the filled mark is the best trial`,
      label: `Score against ${k}, ${plural(values.length, "value")}; the best trial has ${text(best.options[k])}`,
      draw: (t) => ({
        traces: [
          { type: "scatter", mode: "lines", x: values.map(at), y: values.map(mean), hoverinfo: "skip",
            line: { color: t.soft, width: 1.5 } },
          { type: "scatter", mode: "markers", x: known.map((n) => at(value(n, k))), y: known.map((n) => n.mean_test_score),
            error_y: { type: "data", array: known.map((n) => n.std_test_score || 0), thickness: 1.5, width: 4, color: t.soft,
              visible: known.some((n) => n.std_test_score > 0) },
            marker: { size: 9, line: { width: 2 }, color: known.map((n) => (n === best ? t.accent : t.soft)),
              symbol: known.map((n) => (n === best ? "circle" : "circle-open")) },
            customdata: known.map((n) => plain(cut(said(n), 80))),
            hovertemplate: "%{customdata}<br>%{y:.4f}<extra></extra>" },
        ],
        layout: { height: 320, showlegend: false, yaxis: { ...title("mean_test_score") },
          xaxis: { ...title(plain(k)), type: numeric ? (log ? "log" : "linear") : "category",
            ...(numeric && values.length <= 12 ? { tickmode: "array", tickvals: values, ticktext: values.map(String) } : {}) } },
      }),
      data: () => table([
        { title: k, head: true, text: (n) => text(n.options[k]) },
        { title: "mean_test_score", text: (n) => fixed(n.mean_test_score, 4) },
        { title: "std_test_score", text: (n) => fixed(n.std_test_score, 4) },
        { title: "trial", left: true, text: (n) => said(n) },
      ], [...known].sort((a, b) => values.indexOf(value(a, k)) - values.indexOf(value(b, k))), { compact: true }),
    });
  }

  function sweeps() {
    $("sweeps").hidden = !ended.length || !differing.length;
    if ($("sweeps").hidden) return;
    const figures = differing.map((k, i) => el("figure", { id: `sweep-${i}` }));
    fill("sweep", figures);
    differing.forEach((k, i) => sweep(figures[i], k));
  }

  function curves() {
    const columns = ["loss", "accuracy", "val_loss", "val_accuracy"];
    const learners = ended.map((t, i) => ({ name: said(t), i,
      history: Object.fromEntries(columns.map((k) => [k, (t.curve || []).map((e) => e[k] ?? null)])
        .filter(([, values]) => values.some((v) => v !== null))) }));
    const learned = ["loss", "accuracy"].map((key) => weft.curves(`learning-${key}`, key, learners));
    $("learning").hidden = !learned.some(Boolean);
  }

  function how() {
    const [best] = ended;
    fill("how",
      run.command ? [el("p", {}, "The command that makes it again:"), weft.command(run.command)] : [],
      best && run.classifier ? [el("p", {}, "The best options, for weft train and weft compare:"),
        weft.command(`${run.classifier}:${varied.map((k) => `${k}=${text(best.options[k])}`).join(",")}`)] : [],
      terms([["Data", run.data], ["Digest of the data", run.data_digest && el("span", { class: "mono" }, run.data_digest)],
        ["Begun", run.began], ["Seed", run.seed === undefined ? null : `${run.seed}`],
        ["Machine", run.processor && `${run.processor}, ${plural(run.threads || 1, "thread")}`], ["System", run.system],
        ["Version", run.version && `weft ${run.version}`]].filter(([, v]) => v)));
    fill("colophon", "This page needs no network; study.json beside it holds the same figures.");
  }

  head();
  trials();
  sweeps();
  curves();
  how();
  weft.contents();
  document.documentElement.dataset.ready = "yes";
})();
