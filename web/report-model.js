/* A closer look at one classifier at a time. */
(() => {
  const { $, el, fill, count, percent, plural, confusedPairs } = weft;
  const { page, models, classes, pictures } = weft.report;
  let chosen = 0;

  function showCell(i, j) {
    const m = models[chosen];
    const n = m.evaluation.confusion_matrix[i][j];
    const shown = page.mistakes?.[chosen]?.cells[`${i}-${j}`] || [];
    const said = i === j
      ? `${m.name} recognised ${count(n)} of the ${count(m.evaluation.classes[i].support)} pictures of ${classes[i]}`
      : `${m.name} took ${plural(n, "picture")} of ${classes[i]} for ${classes[j]}`;
    const some = n === 0 ? "" : shown.length === 0 ? " This file has no room for them."
      : shown.length < n ? ` The ${shown.length} it was surest of:` : "";
    fill("cell", el("p", {}, el("strong", {}, `${said}.`), some),
      el("div", { class: "pictures" }, shown.map(([place, p]) => pictures.judged(place, j, p, pictures.fit(84)))));
    $("cell").scrollIntoView({ block: "nearest" });
  }

  function confused(m) {
    const pairs = confusedPairs(m.evaluation).slice(0, 9);
    fill("confused", pairs.length
      ? el("ul", { class: "confused" }, pairs.map(({ i, j, n }) =>
        el("li", {}, el("button", { type: "button", onclick: () => showCell(i, j) },
          el("span", {}, classes[i], el("span", { class: "sub" }, " taken for "), classes[j]),
          el("b", {}, count(n))))))
      : el("p", {}, "Nothing was confused."));
  }

  function worst(k) {
    const items = page.mistakes?.[k]?.worst || [];
    fill("worst", items.length
      ? items.map(([place, predicted, p]) => pictures.judged(place, predicted, p, pictures.fit(112)))
      : el("p", { class: "note" }, "There are none."));
  }

  function show(k) {
    chosen = k;
    const m = models[k], e = m.evaluation;
    fill("report-title", `Classification report of ${m.name}`);
    weft.classReport("report", e);
    weft.confusion("confusion", e, m.name, showCell);
    confused(m);
    fill("cell");
    worst(k);
    weft.calibration("calibration", e, m.name, m.uncalibrated);
    weft.card("card", m);
  }

  weft.chooser("chooser", "Classifier to look at", models.map((m) => m.name), show);
  show(0);
  weft.coverage("coverage", models);
  $("trust").hidden = $("coverage").hidden;
})();
