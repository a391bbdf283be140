/* The report of a comparison: its parts follow in report-*.js, each fills its sections. */
weft.report = (() => {
  const { data: page, el, count, percent, fixed, plural, list } = weft;
  const { results } = page;
  const { run, data } = results;
  const models = results.classifiers.filter((m) => m.evaluation).map((m, i) => ({ ...m, i }));
  const failed = results.classifiers.filter((m) => !m.evaluation);
  const pictures = weft.gallery(page.pictures, data.classes);
  const source = weft.last(data.source);

  function lead() {
    const best = models[0], e = best.evaluation;
    const alone = models.filter((m) => m.place === 1).length === 1;
    return [el("strong", {}, best.name),
      models.length === 1 ? " gets " : alone ? " is best: " : " is ahead: ",
      best.seeds?.length > 1
        ? `${percent(best.mean.accuracy)} ± ${fixed(100 * best.sd.accuracy, 2)} of ${plural(e.count, "test picture")} right, mean and standard deviation of ${best.seeds.length} seeds`
        : `${percent(e.accuracy)} of ${plural(e.count, "test picture")} right`,
      ` (95 % interval${best.seeds?.length > 1 ? " of the first" : ""} ${fixed(100 * e.accuracy_interval[0], 1)} to ${percent(e.accuracy_interval[1], 1)}).`];
  }

  function ties() {
    if (models.length < 2) return null;
    const tests = results.pairs.some((p) => p.test && p.test !== "McNemar")
      ? "a test over seeds and pictures" : "McNemar's test";
    const places = Map.groupBy(models, (m) => m.place);
    const tied = [...places.values()].filter((group) => group.length > 1);
    return tied.length
      ? `${tied.map((group) => `${list(group.map((m) => m.name))} cannot be told apart`).join("; ")} on these pictures: ${tests} with Holm's correction finds no difference at 5\u00a0%.`
      : `Every difference in place is significant at 5\u00a0% (${tests}, Holm's correction).`;
  }

  const [height, width, channels] = data.shape;
  const size = `${width} × ${height} ${channels === 1 ? "grey" : "colour"}`;
  weft.masthead({
    title: `${plural(models.length, "classifier")} on ${source}`, lead: lead(), more: ties(),
    facts: [
      ["Classes", count(data.classes.length)],
      ["Training pictures", count(data.train.count)],
      ...(data.validation ? [["Validation pictures", count(data.validation.count)]] : []),
      ["Test pictures", count(data.test.count)],
      ["Size", size],
      ["Date", run.began.slice(0, 10)],
    ],
  });

  const options = (m) => Object.entries(m.options).map(([k, v]) => `${k}=${v}`).join("  ") || "none";

  return { page, results, run, data, classes: data.classes, models, failed, pictures, source, size, options };
})();
