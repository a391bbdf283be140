/* The data, and how everything was made. */
(() => {
  const { el, fill, count, bytes, plural, list, cut, table, chart, color, title, plain, terms } = weft;
  const { page, results, run, data, classes, pictures, options } = weft.report;

  function balance() {
    const parts = ["train", "validation", "test"].filter((p) => data[p]);
    const share = (p, k) => (data[p].count ? (100 * data[p].per_class[k]) / data[p].count : 0);
    chart("balance", {
      caption: "Class balance", small: "share of each class within its split",
      label: `Share of each of the ${classes.length} classes in ${list(parts)}`,
      draw: (t) => ({
        traces: parts.map((p, i) => ({
          type: "bar", name: p, x: classes.map((_, k) => share(p, k)), y: classes.map((name) => plain(cut(name, 24))),
          orientation: "h", marker: { color: i === 0 ? color(t, i) : t.card, line: { width: 1.5, color: color(t, i) } },
          customdata: data[p].per_class,
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
    if (!pictures || !page.samples) return;
    const size = pictures.fit(64);
    fill("samples", page.samples.map((places, k) =>
      el("div", { class: "sample" }, el("b", {}, classes[k]),
        el("div", { class: "pictures" }, places.map((p) => pictures.picture(p, size, classes[k]))))));
  }

  function how() {
    const machine = run.machine;
    fill("how",
      run.command ? [el("p", {}, "The command that makes it again:"), weft.command(run.command)] : [],
      terms([
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
      ]),
      el("h3", {}, "Options of the classifiers"),
      terms(results.classifiers.map((m) => [m.name, [el("span", { class: "mono" }, options(m)),
        m.source ? el("span", { class: "sub" }, ` ${m.source}`) : null]])),
      el("h3", {}, "How to read the figures"),
      el("p", { class: "note" }, "Accuracy has Wilson's 95 % interval. Macro averages weigh every class alike, weighted averages weigh classes by their pictures. Every classifier saw the same training pictures, and nothing was chosen by looking at the test pictures. The intervals tell how much these test pictures could mislead; they say nothing of pictures of another kind."));
    fill("colophon", `Made by weft ${run.weft}. This page needs no network; results.json beside it holds the same figures.`);
  }

  balance();
  samples();
  how();
  weft.contents();
  document.documentElement.dataset.ready = "yes";
})();
