/* The page of a search for options, from weft_tuning_json. A trial has a row for each rung
 * of successive halving that it reached; `ranking` lists the last row of each, best first. */
(() => {
  const { data: { results: search }, $, el, fill, count, fixed, plural, seconds, table, chart, title, plain, cut,
    terms } = weft;
  const { run, trials } = search;
  const dimensions = search.dimensions.map((d) => d.name);
  const ranked = search.ranking.map((i) => trials[i]);
  const ended = ranked.filter((t) => t.status === "done");
  const others = ranked.filter((t) => t.status !== "done");
  const rungs = run.rungs || [];
  const halving = rungs.length > 1;
  const [best] = ended;

  const text = (v) => (v === null || v === undefined ? "–" : `${v}`);
  const said = (t) => dimensions.map((k) => `${k}=${text(t.params[k])}`).join(" ");
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const share = (t) => `${fixed(100 * t.resource, 0)}\u00a0%`;

  function head() {
    const spread = best?.split_test_scores.length > 1 ? ` ± ${fixed(best.std_test_score, 4)}` : "";
    weft.masthead({
      title: `${plural(ranked.length, "trial")} of ${run.classifier}`,
      lead: best ? [el("strong", {}, said(best)), ` is best: ${run.scoring} ${fixed(best.mean_test_score, 4)}${spread} on held-out training pictures.`]
        : "No trial has ended yet.",
      facts: [
        ["Data", weft.last(run.data)],
        ["Training pictures", count(run.train_count)],
        ["Trials done", others.length ? `${count(ended.length)} of ${count(ranked.length)}` : count(ended.length)],
        ["Options searched", count(dimensions.length)],
        ["Scored on", run.folds ? plural(run.folds, "fold") : "held-out pictures"],
        ["Seed", `${run.seed}`],
      ],
    });
  }

  function trialTable() {
    const splits = Math.max(0, ...ended.map((t) => t.split_test_scores.length));
    const number = Object.fromEntries(search.dimensions.map((d) => [d.name, d.number]));
    fill("trial-table", ended.length ? table([
      { title: "rank", head: true, value: (t) => t.rank_test_score },
      ...dimensions.map((k) => ({ title: k, left: !number[k], value: (t) => t.params[k], text: (t) => text(t.params[k]) })),
      { title: "mean_test_score", best: halving ? null : "high", value: (t) => t.mean_test_score, text: (t) => fixed(t.mean_test_score, 4) },
      ...(splits > 1 ? [{ title: "std_test_score", value: (t) => t.std_test_score, text: (t) => fixed(t.std_test_score, 4) }] : []),
      ...(halving ? [{ title: run.resource, value: (t) => t.resource, text: share }] : []),
      { title: "mean_fit_time", best: halving ? null : "low", value: (t) => mean(t.fit_time), text: (t) => seconds(mean(t.fit_time)) },
      ...(splits > 1 ? [...Array(splits).keys()].map((i) => ({ title: `split${i}_test_score`,
        value: (t) => t.split_test_scores[i], text: (t) => fixed(t.split_test_scores[i], 4) })) : []),
    ], ended, { sortable: true, label: "Trials" }) : el("p", { class: "note" }, "No trial has ended."));
    if (others.length)
      fill("failures", el("details", {}, el("summary", {}, `${plural(others.length, "trial")} without a score`),
        el("ul", { class: "note" }, others.map((t) => el("li", {}, `${said(t)}: ${t.error || t.status}`)))));
  }

  /* ---- score against an option ---- */

  function sweep(figure, { name: k, number, log }) {
    /* Of equal effort, so that they can be compared. */
    const known = halving ? trials.filter((t) => t.status === "done" && t.iter === 0) : ended;
    const values = [...new Set(known.map((t) => t.params[k]))].sort((a, b) => (number ? a - b : 0));
    const at = (v) => (number ? v : plain(cut(text(v), 20)));
    const wide = log || (values[0] > 0 && values.at(-1) / values[0] >= 30);
    const means = values.map((v) => mean(known.filter((t) => t.params[k] === v).map((t) => t.mean_test_score)));
    const isBest = (t) => t.trial === best.trial;
    chart(figure, {
      caption: k,
      small: `filled: the best trial${halving ? `; every trial at ${share(known[0])} of the ${run.resource}` : ""}`,
      label: `${run.scoring} against ${k}, ${plural(values.length, "value")}; the best trial has ${text(best.params[k])}`,
      draw: (t) => ({
        traces: [
          { type: "scatter", mode: "lines", x: values.map(at), y: means, hoverinfo: "skip", line: { color: t.soft, width: 1.5 } },
          { type: "scatter", mode: "markers", x: known.map((n) => at(n.params[k])), y: known.map((n) => n.mean_test_score),
            error_y: { type: "data", array: known.map((n) => n.std_test_score || 0), thickness: 1.5, width: 4, color: t.soft,
              visible: known.some((n) => n.std_test_score > 0) },
            marker: { size: 9, line: { width: 2 }, color: known.map((n) => (isBest(n) ? t.accent : t.soft)),
              symbol: known.map((n) => (isBest(n) ? "circle" : "circle-open")) },
            customdata: known.map((n) => plain(cut(said(n), 80))),
            hovertemplate: "%{customdata}<br>%{y:.4f}<extra></extra>" },
        ],
        layout: { height: 320, showlegend: false, yaxis: { ...title(run.scoring) },
          xaxis: { ...title(plain(k)), type: !number ? "category" : wide ? "log" : "linear",
            ...(number && values.length <= 12 ? { tickmode: "array", tickvals: values, ticktext: values.map(String) } : {}) } },
      }),
      data: () => table([
        { title: k, head: true, text: (n) => text(n.params[k]) },
        { title: "mean_test_score", text: (n) => fixed(n.mean_test_score, 4) },
        { title: "std_test_score", text: (n) => fixed(n.std_test_score, 4) },
        { title: "trial", left: true, text: (n) => said(n) },
      ], [...known].sort((a, b) => values.indexOf(a.params[k]) - values.indexOf(b.params[k])), { compact: true }),
    });
  }

  function sweeps() {
    $("sweeps").hidden = !ended.length;
    if (!ended.length) return;
    const figures = dimensions.map((k, i) => el("figure", { id: `sweep-${i}` }));
    fill("sweep", figures);
    search.dimensions.forEach((d, i) => sweep(figures[i], d));
  }

  /* Means over splits, as long as the shortest of them. */
  function history(t) {
    const of = (k) => (t.history || []).map((h) => h[k]).filter(Boolean);
    return Object.fromEntries(["loss", "accuracy", "val_loss", "val_accuracy"].filter((k) => of(k).length).map((k) => {
      const splits = of(k);
      return [k, [...Array(Math.min(...splits.map((s) => s.length))).keys()].map((e) => mean(splits.map((s) => s[e])))];
    }));
  }

  function curves() {
    const learners = ended.map((t, i) => ({ name: said(t), i, history: history(t) }));
    const learned = ["loss", "accuracy"].map((key) => weft.curves(`learning-${key}`, key, learners));
    $("learning").hidden = !learned.some(Boolean);
  }

  function how() {
    fill("how",
      run.command ? [el("p", {}, "The command that makes it again:"), weft.command(run.command)] : [],
      search.best ? [el("p", {}, "The best, as weft compare takes it:"), weft.command(search.best)] : [],
      terms([["Data", run.data], ["Digest of the data", el("span", { class: "mono" }, run.data_digest)],
        ["Searched", el("span", { class: "mono" }, (run.space || []).join("  "))],
        ...(halving ? [["Successive halving", rungs.map((r) => `${plural(r.trials, "trial")} on ${fixed(100 * r.resource, 0)} % of the ${run.resource}`).join(", then ")]] : []),
        ["Seed", `${run.seed}`], ["Machine", `${run.processor}, ${plural(run.threads, "thread")} a trial`],
        ["Version", `weft ${run.version}`]]));
    fill("colophon", `Made by weft ${run.version}. This page needs no network; results.json beside it holds the same figures.`);
  }

  head();
  trialTable();
  sweeps();
  curves();
  how();
  weft.contents();
  document.documentElement.dataset.ready = "yes";
})();
