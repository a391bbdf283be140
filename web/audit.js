"use strict";
/* The page of weft audit: audit.json, and a sheet of the pictures that are suspected. */
(() => {
  const { data: page, $, el, fill, count, fixed, percent, plural, seconds, table, terms, named, scroll } = weft;
  const { results } = page;
  const { classes } = results.data;
  const gallery = weft.gallery(page.pictures, classes);
  const train = results.data.splits.train.count;
  const REASONS = {
    label: "label likely wrong", leak: "copy in another split", copy: "copy in train", outlier: "unlike all others",
    flat: "one colour", dark: "dark", pale: "pale", blurred: "blurred", size: "odd size",
  };
  const MEANINGS = {
    outlier: "Far from its fifth nearest other along the first principal components, more than four robust standard deviations beyond the pictures of its class.",
    flat: "The standard deviation of the pixels is below 4 of 255.",
    dark: "99 % of the pixels are below 64 of 255.",
    pale: "99 % of the pixels are above 192 of 255.",
    blurred: "Fine detail, for the picture's contrast, more than four robust standard deviations below the others'.",
    size: "The file's number of pixels or aspect is far from the others'.",
  };

  function shown(p, ...words) {
    return el("figure", { class: "picture" },
      gallery && p.place !== null ? gallery.picture(p.place, gallery.fit(64), `${classes[p.label]}: ${p.picture}`) : null, words);
  }

  function costs() {
    const rows = results.costs.filter((c) => c.count);
    fill("costs", rows.length ? scroll("What each finding costs", table([
      { title: "Finding", head: true, value: (c) => REASONS[c.suspicion], text: (c) => REASONS[c.suspicion] },
      { title: "Pictures", value: (c) => c.count, text: (c) => count(c.count) },
      { title: "Share", value: (c) => c.count / train, text: (c) => percent(c.count / train) },
      { title: "Accuracy among them", value: (c) => c.accuracy_among, text: (c) => percent(c.accuracy_among) },
      { title: "On all others", value: (c) => c.accuracy_left_out, text: (c) => percent(c.accuracy_left_out) },
      { title: "Costs", value: (c) => c.accuracy_left_out - results.accuracy,
        text: (c) => `${fixed(100 * (c.accuracy_left_out - results.accuracy), 2)} points` },
    ], rows, { sortable: true })) : el("p", {}, "Nothing."));
    const r = results.refit;
    $("refit").hidden = r.after === null;
    fill("refit", `Without the ${plural(r.left_out, "picture")} that the fix list drops or relabels in training, accuracy on the others is ${percent(r.after)}; with them it is ${percent(r.before)}.`);
  }

  function labels() {
    const all = page.labels;
    const found = results.costs.find((c) => c.suspicion === "label").count;
    fill("labels-note", found
      ? `${plural(found, "picture")} confidently belong to another class than their label says; the calibrated joint estimates ${count(Math.round(results.wrong_labels))} wrong labels. The least likely labels come first${found > all.length ? `; the first ${count(all.length)} are shown` : ""}. Below each: its label, and what it rather is.`
      : "None.");
    const card = (p) => shown(p,
      el("span", { class: "is" }, `${classes[p.label]} ${percent(p.given, 1)}`),
      el("span", { class: "said" }, `${classes[p.suggested]} ${percent(p.other, 1)}`),
      el("span", { class: "sub", title: p.picture }, `rank ${count(p.rank)}`));
    const show = (label) => fill("suspects", all.filter((p) => label === "" || p.label === Number(label)).map(card));
    show("");
    const met = [...new Set(all.map((p) => p.label))].sort((a, b) => a - b);
    if (met.length < 2) return;
    const choose = el("select", { id: "class", onchange: () => show(choose.value) },
      el("option", { value: "" }, "All"), met.map((c) => el("option", { value: c }, classes[c])));
    fill("filter", el("label", { for: "class" }, "Labelled "), choose);
  }

  function overlaps() {
    const rows = results.overlaps.slice(0, 30);
    if (!rows.length) { $("overlap").hidden = true; return; }
    fill("overlaps", scroll("Classes that overlap", table([
      { title: "Class", head: true, value: (o) => classes[o.a], text: (o) => named(classes[o.a]) },
      { title: "and", left: true, value: (o) => classes[o.b], text: (o) => named(classes[o.b]) },
      { title: "First as second", value: (o) => o.a_as_b, text: (o) => count(o.a_as_b) },
      { title: "Second as first", value: (o) => o.b_as_a, text: (o) => count(o.b_as_a) },
      { title: "Labels likely wrong", value: (o) => o.a_likely_b + o.b_likely_a, text: (o) => count(o.a_likely_b + o.b_likely_a) },
      { title: "Won were they one", value: (o) => o.gain, text: (o) => `${fixed(100 * o.gain, 2)} points` },
    ], rows, { sortable: true })));
  }

  function copies() {
    const d = results.copies;
    fill("copies-note", d.count
      ? `${plural(d.count, "group")}: ${count(d.exact)} of exactly the same pixels, ${count(d.across)} across splits, ${count(d.conflict)} with different labels. Copies that were turned, rescaled or recompressed count from a similarity of ${fixed(d.similarity, 4)} on.`
      : "None.");
    fill("groups", page.groups.map((places, g) => {
      const group = d.groups[g];
      return el("div", { class: "group" },
        el("p", {}, el("b", {}, plural(group.pictures.length, "picture")), group.exact ? ", the same pixels" : "",
          group.across ? el("span", { class: "warn" }, ", in different splits") : "",
          group.conflict ? el("span", { class: "warn" }, ", with different labels") : ""),
        el("div", { class: "pictures" }, places.map((place, i) => {
          const p = group.pictures[i];
          return shown({ ...p, place }, el("span", {}, classes[p.label]),
            el("span", { class: "sub", title: p.picture }, `${p.split} ${p.index}${group.exact ? "" : `, ${fixed(p.similarity, 4)}`}`));
        }), group.pictures.length > places.length ? el("span", { class: "sub" }, `and ${count(group.pictures.length - places.length)} more`) : null));
    }), d.count > page.groups.length ? el("p", { class: "note" }, `audit.json has ${count(d.count - page.groups.length)} groups more.`) : []);
  }

  function looks() {
    const kinds = Object.keys(page.looks).filter((k) => page.looks[k].length);
    if (!kinds.length) { $("odd").hidden = true; return; }
    const show = (i) => {
      const found = results.costs.find((c) => c.suspicion === kinds[i]).count, list = page.looks[kinds[i]];
      fill("odd-note", `${plural(found, "picture")}${found > list.length ? `, the first ${count(list.length)} shown` : ""}. ${MEANINGS[kinds[i]]}`);
      fill("looks", list.map((p) => shown(p, el("span", {}, classes[p.label]),
        el("span", { class: "sub", title: p.picture }, p.picture.split("/").pop()))));
    };
    weft.chooser("which", "Which odd pictures", kinds.map((k) => REASONS[k]), show);
    show(0);
  }

  function border() {
    const b = results.border;
    fill("border", `A forest that sees the outer eighth of each picture alone names the class of ${percent(b.accuracy, 1)} of them (95 %: ${percent(b.low, 1)} to ${percent(b.high, 1)}, ${count(b.count)} pictures, out of fold); guessing the largest class names ${percent(b.chance, 1)}. `,
      "The more it names, the more may be learnt from the ground instead of the thing, unless things reach the border, as Fashion-MNIST's do.");
  }

  function findings() {
    const rows = results.findings;
    if (!rows.length) { $("checks").hidden = true; return; }
    fill("findings", scroll("Findings", table([
      { title: "Kind", head: true, value: (f) => f.kind, text: (f) => f.kind },
      { title: "What", left: true, text: (f) => f.message },
      { title: "Where", left: true, text: (f) => `${f.where.slice(0, 2).join(", ")}${f.where.length > 2 ? `, and ${count(f.where.length - 2)} more` : ""}` },
    ], rows.slice(0, 40), { compact: true })));
  }

  const { actions } = results.fixes;
  weft.masthead({
    title: `An audit of ${weft.last(results.source)}`,
    lead: [el("strong", {}, plural(actions.drop + actions.relabel + actions.move, "fix", "fixes")),
      ` proposed for ${plural(train, "training picture")}, and ${plural(actions.keep, "picture")} to look at.`],
    more: "fixes.csv lists them; weft data convert --apply applies it to a copy, once you have looked it through.",
    facts: [["To drop", count(actions.drop)], ["To relabel", count(actions.relabel)], ["To move", count(actions.move)],
      ["Groups of copies", count(results.copies.count)], ["Accuracy out of fold", percent(results.accuracy)]],
  });
  costs();
  labels();
  overlaps();
  copies();
  looks();
  border();
  findings();
  fill("how", results.command ? [el("p", {}, "The command that makes it again:"), weft.command(results.command)] : [], terms([
    ["Data", results.source || "–"],
    ["Judged by", el("span", { class: "mono" }, named(results.classifiers))],
    ["Folds", `${results.folds}, ${plural(results.repeats, "time")}, seed ${results.seed}`],
    ["Time", seconds(results.seconds)],
    ["Version", `weft ${results.weft}`],
  ]));
  fill("colophon", `Made by weft ${results.weft}. This page needs no network; audit.json beside it holds the same figures, pictures.csv a row for each training picture.`);
  weft.contents();
  document.documentElement.dataset.ready = "yes";
})();
