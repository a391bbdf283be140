"use strict";
/* The page of weft explain: explain.json and a sheet of its panels. */
(() => {
  const { data: { results, pictures, examples }, $, el, fill, count, fixed, percent, plural, table, chart, color, marker, title,
    terms, named } = weft;
  const { classes } = results;
  const gallery = weft.gallery(pictures, classes);
  const tiles = weft.gallery(examples, classes);
  const TILE = tiles ? tiles.fit(64) : 0; /* pixels of an example */
  const WIDTH = Math.min(352, innerWidth - 72); /* pixels of a panel */

  function panel(entry, label, ...words) {
    return el("figure", {},
      gallery && entry.place !== null ? gallery.picture(entry.place, WIDTH, label) : el("span", {}, entry.panel),
      el("figcaption", {}, words));
  }

  const signs = (x, digits) => `${x < 0 ? "−" : "+"}${fixed(Math.abs(x), digits)}`;

  /* Training pictures that the answer rests on; without tiles, their classes. */
  function example(x) {
    const says = `${classes[x.label]}, ${signs(x.weight, 3)}` +
      (x.distance === undefined ? "" : `, distance ${fixed(x.distance, 1)}`);
    return el("li", {}, tiles && Number.isInteger(x.place) ? tiles.picture(x.place, TILE, says) : null,
      el("span", { class: "sub" }, tiles ? [classes[x.label], el("br"), signs(x.weight, 3)] : says));
  }

  function path({ tree, trees, steps }) {
    const colour = results.channels > 1;
    return el("details", {}, el("summary", {}, `The way through tree ${tree + 1} of ${trees}`),
      weft.scroll(`Cuts of tree ${tree + 1}`, table([
        { title: "Row", head: true, value: (s) => s.row }, { title: "Column", value: (s) => s.column },
        ...(colour ? [{ title: "Channel", value: (s) => s.channel }] : []),
        { title: "Pixel", value: (s) => s.pixel, text: (s) => `${s.pixel} ${s.pixel > s.cut ? ">" : "≤"} ${s.cut}` },
        { title: "Score before", value: (s) => s.before, text: (s) => fixed(s.before, 3) },
        { title: "after", value: (s) => s.after, text: (s) => fixed(s.after, 3) },
      ], steps, { compact: true })));
  }

  function evidence(p) {
    const parts = [];
    if (Number.isFinite(p.score))
      parts.push(el("p", { class: "sub" }, `Score ${fixed(p.score, 3)} = ${fixed(p.base, 3)} ${p.score < p.base ? "−" : "+"} ${fixed(Math.abs(p.score - p.base), 3)} from the pixels`));
    if (p.examples && p.examples.length) parts.push(el("ul", { class: "examples" }, p.examples.map(example)));
    if (p.path && p.path.steps.length) parts.push(path(p.path));
    return parts;
  }

  function picture(p) {
    const wrong = p.label !== undefined && p.label !== p.explained;
    return panel(p, `Picture, map and overlay for ${classes[p.explained]}: ${p.picture}`,
      el("strong", {}, named(classes[p.explained])), ` ${percent(p.probability, 1)}`,
      p.predicted !== p.explained ? `, predicted ${classes[p.predicted]} ${percent(p.predicted_probability, 1)}` : "",
      wrong ? el("span", { class: "warn" }, `, labelled ${classes[p.label]}`) : "",
      el("br"), el("span", { class: "sub", title: p.picture }, p.picture.split("/").pop()), evidence(p));
  }

  function panels() {
    const all = results.pictures;
    fill("panels", all.map(picture));
    const met = [...new Set(all.map((p) => p.explained))].sort((a, b) => a - b);
    if (met.length < 2) return;
    const choose = el("select", { id: "class", onchange: () =>
      fill("panels", all.filter((p) => choose.value === "" || p.explained === Number(choose.value)).map(picture)) },
      el("option", { value: "" }, "All classes"), met.map((c) => el("option", { value: c }, classes[c])));
    fill("filter", el("label", { for: "class" }, "Show "), choose);
  }

  function curve(place, key, caption, better) {
    const sets = [{ name: results.method, f: results.faithfulness }, { name: "random order", f: results.random }]
      .filter((s) => s.f);
    const shares = sets[0].f[key].map((_, n) => n / (sets[0].f[key].length - 1));
    chart(place, {
      caption, small: better,
      label: `${caption}: area ${sets.map((s) => `${s.name} ${fixed(s.f[`${key}_area`], 3)}`).join(", ")}`,
      draw: (t) => ({
        traces: sets.map((s, i) => ({ type: "scatter", mode: "lines+markers", name: `${s.name} (area ${fixed(s.f[`${key}_area`], 3)})`,
          x: shares, y: s.f[key], line: { color: color(t, i), dash: i ? "dot" : "solid" }, marker: marker(t, i, 6),
          hovertemplate: `${s.name}: %{y:.3f} at %{x:.0%}<extra></extra>` })),
        layout: { height: 320, xaxis: { ...title("share of the pixels"), tickformat: ".0%" }, yaxis: { ...title("mean probability"), rangemode: "tozero" } },
      }),
      data: () => table([{ title: "Share of the pixels", head: true, value: (n) => shares[n], text: (n) => percent(shares[n], 0) },
        ...sets.map((s) => ({ title: s.name, value: (n) => s.f[key][n], text: (n) => fixed(s.f[key][n], 4) }))],
      shares.map((_, n) => n), { compact: true }),
    });
  }

  const signed = ["integrated", "occlusion", "contributions"].includes(results.method);
  const base = { contributions: " Its pixels sum to what they add to the score." }[results.method] || "";
  weft.masthead({
    title: `What ${results.classifier} looks at`,
    lead: [el("strong", {}, plural(results.count, "picture")), ` explained by ${results.method}`, results.untrained ? " with random weights." : "."],
    more: results.faithfulness && results.random
      ? `Taking away what the map ranks highest leaves the class a mean probability of ${fixed(results.faithfulness.deletion_area, 3)}; a random order ${fixed(results.random.deletion_area, 3)}.`
      : null,
    facts: [["Classes", count(classes.length)], ["Method", results.method], ["Shown", count(results.pictures.length)]],
  });
  $("scale").textContent = (signed ? "Red speaks for the class, blue against it." : "The brighter, the more it counts.") + base +
    (results.examples_are ? ` Below each: ${results.examples_are}.` : "");
  if (results.weights.length) {
    $("weights-note").textContent = `The model's own ${results.weights_are}, whatever the picture.`;
    fill("weights-shown", results.weights.map((w) => el("figure", {},
      w.place === null ? w.map : tiles.picture(w.place, tiles.fit(140), `Weights ${w.class === undefined ? "of all classes" : `of ${classes[w.class]}`}`),
      el("figcaption", {}, w.class === undefined ? "All classes" : named(classes[w.class])))));
  } else $("weights").hidden = true;
  if (results.boundary.length) {
    $("boundary-note").textContent = `For each class ${results.boundary_is}.`;
    fill("boundary-shown", results.boundary.filter((b) => b.examples.length).map((b) =>
      el("figure", {}, el("figcaption", {}, el("strong", {}, named(classes[b.class]))),
        el("ul", { class: "examples" }, b.examples.map(example)))));
  } else $("boundary").hidden = true;
  panels();
  if (results.averages.length)
    fill("means", results.averages.map((a) => panel(a, `Mean picture, mean map and overlay of ${classes[a.class]}`,
      el("strong", {}, named(classes[a.class])), ` ${plural(a.count, "picture")}`)));
  else $("averages").hidden = true;
  if (results.faithfulness) {
    curve("deletion", "deletion", "Deletion", "lower is better");
    curve("insertion", "insertion", "Insertion", "higher is better");
  } else $("checked").hidden = true;
  fill("how", terms([["Command", el("span", { class: "mono" }, results.command || "–")], ["Method", results.method],
    ...(results.why_not && results.method === "occlusion" ? [["Not by contributions", results.why_not]] : [])]));
  fill("colophon", "This page needs no network; explain.json beside it holds the same figures, and each panel lies beside it as a PNG file.");
  weft.contents();
  document.documentElement.dataset.ready = "yes";
})();
