/* Who is best, by how much, at what cost, and in which classes. */
(() => {
  const { $, el, fill, count, fixed, seconds, bytes, rate, cut, table, chart, color, marker, title, plain,
    scroll, named, confusedPairs } = weft;
  const { results, models, failed, classes } = weft.report;
  const evaluated = (f) => (m) => f(m.evaluation);
  /* The mean over seeds where there are several. */
  const accuracy = (m) => m.mean?.accuracy ?? m.evaluation.accuracy;
  const plot = (m) => plain(cut(m.name, 30));

  function leaderboard() {
    const tied = (m) => models.filter((o) => o.place === m.place).length > 1;
    const score = (name, average, key) => ({
      title: name, best: "high", value: evaluated((e) => e[average][key]),
      text: evaluated((e) => fixed(e[average][key], 4)),
    });
    const figure = (name, key, best) => ({
      title: name, best, value: evaluated((e) => e[key]), text: evaluated((e) => fixed(e[key], 4)),
    });
    const when = (key, column) => (models.some((m) => m.evaluation[key] !== undefined) ? [column] : []);
    const interval = (ends) => el("span", { class: "sub" }, `${fixed(ends[0], 4)}–${fixed(ends[1], 4)}`);
    const seeded = models.some((m) => m.seeds?.length > 1);
    const overSeeds = (m) => (m.seeds?.length > 1
      ? [fixed(accuracy(m), 4), el("span", { class: "sub" }, ` ± ${fixed(m.sd.accuracy, 4)}`)]
      /* Room for what others have, so that the figures stand below each other. */
      : [fixed(accuracy(m), 4), seeded ? el("span", { class: "sub blank", "aria-hidden": "true" }, " ± 0.0000") : null]);
    fill("leaderboard", table([
      { title: el("span", { class: "unseen" }, "Place"), value: null, text: (m) => el("span", {},
        tied(m) ? [`${m.place} `, el("abbr", { title: "a tie", "aria-label": "a tie" }, "=")] : `${m.place}`) },
      { title: "Classifier", head: true, left: true, value: (m) => m.name,
        text: (m) => named(m.name, el("span", { class: "sub" }, m.title)) },
      { title: seeded ? "Accuracy, mean ± sd" : "Accuracy", best: "high", value: accuracy, text: (m) => el("span", {}, overSeeds(m)) },
      ...(seeded ? [{ title: "Seeds", value: (m) => m.seeds.length, text: (m) => count(m.seeds.length) }] : []),
      { title: "95 % interval", text: evaluated((e) => interval(e.accuracy_interval)) },
      score("Macro F1", "macro avg", "f1-score"),
      { title: "Fit", best: "low", value: (m) => m.fit_seconds, text: (m) => seconds(m.fit_seconds) },
      { title: "Predict", best: "low", value: (m) => m.predict_seconds, text: (m) => seconds(m.predict_seconds) },
      { title: "Pictures", best: "high", value: (m) => m.pictures_per_second, text: (m) => rate(m.pictures_per_second) },
      ...(models.some((m) => m.model_bytes) ? [{ title: "Model", best: "low", value: (m) => m.model_bytes || null,
        text: (m) => (m.model_bytes ? bytes(m.model_bytes) : "–") }] : []),
      { title: "Extra memory", best: "low", value: (m) => m.peak_memory, text: (m) => bytes(m.peak_memory) },
      { title: "Macro F1 interval", text: (m) => interval(m.macro_f1_interval) },
      score("Macro precision", "macro avg", "precision"),
      score("Macro recall", "macro avg", "recall"),
      score("Weighted F1", "weighted avg", "f1-score"),
      score("Weighted precision", "weighted avg", "precision"),
      score("Weighted recall", "weighted avg", "recall"),
      figure("Top 3", "top_3_accuracy", "high"),
      ...when("top_5_accuracy", figure("Top 5", "top_5_accuracy", "high")),
      figure("Log loss", "log_loss", "low"),
      figure("Brier score", "brier_score", "low"),
      figure("Calibration error", "expected_calibration_error", "low"),
      figure("MCC", "matthews_corrcoef", "high"),
      figure("Kappa", "cohen_kappa", "high"),
    ], models, { sortable: true, label: "Comparison" }));
    if (seeded) fill("seeds", seedsTable());
    if (failed.length)
      fill("failures", el("p", { class: "note" }, "Not compared: ",
        failed.map((m) => `${m.name} (${m.error})`).join("; "), "."));
  }

  function seedsTable() {
    const fits = models.flatMap((m) => m.seeds.map((s) => ({ ...s, name: m.name })));
    return el("details", {}, el("summary", {}, "Every seed"),
      el("p", { class: "note" }, "Where a classifier was fitted several times, its place follows the mean, and what has no ± is of the first seed."),
      scroll("Every seed", table([
        { title: "Classifier", head: true, left: true, value: (s) => s.name, text: (s) => named(s.name) },
        { title: "seed", value: (s) => s.seed, text: (s) => `${s.seed}` },
        { title: "accuracy", value: (s) => s.accuracy, text: (s) => fixed(s.accuracy, 4) },
        { title: "macro F1", value: (s) => s.macro_f1, text: (s) => fixed(s.macro_f1, 4) },
        { title: "log loss", value: (s) => s.log_loss, text: (s) => fixed(s.log_loss, 4) },
        { title: "time to fit", value: (s) => s.fit_seconds, text: (s) => seconds(s.fit_seconds) },
      ], fits, { compact: true, sortable: true })));
  }

  function accuracyChart() {
    const reversed = [...models].reverse();
    const seeded = models.some((m) => m.seeds?.length > 1);
    const ticks = reversed.flatMap((m) => (m.seeds?.length > 1 ? m.seeds.map((s) => [plot(m), s.accuracy]) : []));
    const low = (m) => m.evaluation.accuracy_interval[0], high = (m) => m.evaluation.accuracy_interval[1];
    chart("accuracy", {
      caption: "Accuracy", small: `with 95 % intervals (Wilson${seeded ? ", of the first seed" : ""}); a filled mark shares the first place${seeded ? "; ticks: every seed" : ""}`,
      label: `Accuracy of ${models.length} classifiers with intervals; ${models[0].name} is highest`,
      draw: (t) => ({
        traces: [{
          type: "scatter", mode: "markers", x: reversed.map((m) => 100 * accuracy(m)),
          y: reversed.map(plot),
          error_x: {
            type: "data", symmetric: false, thickness: 2, width: 5, color: t.soft,
            array: reversed.map((m) => 100 * Math.max(0, high(m) - accuracy(m))),
            arrayminus: reversed.map((m) => 100 * Math.max(0, accuracy(m) - low(m))),
          },
          marker: { size: 11, color: reversed.map((m) => (m.place === 1 ? t.accent : t.soft)),
            symbol: reversed.map((m) => (m.place === 1 ? "circle" : "circle-open")), line: { width: 2 } },
          hovertemplate: "%{y}: %{x:.2f} %<extra></extra>",
        }, {
          type: "scatter", mode: "markers", hoverinfo: "skip", x: ticks.map(([, x]) => 100 * x), y: ticks.map(([y]) => y),
          marker: { symbol: "line-ns-open", size: 14, color: t.ink, line: { width: 1.5, color: t.ink } },
        }],
        layout: {
          height: Math.max(280, 60 + 34 * models.length), showlegend: false,
          xaxis: { ...title("accuracy, %") }, yaxis: { tickfont: { color: t.ink }, type: "category" },
        },
      }),
      data: () => table([
        { title: "Classifier", head: true, value: (m) => m.name },
        { title: "accuracy", text: (m) => fixed(accuracy(m), 4) },
        { title: "from", text: (m) => fixed(low(m), 4) },
        { title: "to", text: (m) => fixed(high(m), 4) },
      ], models, { compact: true }),
    });
  }

  /* ---- time against accuracy ---- */

  const spent = (m) => Math.max(m.fit_seconds, 1e-6);
  /* No other is both faster and more accurate; fastest first. */
  const worthwhile = () => models.filter((m) => !models.some((o) =>
    o !== m && spent(o) <= spent(m) && accuracy(o) > accuracy(m)))
    .sort((a, b) => spent(a) - spent(b));

  /* Where each name stands so that none covers another or a mark; "" where there is no
   * place. points: [[x, y]] in pixels. */
  function placeNames(points, names, width) {
    const taken = points.map(([x, y]) => [x - 7, y - 7, x + 7, y + 7]);
    return points.map(([x, y], i) => {
      const w = 6.7 * names[i].length + 4;
      const places = {
        "middle right": [x + 9, y - 8, x + 9 + w, y + 8], "middle left": [x - 9 - w, y - 8, x - 9, y + 8],
        "top center": [x - w / 2, y - 24, x + w / 2, y - 8], "bottom center": [x - w / 2, y + 8, x + w / 2, y + 24],
      };
      for (const [where, box] of Object.entries(places)) {
        const free = box[0] >= 0 && box[2] <= width && taken.every((o, k) => k === i ||
          box[2] < o[0] || box[0] > o[2] || box[3] < o[1] || box[1] > o[3]);
        if (free) {
          taken.push(box);
          return where;
        }
      }
      return "";
    });
  }

  function tradeoffChart() {
    chart("tradeoff", {
      caption: "Time against accuracy",
      small: "time to fit, on a logarithmic scale; joined are those that none beats in both",
      label: "Seconds to fit against accuracy for each classifier",
      draw: (t, width) => {
        const times = models.map((m) => Math.log10(spent(m))), right = models.map((m) => 100 * accuracy(m));
        const low = Math.min(...times), high = Math.max(...times), space = Math.max(0.3, 0.12 * (high - low));
        const worst = Math.min(...right), best = Math.max(...right), gap = Math.max(0.2, 0.1 * (best - worst));
        const height = Math.max(280, 60 + 34 * models.length);
        const across = width - 70, down = height - 60; /* about what the axes leave */
        const points = models.map((_, i) => [
          ((times[i] - low + space) / (high - low + 2 * space)) * across,
          ((best + gap - right[i]) / (best - worst + 2 * gap)) * down]);
        const where = placeNames(points, models.map((m) => cut(m.name, 22)), across);
        const steps = high - low < 1 ? [1, 2, 5] : [1], ticks = [];
        for (let e = Math.floor(low - space); e <= high + space; e++)
          ticks.push(...steps.map((step) => step * 10 ** e));
        const front = worthwhile();
        return {
          traces: [
            { type: "scatter", mode: "lines", x: front.map(spent), y: front.map((m) => 100 * accuracy(m)),
              hoverinfo: "skip", line: { color: t.accent, width: 1.5, dash: "dot" } },
            {
              type: "scatter", mode: "markers+text", x: models.map(spent), y: right,
              text: models.map((m, i) => (where[i] ? `\u00a0${plain(cut(m.name, 22))}\u00a0` : "")),
              textposition: where.map((place) => place || "middle right"), textfont: { color: t.ink }, cliponaxis: false,
              marker: { size: 11, color: models.map((m) => (front.includes(m) ? t.accent : t.soft)),
                symbol: models.map((m) => (front.includes(m) ? "circle" : "circle-open")), line: { width: 2 } },
              customdata: models.map((m) => [plot(m), seconds(m.fit_seconds)]),
              hovertemplate: "%{customdata[0]}: %{y:.2f} % after %{customdata[1]}<extra></extra>",
            }],
          layout: {
            height, showlegend: false,
            xaxis: { type: "log", range: [low - space, high + space], tickmode: "array",
              tickvals: ticks, ticktext: ticks.map(seconds), ...title("time to fit") },
            yaxis: { ...title("accuracy, %"), range: [worst - gap, best + gap] },
          },
        };
      },
      data: () => table([
        { title: "Classifier", head: true, value: (m) => m.name },
        { title: "seconds to fit", text: (m) => fixed(m.fit_seconds, 3) },
        { title: "seconds to predict", text: (m) => fixed(m.predict_seconds, 3) },
        { title: "accuracy", text: (m) => fixed(accuracy(m), 4) },
      ], models, { compact: true }),
    });
  }

  function pairsTable() {
    if (!results.pairs.length) return;
    const difference = results.pairs[0].difference_interval && ((r) =>
      `${fixed(r.difference, 4)} (${fixed(r.difference_interval[0], 4)} to ${fixed(r.difference_interval[1], 4)})`);
    const p = (x) => (x < 1e-4 ? "< 0.0001" : fixed(x, 4));
    fill("pairs", el("details", {}, el("summary", {}, "Which differences are real: every pair, tested"),
      el("p", { class: "note" }, "McNemar's test on the pictures that one alone has right (exact below 25); where one of the two was fitted with several seeds, a test that crosses seeds and pictures. p-values are corrected for their number by Holm's method. From 0.05 up the two count as tied."),
      scroll("Pairs", table([
        { title: "First", head: true, left: true, value: (r) => r.first, text: (r) => named(r.first) },
        { title: "Second", left: true, value: (r) => r.second, text: (r) => named(r.second) },
        { title: "only the first is right", value: (r) => r.only_first, text: (r) => count(r.only_first) },
        { title: "only the second is right", value: (r) => r.only_second, text: (r) => count(r.only_second) },
        ...(difference ? [{ title: "difference in accuracy, 95 % interval", value: (r) => r.difference, text: difference }] : []),
        { title: "p", value: (r) => r.p_value, text: (r) => p(r.p_value) },
        { title: "p, corrected", value: (r) => r.p_holm, text: (r) => p(r.p_holm) },
        { title: "Verdict", left: true, value: (r) => (r.p_holm < 0.05 ? "differ" : "tie") },
        ...(results.pairs[0].test ? [{ title: "Test", left: true, value: (r) => r.test }] : []),
      ], results.pairs, { compact: true, sortable: true }))));
  }

  /* ---- classes ---- */

  function f1Chart() {
    const f1 = (m, k) => m.evaluation.classes[k]["f1-score"];
    const order = classes.map((name, k) => ({ name, k })).sort((a, b) => f1(models[0], a.k) - f1(models[0], b.k));
    chart("f1", {
      caption: "F1 of each class", small: `sorted by ${models[0].name}; the hardest classes are at the bottom`,
      label: `F1 score of every class for every classifier; the hardest class of ${models[0].name} is ${order[0].name}`,
      draw: (t) => ({
        traces: models.map((m, i) => ({
          type: "scatter", mode: "markers", name: plot(m),
          x: order.map((r) => f1(m, r.k)), y: order.map((r) => plain(cut(r.name, 24))),
          marker: { ...marker(t, i, 10), opacity: 0.9 },
          hovertemplate: `%{y}, ${plot(m)}: %{x:.3f}<extra></extra>`,
        })),
        layout: {
          height: Math.max(260, 90 + 6 * models.length + (classes.length > 60 ? 14 : 30) * classes.length),
          showlegend: true, xaxis: { ...title("f1-score") },
          yaxis: { type: "category", tickfont: { color: t.ink }, showgrid: true },
        },
      }),
      data: () => f1Table(f1),
    });
  }

  /* A row a class, a column a classifier; the best of each row is marked. */
  function f1Table(f1) {
    const best = (k) => Math.max(...models.map((m) => f1(m, k)));
    const mark = (value, k) => (models.length > 1 && value === best(k)
      ? el("span", { class: "best" }, fixed(value, 4)) : fixed(value, 4));
    return table([
      { title: "class", head: true, value: (r) => r.name, text: (r) => named(r.name) },
      ...models.map((m) => ({ title: named(m.name), value: (r) => f1(m, r.k), text: (r) => mark(f1(m, r.k), r.k) })),
      { title: "support", value: (r) => models[0].evaluation.classes[r.k].support,
        text: (r) => count(models[0].evaluation.classes[r.k].support) },
    ], classes.map((name, k) => ({ name, k })), { compact: true, sortable: true,
      foot: el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, "macro avg"),
        models.map((m) => el("td", {}, fixed(m.evaluation["macro avg"]["f1-score"], 4))), el("td", {}, ""))) });
  }

  /* Both ways added up, over all classifiers. */
  function confusedByAll() {
    const pairs = new Map();
    models.forEach((m, i) => confusedPairs(m.evaluation).forEach((p) => {
      const key = `${Math.min(p.i, p.j)}-${Math.max(p.i, p.j)}`;
      if (!pairs.has(key)) pairs.set(key, { a: Math.min(p.i, p.j), b: Math.max(p.i, p.j), each: models.map(() => 0), sum: 0 });
      pairs.get(key).each[i] += p.n;
      pairs.get(key).sum += p.n;
    }));
    const top = [...pairs.values()].sort((x, y) => y.sum - x.sum).slice(0, 10);
    $("pairs-confused-part").hidden = top.length === 0 || models.length < 2;
    fill("pairs-confused", table([
      { title: "classes", head: true, value: (p) => classes[p.a],
        text: (p) => el("span", { class: "name" }, classes[p.a], el("span", { class: "and" }, " and "), classes[p.b]) },
      ...models.map((m, i) => ({ title: named(m.name), value: (p) => p.each[i], text: (p) => count(p.each[i]) })),
    ], top, { compact: true, sortable: true, label: "Most confused pairs of classes" }));
  }

  leaderboard();
  accuracyChart();
  tradeoffChart();
  pairsTable();
  f1Chart();
  confusedByAll();
  const learned = ["loss", "accuracy"].map((key) => weft.curves(`learning-${key}`, key, models));
  $("learning").hidden = !learned.some(Boolean);
})();
