/* The page of one training: args.json, results.json and results.csv of its folder. */
(() => {
  const { data: { results, args, csv }, $, el, fill, count, percent, fixed, plural, seconds, terms } = weft;

  /* results.csv as columns; what was not measured is null. */
  function columns(text) {
    const [head, ...rows] = text.trim().split("\n").map((line) => line.split(","));
    const all = head.map((name, c) => [name, rows.map((r) => (r[c] === "" ? null : Number(r[c])))]);
    return Object.fromEntries(all.filter(([, values]) => values.some((v) => v !== null)));
  }

  const history = csv ? columns(csv) : {};
  const evaluations = [
    results.test && { title: "Test pictures", evaluation: results.test,
      said: `The ${plural(results.test.count, "test picture")}, opened after the training.` },
    results.validation && { title: "Validation pictures", evaluation: results.validation,
      said: `The ${plural(results.validation.count, "validation picture")}: not learnt from, but watched.` },
  ].filter(Boolean);

  const name = args.classifier || "A classifier";
  const [first] = evaluations;
  weft.masthead({
    title: `${name} on ${weft.last(args.data)}`,
    lead: first
      ? [el("strong", {}, percent(first.evaluation.accuracy)), ` of ${plural(first.evaluation.count, results.test ? "test picture" : "validation picture")} right`,
        ` (95 % interval ${fixed(100 * first.evaluation.accuracy_interval[0], 1)} to ${percent(first.evaluation.accuracy_interval[1], 1)}).`]
      : "Nothing was evaluated: there is no figure to trust it by.",
    facts: [
      ["Training pictures", count(results.train_count ?? 0)],
      ["Time to fit", seconds(results.fit_seconds)],
      ...(history.epoch ? [["Epochs", count(history.epoch.length)]] : []),
      ["Seed", `${args.seed ?? "–"}`],
    ],
  });

  const learned = ["loss", "accuracy"].map((key) => weft.curves(`learning-${key}`, key, [{ name, history, i: 0 }]));
  $("learning").hidden = !learned.some(Boolean);
  weft.single(name, evaluations);

  fill("how", terms([
    ["Data", args.data || "–"],
    ["Digest of the data", el("span", { class: "mono" }, args.data_digest || "–")],
    ["Seed", `${args.seed ?? "–"}`],
    ["Machine", `${args.processor || "–"}, ${plural(args.threads || 1, "thread")}`],
    ["Version", `weft ${args.version || "–"}`],
  ]), el("h3", {}, "Options"),
  terms(Object.entries(args.options || {}).map(([k, v]) => [k, el("span", { class: "mono" }, `${v}` || "none")])));
  fill("colophon", "This page needs no network; the files beside it hold the same figures.");
  weft.contents();
  document.documentElement.dataset.ready = "yes";
})();
