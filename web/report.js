"use strict";
(() => {
  const { data: page, $, el, fill, count, fixed, percent, plural, seconds, bytes, rate, cut, list,
    table, chart, color, marker, title, plain, scroll, terms } = weft;
  const results = page.results;
  const run = results.run;
  const data = results.data;
  const classes = data.classes;
  const models = results.classifiers.filter((m) => m.evaluation);
  const failed = results.classifiers.filter((m) => !m.evaluation);
  const chosen = { model: 0 };
  const pictures = weft.gallery(page.pictures, classes);

  /* ---- head ---- */

  function head() {
    const source = data.source || "Pictures";
    const name = source.replace(/\/+$/, "").split("/").pop() || source;
    const best = models[0], e = best.evaluation;
    const alone = models.filter((m) => m.place === 1).length === 1;
    const lead = [el("strong", {}, best.name),
      models.length === 1 ? " gets " : alone ? " is best: " : " is ahead: ",
      `${percent(e.accuracy)} of ${count(e.count)} test pictures right`,
      ` (95 % interval ${fixed(100 * e.accuracy_interval[0], 1)} to ${percent(e.accuracy_interval[1], 1)}).`];

    const places = new Map();
    for (const m of models) places.set(m.place, [...(places.get(m.place) || []), m.name]);
    const ties = [...places.values()].filter((names) => names.length > 1);
    const more = ties.length
      ? `${ties.map((names) => `${list(names)} cannot be told apart`).join("; ")} on these pictures: McNemar's test with Holm's correction finds no difference at 5 %.`
      : models.length > 1 ? "Every difference in place is significant at 5 % (McNemar's test, Holm's correction)." : null;

    const [height, width, channels] = data.shape;
    const facts = [
      ["Classes", count(classes.length)],
      ["Training pictures", count(data.train.count)],
      ...(data.validation ? [["Validation pictures", count(data.validation.count)]] : []),
      ["Test pictures", count(data.test.count)],
      ["Size", `${width} × ${height} ${channels === 1 ? "grey" : "colour"}`],
      ["Date", run.began.slice(0, 10)],
    ];
    weft.masthead({ title: `${plural(models.length, "classifier")} on ${name}`, lead, more, facts });
  }

  /* ---- comparison ---- */

  function leaderboard() {
    const tied = (m) => models.filter((o) => o.place === m.place).length > 1;
    const ev = (f) => (m) => f(m.evaluation);
    const score = (name, average, key) => ({
      title: name, best: "high", value: ev((e) => e[average][key]),
      text: ev((e) => fixed(e[average][key], 4)),
    });
    fill("leaderboard", table([
      { title: "", value: null, text: (m) => (tied(m) ? `${m.place} =` : `${m.place}`) },
      { title: "Classifier", head: true, left: true, value: (m) => m.name,
        text: (m) => el("span", { class: "name" }, m.name, el("span", { class: "sub" }, m.title)) },
      { title: "Accuracy", best: "high", value: ev((e) => e.accuracy),
        text: ev((e) => fixed(e.accuracy, 4)) },
      { title: "95 % interval", text: ev((e) => el("span", { class: "sub" },
        `${fixed(e.accuracy_interval[0], 4)}–${fixed(e.accuracy_interval[1], 4)}`)) },
      score("Macro F1", "macro avg", "f1-score"),
      { title: "Fit", best: "low", value: (m) => m.fit_seconds, text: (m) => seconds(m.fit_seconds) },
      { title: "Predict", best: "low", value: (m) => m.predict_seconds,
        text: (m) => seconds(m.predict_seconds) },
      { title: "Pictures", best: "high", value: (m) => m.pictures_per_second,
        text: (m) => rate(m.pictures_per_second) },
      ...(models.some((m) => m.model_bytes) ? [{ title: "Model", best: "low",
        value: (m) => m.model_bytes, text: (m) => (m.model_bytes ? bytes(m.model_bytes) : "–") }] : []),
      { title: "Extra memory", best: "low", value: (m) => m.peak_memory,
        text: (m) => bytes(m.peak_memory) },
      { title: "Macro F1 interval", text: (m) => el("span", { class: "sub" },
        `${fixed(m.macro_f1_interval[0], 4)}–${fixed(m.macro_f1_interval[1], 4)}`) },
      score("Macro precision", "macro avg", "precision"),
      score("Macro recall", "macro avg", "recall"),
      score("Weighted F1", "weighted avg", "f1-score"),
      score("Weighted precision", "weighted avg", "precision"),
      score("Weighted recall", "weighted avg", "recall"),
      { title: "Top 3", best: "high", value: ev((e) => e.top_3_accuracy),
        text: ev((e) => fixed(e.top_3_accuracy, 4)) },
      { title: "Log loss", best: "low", value: ev((e) => e.log_loss),
        text: ev((e) => fixed(e.log_loss, 4)) },
      { title: "MCC", best: "high", value: ev((e) => e.matthews_corrcoef),
        text: ev((e) => fixed(e.matthews_corrcoef, 4)) },
    ], models, { sortable: true, label: "Comparison" }));
    if (failed.length)
      fill("failures", el("p", { class: "note" }, "Not compared: ",
        failed.map((m) => `${m.name} (${m.error})`).join("; "), "."));
  }

  function accuracyChart() {
    const reversed = [...models].reverse();
    const e = (m) => m.evaluation;
    chart("accuracy", {
      caption: "Accuracy", small: "with 95 % intervals (Wilson)",
      label: `Accuracy of ${models.length} classifiers with intervals; ${models[0].name} is highest`,
      draw: (t) => ({
        traces: [{
          type: "scatter", mode: "markers", x: reversed.map((m) => 100 * e(m).accuracy),
          y: reversed.map((m) => m.name),
          error_x: {
            type: "data", symmetric: false, thickness: 2, width: 5, color: t.soft,
            array: reversed.map((m) => 100 * (e(m).accuracy_interval[1] - e(m).accuracy)),
            arrayminus: reversed.map((m) => 100 * (e(m).accuracy - e(m).accuracy_interval[0])),
          },
          marker: { size: 11, color: reversed.map((m) => (m.place === 1 ? t.accent : t.soft)) },
          hovertemplate: "%{y}: %{x:.2f} %<extra></extra>",
        }],
        layout: {
          height: Math.max(280, 60 + 38 * models.length), showlegend: false,
          xaxis: { ...title("accuracy, %") },
          yaxis: { tickfont: { color: t.ink }, type: "category" },
        },
      }),
      data: () => table([
        { title: "Classifier", head: true, value: (m) => m.name },
        { title: "accuracy", text: (m) => fixed(e(m).accuracy, 4) },
        { title: "from", text: (m) => fixed(e(m).accuracy_interval[0], 4) },
        { title: "to", text: (m) => fixed(e(m).accuracy_interval[1], 4) },
      ], models, { compact: true }),
    });
  }

  function tradeoffChart() {
    chart("tradeoff", {
      caption: "Time against accuracy", small: "time to fit, on a logarithmic scale",
      label: "Seconds to fit against accuracy for each classifier",
      draw: (t) => {
        const times = models.map((m) => Math.log10(Math.max(m.fit_seconds, 1e-6)));
        const low = Math.min(...times), high = Math.max(...times);
        const space = Math.max(0.3, 0.22 * (high - low));
        const steps = high - low < 1 ? [1, 2, 5] : [1];
        const ticks = [];
        for (let e = Math.floor(low - space); e <= high + space; e++)
          ticks.push(...steps.map((step) => step * 10 ** e));
        return {
          traces: [{
            type: "scatter", mode: "markers+text", x: models.map((m) => Math.max(m.fit_seconds, 1e-6)),
            y: models.map((m) => 100 * m.evaluation.accuracy), text: models.map((m) => cut(m.name, 22)),
            textposition: times.map((x) => (x > (low + high) / 2 ? "middle left" : "middle right")),
            textfont: { color: t.ink }, cliponaxis: false,
            marker: { size: 11, color: models.map((m) => (m.place === 1 ? t.accent : t.soft)) },
            customdata: models.map((m) => [m.name, seconds(m.fit_seconds)]),
            hovertemplate: "%{customdata[0]}: %{y:.2f} % after %{customdata[1]}<extra></extra>",
          }],
          layout: {
            height: Math.max(280, 60 + 38 * models.length), showlegend: false,
            xaxis: { type: "log", range: [low - space, high + space], tickmode: "array",
              tickvals: ticks, ticktext: ticks.map(seconds), ...title("time to fit") },
            yaxis: { ...title("accuracy, %") },
          },
        };
      },
      data: () => table([
        { title: "Classifier", head: true, value: (m) => m.name },
        { title: "seconds to fit", text: (m) => fixed(m.fit_seconds, 3) },
        { title: "seconds to predict", text: (m) => fixed(m.predict_seconds, 3) },
        { title: "accuracy", text: (m) => fixed(m.evaluation.accuracy, 4) },
      ], models, { compact: true }),
    });
  }

  function pairsTable() {
    if (!results.pairs.length) return;
    const p = (x) => (x < 1e-4 ? "< 0.0001" : fixed(x, 4));
    fill("pairs", el("details", {}, el("summary", {}, "Which differences are real: every pair, tested"),
      el("p", { class: "note" }, "McNemar's test on the pictures that one alone has right (exact below 25), p-values corrected for their number by Holm's method. From 0.05 up the two count as tied."),
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Pairs" }, table([
        { title: "First", head: true, left: true, value: (r) => r.first },
        { title: "Second", left: true, value: (r) => r.second },
        { title: "only the first is right", value: (r) => r.only_first, text: (r) => count(r.only_first) },
        { title: "only the second is right", value: (r) => r.only_second, text: (r) => count(r.only_second) },
        { title: "p", value: (r) => r.p_value, text: (r) => p(r.p_value) },
        { title: "p, corrected", value: (r) => r.p_holm, text: (r) => p(r.p_holm) },
        { title: "", left: true, text: (r) => (r.p_holm < 0.05 ? "differ" : "tie") },
      ], results.pairs, { compact: true, sortable: true }))));
  }

  /* ---- classes ---- */

  function f1Chart() {
    const many = classes.length > 60;
    const rows = classes.map((name, k) => ({ name, k }));
    const f1 = (m, k) => m.evaluation.classes[k]["f1-score"];
    const order = [...rows].sort((a, b) => f1(models[0], b.k) - f1(models[0], a.k)).reverse();
    chart("f1", {
      caption: "F1 of each class", small: `sorted by ${models[0].name}; the hardest classes are at the bottom`,
      label: "F1 score of every class for every classifier",
      draw: (t) => ({
        traces: models.map((m, i) => ({
          type: "scatter", mode: "markers", name: m.name,
          x: order.map((r) => f1(m, r.k)), y: order.map((r) => r.name),
          marker: { ...marker(t, i, 10), opacity: 0.9 },
          hovertemplate: `%{y}, ${m.name.replace(/[<>&%{}]/g, "")}: %{x:.3f}<extra></extra>`,
        })),
        layout: {
          height: Math.max(260, 90 + (many ? 14 : 30) * classes.length),
          showlegend: true, xaxis: { ...title("f1-score") },
          yaxis: { type: "category", tickfont: { color: t.ink }, showgrid: true },
        },
      }),
      data: () => table([
        { title: "Class", head: true, value: (r) => r.name },
        ...models.map((m) => ({ title: m.name, best: null, value: (r) => f1(m, r.k),
          text: (r) => fixed(f1(m, r.k), 4) })),
        { title: "support", text: (r) => count(models[0].evaluation.classes[r.k].support) },
      ], rows, { compact: true, sortable: true }),
    });
  }

  /* ---- learning curves ---- */

  function learning() {
    const learners = models.map((m, i) => ({ m, i })).filter(({ m }) => m.history.loss || m.history.accuracy);
    if (!learners.length) {
      $("learning").hidden = true;
      return;
    }
    const draw = (key, caption, id) => {
      const has = learners.filter(({ m }) => m.history[key]);
      if (!has.length) {
        $(id).hidden = true;
        return;
      }
      const validated = has.some(({ m }) => m.history[`val_${key}`]);
      chart(id, {
        caption, small: validated ? "solid: training (" + key + "), dotted: validation (val_" + key + ")" : "on the training pictures",
        label: `${caption} over the epochs for ${list(has.map(({ m }) => m.name))}`,
        draw: (t) => ({
          traces: has.flatMap(({ m, i }) => [key, `val_${key}`].filter((k) => m.history[k]).map((k) => ({
            type: "scatter", mode: "lines+markers", name: k === key ? m.name : `${m.name} val`,
            legendgroup: m.name, showlegend: k === key,
            x: m.history[k].map((_, e) => e + 1), y: m.history[k],
            line: { color: color(t, i), width: 2, dash: k === key ? "solid" : "dot" },
            marker: { size: 5, color: color(t, i) },
            hovertemplate: `epoch %{x}, ${k}: %{y:.4f}<extra></extra>`,
          }))),
          layout: {
            height: 320, showlegend: true, xaxis: { ...title("epoch"), tickformat: "d", rangemode: "tozero" },
            yaxis: { ...title(key), rangemode: key === "loss" ? "tozero" : "normal" },
          },
        }),
        data: () => {
          const columns = has.flatMap(({ m }) => [key, `val_${key}`].filter((k) => m.history[k])
            .map((k) => ({ title: `${m.name} ${k}`, text: (e) => fixed(m.history[k][e], 4) })));
          const epochs = Math.max(...has.map(({ m }) => m.history[key].length));
          return table([{ title: "epoch", head: true, text: (e) => `${e + 1}` }, ...columns],
            [...Array(epochs).keys()], { compact: true });
        },
      });
    };
    draw("loss", "Loss", "loss");
    draw("accuracy", "Accuracy", "learned");
  }

  /* ---- a closer look ---- */

  function chooser() {
    weft.chooser("chooser", "Classifier to look at", models.map((m) => m.name), (i) => {
      chosen.model = i;
      closer();
    });
  }

  function classReport(m) {
    const e = m.evaluation;
    fill("report-title", `Classification report of ${m.name}`);
    const row = (name, s) => el("tr", {}, el("th", { scope: "row" }, name),
      ["precision", "recall", "f1-score"].map((k) => el("td", {}, s ? fixed(s[k], 4) : "")),
      el("td", {}, count(s ? s.support : e.count)));
    const accuracy = el("tr", {}, el("th", { scope: "row" }, "accuracy"), el("td", {}), el("td", {}),
      el("td", {}, fixed(e.accuracy, 4)), el("td", {}, count(e.count)));
    const f1 = (s) => el("span", {},
      el("span", { class: "bar", "aria-hidden": "true" },
        el("i", { style: `width:${100 * s["f1-score"]}%` })),
      fixed(s["f1-score"], 4));
    fill("report", table([
      { title: "", head: true, value: null, text: (s) => s.name },
      { title: "precision", best: null, value: (s) => s.precision, text: (s) => fixed(s.precision, 4) },
      { title: "recall", value: (s) => s.recall, text: (s) => fixed(s.recall, 4) },
      { title: "f1-score", value: (s) => s["f1-score"], text: f1 },
      { title: "support", value: (s) => s.support, text: (s) => count(s.support) },
    ], e.classes, { sortable: true, label: "Classification report",
      foot: el("tfoot", {}, accuracy, row("macro avg", e["macro avg"]), row("weighted avg", e["weighted avg"])) }));
  }

  function showCell(i, j, move) {
    const m = models[chosen.model];
    const n = m.evaluation.confusion_matrix[i][j];
    const shown = page.mistakes[chosen.model].cells[`${i}-${j}`] || [];
    const said = i === j
      ? `${m.name} recognised ${count(n)} of the ${count(m.evaluation.classes[i].support)} pictures of ${classes[i]}`
      : `${m.name} took ${plural(n, "picture")} of ${classes[i]} for ${classes[j]}`;
    const some = n === 0 ? "" : shown.length === 0 ? " This file has no room for them."
      : shown.length < n ? ` The ${shown.length} it was surest of:` : "";
    fill("cell", el("p", {}, el("strong", {}, `${said}.`), some),
      el("div", { class: "pictures" }, shown.map(([place, p]) => pictures.judged(place, j, p, pictures.fit(84)))));
    if (move) $("cell").scrollIntoView({ block: "nearest" });
  }

  function confusion(m) {
    const e = m.evaluation;
    const matrix = e.confusion_matrix;
    const n = classes.length;
    const share = matrix.map((row) => {
      const sum = row.reduce((a, b) => a + b, 0);
      return row.map((v) => (sum ? v / sum : 0));
    });
    const cell = n <= 12 ? 46 : n <= 25 ? 30 : 14;
    chart("confusion", {
      caption: `Confusion matrix of ${m.name}`, small: "shade: share of the row; figure: pictures",
      label: `Confusion matrix of ${m.name}, ${n} by ${n}; the table below has every figure`,
      minimum: Math.min(900, 110 + cell * n), click: (point) => showCell(classIndex(point, "y"), classIndex(point, "x"), true),
      draw: (t, width) => {
        const side = Math.max(300, Math.min(width, 660));
        const ticks = { tickmode: "array", tickvals: classes.map((_, k) => k),
          ticktext: classes.map((name) => cut(name, 14)), tickfont: { color: t.ink, size: n > 25 ? 8 : 11 }, showgrid: false, zeroline: false };
        return {
          traces: [{
            type: "heatmap", z: share, customdata: matrix, colorscale: [[0, t.card], [1, t.accent]], zmin: 0, zmax: 1,
            showscale: false, xgap: 1, ygap: 1,
            x: classes.map((_, k) => k), y: classes.map((_, k) => k),
            text: matrix.map((row) => row.map((v) => (v && n <= 25 ? `${v}` : ""))),
            texttemplate: n <= 25 ? "%{text}" : undefined, textfont: { size: n <= 12 ? 12 : 9 },
            hovertext: matrix.map((row, i) => row.map((v, j) =>
              `${count(v)} × ${plain(classes[i])} taken for ${plain(classes[j])}, ${fixed(100 * share[i][j], 1)} %`)),
            hovertemplate: "%{hovertext}<extra></extra>",
          }],
          layout: {
            height: side, margin: { l: 8, r: 8, t: 8, b: 8 },
            xaxis: { ...ticks, side: "bottom", tickangle: -40, ...title("predicted"), constrain: "domain" },
            yaxis: { ...ticks, autorange: "reversed", ...title("true") },
          },
        };
      },
      data: () => table([
        { title: "true \\ predicted", head: true, text: (i) => classes[i] },
        ...classes.map((name, j) => ({ title: name, text: (i) =>
          matrix[i][j]
            ? el("button", { type: "button", "data-cell": `${i}-${j}`, onclick: () => showCell(i, j, true),
              "aria-label": `${matrix[i][j]} pictures of ${classes[i]} taken for ${name}` }, count(matrix[i][j]))
            : "0" })),
      ], classes.map((_, i) => i), { compact: true }),
    });
  }

  const classIndex = (point, axis) => Math.round(point[axis]);

  function confused(m) {
    const matrix = m.evaluation.confusion_matrix;
    const pairs = [];
    matrix.forEach((row, i) => row.forEach((v, j) => { if (i !== j && v) pairs.push({ i, j, v }); }));
    pairs.sort((a, b) => b.v - a.v);
    fill("confused", pairs.length
      ? el("ul", { class: "confused" }, pairs.slice(0, 9).map(({ i, j, v }) =>
        el("li", {}, el("button", { type: "button", onclick: () => showCell(i, j, true) },
          el("span", {}, classes[i], el("span", { class: "sub" }, " taken for "), classes[j]),
          el("b", {}, count(v))))))
      : el("p", {}, "Nothing was confused."));
  }

  function worst(k) {
    const items = page.mistakes[k].worst;
    fill("worst", items.length
      ? items.map(([place, predicted, p]) => pictures.judged(place, predicted, p, pictures.fit(112)))
      : el("p", { class: "note" }, "There are none."));
  }

  function calibration(m) {
    const e = m.evaluation;
    const bins = e.reliability.filter((b) => b.count);
    chart("calibration", {
      caption: `Reliability of ${m.name}`,
      small: `expected calibration error ${fixed(e.expected_calibration_error, 4)}, log loss ${fixed(e.log_loss, 4)}, Brier score ${fixed(e.brier_score, 4)}`,
      label: `Share of right predictions against stated probability for ${m.name}`,
      draw: (t) => ({
        traces: [
          { type: "scatter", mode: "lines", x: [0, 1], y: [0, 1], hoverinfo: "skip", showlegend: false,
            line: { color: t.soft, width: 1, dash: "dash" } },
          { type: "bar", name: "pictures", yaxis: "y2", x: e.reliability.map((b) => (b.above + b.to) / 2),
            y: e.reliability.map((b) => b.count), width: 1 / e.reliability.length * 0.9,
            marker: { color: t.line }, hovertemplate: "%{y} pictures<extra></extra>" },
          { type: "scatter", mode: "lines+markers", name: "accuracy", x: bins.map((b) => b.confidence),
            y: bins.map((b) => b.accuracy), line: { color: t.accent, width: 2 }, marker: { size: 8, color: t.accent },
            hovertemplate: "sure %{x:.3f}, right %{y:.3f}<extra></extra>" },
        ],
        layout: {
          height: 380, showlegend: true, barmode: "overlay",
          xaxis: { ...title("probability of the predicted class"), range: [0, 1.02], anchor: "y2" },
          yaxis: { ...title("share that is right"), range: [0, 1.04], domain: [0.26, 1] },
          yaxis2: { domain: [0, 0.18], automargin: true, fixedrange: true, gridcolor: t.line, linecolor: t.line, nticks: 3, zerolinecolor: t.line },
        },
      }),
      data: () => table([
        { title: "probability", head: true, text: (b) => `${fixed(b.above, 3)}–${fixed(b.to, 3)}` },
        { title: "pictures", text: (b) => count(b.count) },
        { title: "mean probability", text: (b) => (b.count ? fixed(b.confidence, 4) : "–") },
        { title: "accuracy", text: (b) => (b.count ? fixed(b.accuracy, 4) : "–") },
      ], e.reliability, { compact: true }),
    });
  }

  function closer() {
    const m = models[chosen.model];
    classReport(m);
    confusion(m);
    confused(m);
    fill("cell");
    worst(chosen.model);
    calibration(m);
  }

  /* ---- data ---- */

  function balance() {
    const parts = ["train", "validation", "test"].filter((p) => data[p]);
    const share = (p, k) => (data[p].count ? (100 * data[p].per_class[k]) / data[p].count : 0);
    chart("balance", {
      caption: "Class balance", small: "share of each class within its split",
      label: `Share of each of the ${classes.length} classes in ${list(parts)}`,
      draw: (t) => ({
        traces: parts.map((p, i) => ({
          type: "bar", name: p, x: classes.map((_, k) => share(p, k)), y: classes, orientation: "h",
          marker: { color: color(t, i) }, customdata: data[p].per_class,
          hovertemplate: `%{y}, ${p}: %{customdata} pictures, %{x:.1f} %<extra></extra>`,
        })),
        layout: {
          height: Math.max(220, 80 + (classes.length > 60 ? 14 : 14 + 10 * parts.length) * classes.length),
          barmode: "group", bargap: 0.3, xaxis: { ...title("share of the split, %"), rangemode: "tozero" },
          yaxis: { type: "category", autorange: "reversed", tickfont: { color: t.ink } }, showlegend: true,
        },
      }),
      data: () => table([
        { title: "Class", head: true, text: (k) => classes[k] },
        ...parts.map((p) => ({ title: p, text: (k) => count(data[p].per_class[k]) })),
      ], classes.map((_, k) => k), { compact: true }),
    });
  }

  function samples() {
    if (!pictures) return;
    const size = pictures.fit(64);
    fill("samples", page.samples.map((places, k) =>
      el("div", { class: "sample" }, el("b", {}, classes[k]),
        el("div", { class: "pictures" }, places.map((p) => pictures.picture(p, size, classes[k]))))));
  }

  /* ---- how it was made ---- */

  function how() {
    const machine = run.machine;
    const items = [
      ["Data", data.source],
      ["Test pictures", `${data.test_origin}; opened once, after everything was fitted`],
      ["Digest, training", el("span", { class: "mono" }, data.train.digest)],
      ["Digest, test", el("span", { class: "mono" }, data.test.digest)],
      ["Seed", `${run.seed}`],
      ["Begun", run.began],
      ["Machine", `${machine.processor}, ${plural(machine.cores, "core")}, ${bytes(machine.memory)}`],
      ["Threads", `${run.threads}`],
      ["System", machine.system],
      ["Versions", `weft ${run.weft}, built with ${machine.compiler}` +
        (typeof Plotly !== "undefined" ? `; charts by Plotly.js ${Plotly.version}` : "")],
    ];
    const options = (m) => Object.entries(m.options).map(([k, v]) => `${k}=${v}`).join("  ") || "none";
    fill("how",
      run.command ? [el("p", {}, "The command that makes it again:"), weft.command(run.command)] : [],
      terms(items),
      el("h3", {}, "Options of the classifiers"),
      terms(results.classifiers.map((m) => [m.name, [el("span", { class: "mono" }, options(m)),
        m.source ? el("span", { class: "sub" }, ` ${m.source}`) : null]])),
      el("h3", {}, "How to read the figures"),
      el("p", { class: "note" }, "Accuracy has Wilson's 95 % interval. Macro averages weigh every class alike, weighted averages weigh classes by their pictures. Every classifier saw the same training pictures, and nothing was chosen by looking at the test pictures. The intervals tell how much these test pictures could mislead; they say nothing of pictures of another kind."));
    fill("colophon", `Made by weft ${run.weft}. This page needs no network; results.json beside it holds the same figures.`);
  }

  head();
  leaderboard();
  accuracyChart();
  tradeoffChart();
  pairsTable();
  f1Chart();
  learning();
  chooser();
  closer();
  balance();
  samples();
  how();
  weft.contents();
  document.documentElement.dataset.ready = "yes";
})();
