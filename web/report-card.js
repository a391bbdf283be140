/* A model card: what a classifier was made from, what it is for, where it fails. After
 * Mitchell et al., "Model cards for model reporting", 2019. */
(() => {
  const { el, fill, count, fixed, percent, plural, bytes, list, terms, confusedPairs } = weft;
  const { data, run, classes, source, size, options } = weft.report;

  /* The classes that it recognises least, with what share. */
  function weakest(e) {
    const rows = e.classes.filter((c) => c.support > 0).sort((a, b) => a.recall - b.recall).slice(0, 3);
    return list(rows.map((c) => `${c.name} (${percent(c.recall, 1)} of them recognised)`));
  }

  function confused(e) {
    const [pair] = confusedPairs(e);
    return pair ? ` Most often ${classes[pair.i]} is taken for ${classes[pair.j]} (${count(pair.n)} of ${count(e.classes[pair.i].support)}).` : "";
  }

  /* Mean stated probability less accuracy. */
  function certainty(e) {
    const stated = e.reliability.reduce((sum, b) => sum + b.count * b.confidence, 0) / e.count;
    const off = stated - e.accuracy;
    const way = Math.abs(off) < 0.01 ? "On average it is as sure as it is right"
      : `On average it is ${off > 0 ? "surer" : "less sure"} than it is right`;
    return `${way}: it states ${percent(stated, 1)} and gets ${percent(e.accuracy, 1)} (expected calibration error ${fixed(e.expected_calibration_error, 3)}).`;
  }

  function uneven() {
    const per = data.train.per_class, least = Math.min(...per), most = Math.max(...per);
    return most > 1.5 * Math.max(1, least)
      ? `Classes are uneven: from ${count(least)} (${classes[per.indexOf(least)]}) to ${count(most)} (${classes[per.indexOf(most)]}) training pictures.` : null;
  }

  function few(e) {
    const rows = e.classes.filter((c) => c.support < 50);
    return rows.length ? `${plural(rows.length, "class has", "classes have")} fewer than 50 test pictures; ${rows.length === 1 ? "its figures are" : "their figures are"} rough.` : null;
  }

  weft.card = (place, m) => {
    const e = m.evaluation;
    const limits = [
      `Weakest: ${weakest(e)}.${confused(e)}`,
      certainty(e),
      `It answers with one of these ${count(classes.length)} classes whatever it is shown, also for pictures of something else; nothing here measures such pictures.`,
      `Every picture is brought to ${size} first: what is too small to be seen at that size is lost. Other light, backgrounds, cameras or angles than in the training pictures were not tested.`,
      uneven(), few(e),
    ].filter(Boolean);
    fill(place,
      terms([
        ["What it is", `${m.title}${m.source ? ` (${m.source})` : ""}`],
        ["Options", el("span", { class: "mono" }, options(m))],
        ["Learnt from", `${plural(data.train.count, "picture")} of ${data.source || source}, ${plural(classes.length, "class", "classes")}`],
        ["Digest of the data", el("span", { class: "mono" }, data.train.digest)],
        ["Tested on", `${plural(e.count, "picture")}: ${data.test_origin}`],
        ["Result", `accuracy ${fixed(e.accuracy, 4)} (95 % interval ${fixed(e.accuracy_interval[0], 4)} to ${fixed(e.accuracy_interval[1], 4)}), macro F1 ${fixed(e["macro avg"]["f1-score"], 4)}`],
        ...(m.seeds?.length > 1 ? [["Over seeds", `accuracy ${fixed(m.mean.accuracy, 4)} ± ${fixed(m.sd.accuracy, 4)}, mean and standard deviation of ${m.seeds.length}`]] : []),
        ...(m.temperature ? [["Temperature", `${fixed(m.temperature, 3)}, fitted on the validation pictures`]] : []),
        ...(m.model_bytes ? [["Size of the model", bytes(m.model_bytes)]] : []),
        ["Meant for", `telling ${classes.length <= 12 ? list(classes) : `the ${count(classes.length)} classes above`} apart in pictures like those it was tested on, where a wrong answer is cheap or a person sees it`],
        ["Not meant for", "pictures of other things than these classes, deciding about people, and anything where one wrong answer does harm"],
        ["Made by", `weft ${run.weft} with seed ${run.seed}, ${run.began.slice(0, 10)}`],
      ]),
      el("h4", {}, "Known limits"),
      el("ul", { class: "limits" }, limits.map((text) => el("li", {}, text))));
  };
})();
