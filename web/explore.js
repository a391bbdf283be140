"use strict";
(() => {
  const { data: page, $, el, fill, count, fixed, percent, plural, seconds, list, table, chart, color, marker,
    title, plain, scroll, terms, named } = weft;
  const results = page.results;
  const { data, sizes, pixels, pca, nearness, duplicates } = results;
  const classes = data.classes;
  const splits = Object.entries(data.splits).map(([name, s]) => ({ name, ...s }));
  const train = data.splits.train;
  const large = weft.gallery(page.pictures, classes);
  const small = weft.gallery(page.thumbnails, classes);
  const total = splits.reduce((n, s) => n + s.count, 0);
  const FEW = 40; /* classes that a chart shows by name; its table has them all */
  const cut = (text) => weft.cut(text, 18);
  const hide = (id) => { $(id).hidden = true; };

  /* ---- head ---- */

  function head() {
    const name = (results.source || "Pictures").replace(/\/+$/, "").split("/").pop() || results.source;
    const [least, most] = [Math.min(...train.class_counts), Math.max(...train.class_counts)];
    const near = nearness.pairs[0];
    const lead = [el("strong", {}, plural(total, "picture")), ` in ${plural(classes.length, "class", "classes")}`,
      least === most ? ", as many of each." : `, ${count(least)} to ${count(most)} of a class in train.`];
    const more = near && near.confused > 0
      ? `${classes[near.a]} and ${classes[near.b]} lie nearest each other: ${percent(near.confused, 1)} of their pictures have the other class's as their nearest.`
      : null;
    weft.masthead({ title: `A look at ${name}`, lead, more, facts: [
      ["Classes", count(classes.length)],
      ...splits.map((s) => [`In ${s.name}`, count(s.count)]),
      ["Size", `${data.width} × ${data.height} ${data.channels === 1 ? "grey" : "colour"}`],
      ["Groups of copies", count(duplicates.count)],
    ] });
  }

  /* ---- classes ---- */

  function counts() {
    const shown = classes.map((_, c) => c).slice(0, FEW);
    const outlines = ["", "/", "x"];
    chart("counts", {
      caption: "Pictures of each class",
      small: shown.length < classes.length ? `the first ${FEW} of ${classes.length} classes; the table has them all` : null,
      label: `Pictures of each class and split: ${list(splits.map((s) => `${count(s.count)} in ${s.name}`))}`,
      draw: (t) => ({
        traces: splits.map((s, i) => ({ type: "bar", orientation: "h", name: s.name, y: shown.map((c) => cut(plain(classes[c]))),
          x: shown.map((c) => s.class_counts[c]), marker: { color: color(t, i), pattern: { shape: outlines[i], fillmode: "overlay", fgcolor: t.card, size: 6 } },
          hovertemplate: `%{y}: %{x:,} in ${s.name}<extra></extra>` })),
        layout: { height: 90 + 26 * shown.length, barmode: "stack", showlegend: splits.length > 1,
          xaxis: title("pictures"), yaxis: { autorange: "reversed", type: "category" } },
      }),
      data: () => table([
        { title: "Class", head: true, value: (c) => classes[c], text: (c) => named(classes[c]) },
        ...splits.map((s) => ({ title: s.name, value: (c) => s.class_counts[c], text: (c) => count(s.class_counts[c]) })),
        { title: "Share of train", value: (c) => train.class_counts[c], text: (c) => percent(train.class_counts[c] / train.count, 1) },
      ], classes.map((_, c) => c), { sortable: true, compact: true }),
    });
    chart("shares", {
      caption: "Shares of train",
      label: `Share of each class in the training pictures, ${percent(Math.min(...train.class_counts) / train.count, 1)} to ${percent(Math.max(...train.class_counts) / train.count, 1)}`,
      draw: (t, width) => pie(t, width),
      data: () => table([
        { title: "Class", head: true, text: (c) => named(classes[c]) },
        { title: "Share", text: (c) => percent(train.class_counts[c] / train.count, 2) },
      ], classes.map((_, c) => c), { compact: true }),
    });
  }

  /* Drawn with the charts that the bundle has: slices are filled outlines. */
  function pie(t, width) {
    let angle = -Math.PI / 2;
    const traces = [], notes = [];
    train.class_counts.forEach((n, c) => {
      const share = n / train.count, turn = 2 * Math.PI * share, steps = Math.max(2, Math.ceil(60 * share));
      const arc = (r, from, to) => Array.from({ length: steps + 1 }, (_, i) => {
        const a = from + ((to - from) * i) / steps;
        return [r * Math.cos(a), -r * Math.sin(a)];
      });
      const ring = [...arc(1, angle, angle + turn), ...arc(0.55, angle + turn, angle)];
      ring.push(ring[0]);
      traces.push({ type: "scatter", mode: "lines", x: ring.map((p) => p[0]), y: ring.map((p) => p[1]), fill: "toself",
        fillcolor: color(t, c), line: { color: t.card, width: 1.5 }, hoveron: "fills", hoverinfo: "text",
        text: `${plain(classes[c])}: ${count(n)}, ${percent(share, 1)}` });
      if (share > 0.035) {
        const middle = angle + turn / 2;
        const [x, y] = [Math.cos(middle), -Math.sin(middle)];
        notes.push({ x: 1.08 * x, y: 1.12 * y, xanchor: x > 0.3 ? "left" : x < -0.3 ? "right" : "center",
          yanchor: y > 0.6 ? "bottom" : y < -0.6 ? "top" : "middle", text: `${weft.cut(plain(classes[c]), 12)}<br>${percent(share, 1)}`,
          showarrow: false, font: { size: 10, color: t.ink } });
      }
      angle += turn;
    });
    const none = { visible: false, range: [-2, 2] };
    return { traces, layout: { height: Math.min(width, 320), showlegend: false, annotations: notes,
      xaxis: none, yaxis: { ...none, range: [-1.5, 1.5], scaleanchor: "x" } } };
  }

  /* ---- sizes ---- */

  function fileSizes() {
    if (sizes.of !== "files") { hide("sizes"); return; }
    const formats = Object.entries(sizes.formats).map(([name, n]) => `${count(n)} ${name}`);
    const modes = Object.entries(sizes.modes).filter(([, n]) => n).map(([name, n]) => `${count(n)} ${name}`);
    fill("sizes-note", `${list(formats)}; ${list(modes)}; ${plural(sizes.distinct_count, "size")}. They were read as ${data.width} × ${data.height}.`);
    const range = (of) => `${of.least} to ${of.most}, median ${of.median}`;
    const most = Math.max(...sizes.distinct.map((s) => s[2]));
    chart("files", {
      caption: "Width and height",
      small: `pixels of the pictures as found, upright; a larger disc is more pictures. Width ${range(sizes.width)}; height ${range(sizes.height)}.`,
      label: `Widths ${range(sizes.width)}, heights ${range(sizes.height)}`,
      draw: (t) => ({
        traces: [{ type: "scatter", mode: "markers", x: sizes.distinct.map((s) => s[0]), y: sizes.distinct.map((s) => s[1]),
          customdata: sizes.distinct.map((s) => s[2]),
          marker: { color: t.accent, opacity: 0.6, size: sizes.distinct.map((s) => 6 + 26 * Math.sqrt(s[2] / most)) },
          hovertemplate: "%{x} × %{y}: %{customdata:,}<extra></extra>" }],
        layout: { height: 380, xaxis: { ...title("width"), rangemode: "tozero" }, yaxis: { ...title("height"), rangemode: "tozero" } },
      }),
      data: () => table([
        { title: "Width", value: (s) => s[0], text: (s) => count(s[0]) },
        { title: "Height", value: (s) => s[1], text: (s) => count(s[1]) },
        { title: "Pictures", value: (s) => s[2], text: (s) => count(s[2]) },
      ], sizes.distinct, { sortable: true, compact: true }),
    });
  }

  /* ---- pixels ---- */

  const inks = (t) => (pixels.channels.length === 1 ? [t.accent] : t.dark ? ["#ef8a73", "#7fcf8a", "#8fb4f5"] : ["#b3402a", "#2e7d43", "#3768c0"]);

  function levels() {
    const moments = (c) => `${c.name}: mean ${fixed(c.mean, 2)}, standard deviation ${fixed(c.standard_deviation, 2)}`;
    const sum = (h) => h.reduce((a, b) => a + b, 0);
    const all = pixels.channels.map((c) => sum(c.histogram));
    chart("levels", {
      caption: "How often each value occurs in train",
      small: `${pixels.channels.map(moments).join("; ")}, of 255. The scale is logarithmic.`,
      label: `Histogram of pixel values; ${pixels.channels.map(moments).join("; ")}`,
      draw: (t) => ({
        traces: pixels.channels.map((c, i) => ({ type: "scatter", mode: "lines", name: c.name, fill: pixels.channels.length === 1 ? "tozeroy" : "none",
          x: c.histogram.map((_, l) => l), y: c.histogram.map((n) => (n ? (100 * n) / all[i] : null)),
          line: { color: inks(t)[i], width: 1.6, shape: "hvh" }, hovertemplate: "%{x}: %{y:.3f} %<extra></extra>" })),
        layout: { height: 340, showlegend: pixels.channels.length > 1, xaxis: { ...title("pixel value"), range: [-2, 257] },
          yaxis: { ...title("% of pixels"), type: "log", dtick: 1 } },
      }),
      data: () => table([
        { title: "Value", head: true, text: (l) => `${l}` },
        ...pixels.channels.map((c) => ({ title: c.name, text: (l) => count(c.histogram[l]) })),
      ], pixels.channels[0].histogram.map((_, l) => l), { compact: true }),
    });
    const shown = pixels.classes.slice(0, FEW);
    chart("brightness", {
      caption: "Brightness of each class",
      small: "mean of all its pixels; the line reaches one standard deviation to either side",
      label: `Mean pixel value of each class, ${fixed(Math.min(...shown.map((c) => c.mean)), 0)} to ${fixed(Math.max(...shown.map((c) => c.mean)), 0)} of 255`,
      draw: (t) => ({
        traces: [{ type: "scatter", mode: "markers", y: shown.map((c) => cut(plain(c.name))), x: shown.map((c) => c.mean),
          error_x: { type: "data", array: shown.map((c) => c.standard_deviation), color: t.soft, thickness: 1.2, width: 3 },
          marker: { color: t.accent, size: 9 }, hovertemplate: "%{y}: %{x:.1f}<extra></extra>" }],
        layout: { height: Math.max(340, 60 + 24 * shown.length), showlegend: false, xaxis: title("pixel value"), yaxis: { autorange: "reversed", type: "category" } },
      }),
      data: () => table([
        { title: "Class", head: true, value: (c) => c.name, text: (c) => named(c.name) },
        { title: "Mean", value: (c) => c.mean, text: (c) => fixed(c.mean, 2) },
        { title: "Standard deviation", value: (c) => c.standard_deviation, text: (c) => fixed(c.standard_deviation, 2) },
      ], pixels.classes, { sortable: true, compact: true }),
    });
  }

  /* ---- pictures ---- */

  function looks() {
    if (!large) { hide("pictures"); return; }
    fill("pictures-note", `Left, the mean of the class's training pictures and their spread, the standard deviation at each place: bright where they differ. The brightest stands for ${fixed(page.widest, 0)} of 255.`);
    const side = large.fit(64);
    const some = (places, what, name) => places.filter((p) => p !== null).map((p, i) => large.picture(p, side, `${name}, ${what} ${i + 1}`));
    const rows = (places, what) => fill("samples", page.means.map((mean, c) => el("div", { class: "sample" },
      el("b", {}, classes[c]),
      el("div", { class: "pictures made" }, [[mean, "mean"], [page.spreads[c], "spread"]].filter(([p]) => p !== null)
        .map(([p, word]) => large.picture(p, side, `${word} of ${classes[c]}`))),
      el("div", { class: "pictures" }, some(places[c], what, classes[c])))));
    weft.chooser("which", "Which pictures of each class", ["First ten", "Ten at random"],
      (i) => (i ? rows(page.random, "at random") : rows(page.first, "first")));
    rows(page.first, "first");
  }

  /* ---- principal components ---- */

  function components() {
    if (!pca || !(pca.explained[0] > 0)) { hide("components"); return; }
    const [h, w] = pca.shape;
    fill("components-note", `Of the training pictures${pca.scaled ? `, scaled to ${w} × ${h}` : ""}: the directions in which they differ most. `,
      `80 % of the variance takes ${count(pca.needed["0.8"])} of ${plural(pca.components, "component")}, 90 % ${count(pca.needed["0.9"])}, 95 % ${count(pca.needed["0.95"])}, 99 % ${count(pca.needed["0.99"])}.`);
    const n = pca.explained.map((_, i) => i + 1);
    chart("explained", {
      caption: "Variance explained", small: n.length < pca.components ? `the first ${n.length} components` : null,
      label: `Share of the variance that each component explains, ${percent(pca.explained[0], 1)} for the first, and their sum`,
      draw: (t) => ({
        traces: [
          { type: "bar", name: "each", x: n, y: pca.explained.map((v) => 100 * v), marker: { color: t.series[1] },
            hovertemplate: "component %{x}: %{y:.2f} %<extra></extra>" },
          { type: "scatter", mode: "lines", name: "in all", x: n, y: pca.cumulative.map((v) => 100 * v), line: { color: t.accent, width: 2.5 },
            hovertemplate: "first %{x}: %{y:.2f} %<extra></extra>" },
        ],
        layout: { height: 340, showlegend: true, xaxis: title("component"), yaxis: { ...title("% of the variance"), range: [0, 101] } },
      }),
      data: () => table([
        { title: "Component", head: true, text: (i) => `${i + 1}` },
        { title: "Explains", text: (i) => percent(pca.explained[i], 3) },
        { title: "In all", text: (i) => percent(pca.cumulative[i], 3) },
      ], n.map((i) => i - 1), { compact: true }),
    });
    if (large)
      fill("eigen", page.components.filter((p) => p !== null).map((p, i) => el("figure", { class: "picture" },
        large.picture(p, large.fit(80), `principal component ${i + 1}`),
        el("span", { class: "right" }, `${i + 1}: ${percent(pca.explained[i], 1)}`))));
    clouds();
  }

  function clouds() {
    const points = page.scatter.points.map(([c, place, ...at]) => ({ c, place, at }));
    fill("scatter-note", `${plural(points.length, "training picture")}, as many of each class as there are up to an even share, drawn at random. Colour and form are the class; a class's name below hides it.`);
    const axes = pca.explained.slice(0, 3).map((v, i) => `component ${i + 1} (${percent(v, 1)})`);
    const centres = (dimensions) => () => {
      const of = classes.map((_, c) => points.filter((p) => p.c === c));
      return table([
        { title: "Class", head: true, text: (c) => named(classes[c]) },
        { title: "Drawn", text: (c) => count(of[c].length) },
        ...axes.slice(0, dimensions).map((name, k) => ({ title: `Mean of component ${k + 1}`,
          text: (c) => fixed((page.scatter.unit * of[c].reduce((s, p) => s + p.at[k], 0)) / of[c].length, 3) })),
      ], classes.map((_, c) => c), { compact: true });
    };
    for (const [id, dimensions] of [["plane", 2], ["room", 3]])
      if (pca.explained.length < dimensions) hide(id);
      else
        weft.scatter(id, {
          caption: `${dimensions === 2 ? "Two" : "Three"} components, ${percent(pca.cumulative[dimensions - 1], 1)} of the variance`,
          small: dimensions === 2 ? "Point at one to see its picture." : "Drag to turn it.",
          label: `Training pictures along the first ${dimensions} principal components.`,
          points, classes, dimensions, axes, gallery: small, data: centres(dimensions),
        });
  }

  /* ---- nearest classes ---- */

  function nearest() {
    if (!nearness.pairs.length) { hide("nearness"); return; }
    const matrix = nearness.confusion, asked = nearness.asked;
    fill("nearness-note", asked
      ? [`${asked < train.count ? `For ${count(asked)} of the ${count(train.count)} training pictures` : "For each training picture"} the nearest other one was looked up among all, by the Euclidean distance along the first ${plural(nearness.components, "principal component")}. It is of the same class for ${percent(nearness.accuracy, 1)}. `,
        "Classes that are often each other's nearest will be hard to tell apart; so will those whose mean pictures lie close together, measured in standard deviations within a class."]
      : "By the distance of the mean pictures, in standard deviations within a class.");
    if (!asked || !matrix.length) hide("neighbours");
    else heat(matrix);
    const pairs = nearness.pairs.slice(0, 15);
    fill("pairs", scroll("Pairs of classes, the nearest first", table([
      { title: "Class", head: true, value: (p) => classes[p.a], text: (p) => named(classes[p.a]) },
      { title: "and", left: true, value: (p) => classes[p.b], text: (p) => named(classes[p.b]) },
      { title: "Nearest is the other's", value: (p) => p.confused, text: (p) => percent(p.confused, 2) },
      { title: "Means apart", value: (p) => p.distance, text: (p) => fixed(p.distance, 2) },
    ], pairs, { sortable: true })));
  }

  /* Shaded as the report's confusion matrices are. */
  function heat(matrix) {
    const sums = matrix.map((row) => row.reduce((a, b) => a + b, 0));
    const share = matrix.map((row, i) => row.map((n) => (sums[i] ? n / sums[i] : 0)));
    const shown = classes.map((_, c) => c).slice(0, FEW);
    const cell = (i, j) => el("span", { class: i === j ? "right" : "wrong", style: `--share:${fixed(100 * share[i][j] ** 0.6, 1)}%`,
      title: `${percent(share[i][j], 2)} of ${classes[i]} have a picture of ${classes[j]} as their nearest` },
    matrix[i][j] ? fixed(100 * share[i][j], 1) : "");
    const label = "Class of the nearest other picture: a row is a class, figures are % of its pictures";
    fill("neighbours",
      el("figcaption", {}, "Class of the nearest other picture",
        el("small", {}, `a row is a class; figures and shade: % of its pictures whose nearest other is of the column's class${shown.length < classes.length ? `; the first ${FEW} classes` : ""}`)),
      el("div", { class: "scroll plain", tabindex: "0", role: "region", "aria-label": label },
        el("table", { class: `confusion${shown.length > 12 ? " dense" : ""}`, "aria-label": label },
          el("thead", {}, el("tr", {}, el("td", { class: "corner" }, "class \\ nearest"),
            shown.map((j) => el("th", { scope: "col" }, el("span", { title: classes[j] }, classes[j]))))),
          el("tbody", {}, shown.map((i) => el("tr", {}, el("th", { scope: "row", title: classes[i] }, classes[i]),
            shown.map((j) => el("td", {}, cell(i, j)))))))),
      el("details", {}, el("summary", {}, "Numbers of pictures"),
        scroll("Numbers of pictures", table([
          { title: "class \\ nearest", head: true, text: (i) => named(classes[i]) },
          ...shown.map((j) => ({ title: classes[j], text: (i) => count(matrix[i][j]) })),
        ], classes.map((_, i) => i), { compact: true }))));
  }

  /* ---- copies ---- */

  function copies() {
    const d = duplicates;
    fill("copies-note", d.count
      ? [`${plural(d.count, "group")} of ${count(d.pictures)} pictures: ${count(d.exact)} of exactly the same pixels, `,
        el(d.across ? "strong" : "span", { class: d.across ? "warn" : null }, `${count(d.across)} across splits`), ", ",
        el(d.conflict ? "strong" : "span", { class: d.conflict ? "warn" : null }, `${count(d.conflict)} with different labels`),
        `. Copies that were turned, rescaled or recompressed count from a similarity of ${fixed(d.similarity, 4)} on: Lin's concordance correlation of the pixels, once one picture is laid over the other by the rotation, scale and shift that fit best. Worst first: a copy in another split flatters every result, a copy with another label costs accuracy.`]
      : `No picture resembles another by ${fixed(d.similarity, 4)} or more, however it is turned or scaled.`);
    fill("groups", page.groups.map((g) => el("div", { class: "group" },
      el("p", {}, el("b", {}, plural(g.count, "picture")),
        g.exact ? ", the same pixels" : "",
        g.across ? el("span", { class: "warn" }, ", in different splits") : "",
        g.conflict ? el("span", { class: "warn" }, ", with different labels") : ""),
      el("div", { class: "pictures" }, g.pictures.map((p) => el("figure", { class: "picture" },
        large && p.place !== null ? large.picture(p.place, large.fit(64), classes[p.label]) : null,
        el("span", {}, classes[p.label]),
        el("span", { class: "sub" }, `${p.split} ${p.index}${g.exact ? "" : `, ${fixed(p.similarity, 4)}`}`))),
        g.count > g.pictures.length ? el("span", { class: "sub" }, `and ${count(g.count - g.pictures.length)} more`) : null))),
      d.count > page.groups.length ? el("p", { class: "note" }, `explore.json has ${count(d.count - page.groups.length)} groups more.`) : []);
  }

  function made() {
    const items = [
      ["Data", results.source || "–"],
      ...splits.map((s) => [`Digest of ${s.name}`, el("code", {}, s.digest)]),
      ["Seed", `${results.seed}: which pictures are shown at random and in the scatter`],
      ["Time", seconds(results.seconds)],
      ["Versions", `weft ${results.weft}` + (typeof Plotly !== "undefined" ? `; charts by Plotly.js ${Plotly.version}` : "")],
    ];
    fill("how", results.command ? [el("p", {}, "The command that makes it again:"), weft.command(results.command)] : [],
      terms(items),
      el("p", { class: "note" }, "Of the test split only numbers of pictures, sizes of files and copies were looked at. Everything else is of the training split. Standard deviations are those of the population, divided by the number."));
    fill("colophon", `Made by weft ${results.weft}. This page needs no network; explore.json beside it holds the same figures.`);
  }

  head();
  counts();
  fileSizes();
  levels();
  looks();
  components();
  nearest();
  copies();
  made();
  weft.contents();
  document.documentElement.dataset.ready = "yes";
})();
