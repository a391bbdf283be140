"use strict";
/* The page of weft explain: explain.json and a sheet of its panels. */
(() => {
  const { data: { results, pictures }, $, el, fill, count, fixed, percent, plural, table, chart, color, marker, title,
    terms, named } = weft;
  const { classes } = results;
  const gallery = weft.gallery(pictures, classes);
  const WIDTH = Math.min(352, innerWidth - 72); /* pixels of a panel */

  function panel(entry, label, ...words) {
    return el("figure", {},
      gallery && entry.place !== null ? gallery.picture(entry.place, WIDTH, label) : el("span", {}, entry.panel),
      el("figcaption", {}, words));
  }

  function picture(p) {
    const wrong = p.label !== undefined && p.label !== p.explained;
    return panel(p, `Picture, map and overlay for ${classes[p.explained]}: ${p.picture}`,
      el("strong", {}, named(classes[p.explained])), ` ${percent(p.probability, 1)}`,
      p.predicted !== p.explained ? `, predicted ${classes[p.predicted]} ${percent(p.predicted_probability, 1)}` : "",
      wrong ? el("span", { class: "warn" }, `, labelled ${classes[p.label]}`) : "",
      el("br"), el("span", { class: "sub", title: p.picture }, p.picture.split("/").pop()));
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

  const signed = ["integrated", "occlusion"].includes(results.method);
  weft.masthead({
    title: `What ${results.classifier} looks at`,
    lead: [el("strong", {}, plural(results.count, "picture")), ` explained by ${results.method}`, results.untrained ? " with random weights." : "."],
    more: results.faithfulness && results.random
      ? `Taking away what the map ranks highest leaves the class a mean probability of ${fixed(results.faithfulness.deletion_area, 3)}; a random order ${fixed(results.random.deletion_area, 3)}.`
      : null,
    facts: [["Classes", count(classes.length)], ["Method", results.method], ["Shown", count(results.pictures.length)]],
  });
  $("scale").textContent = signed ? "Red speaks for the class, blue against it." : "The brighter, the more it counts.";
  panels();
  if (results.averages.length)
    fill("means", results.averages.map((a) => panel(a, `Mean picture, mean map and overlay of ${classes[a.class]}`,
      el("strong", {}, named(classes[a.class])), ` ${plural(a.count, "picture")}`)));
  else $("averages").hidden = true;
  if (results.faithfulness) {
    curve("deletion", "deletion", "Deletion", "lower is better");
    curve("insertion", "insertion", "Insertion", "higher is better");
  } else $("checked").hidden = true;
  fill("how", terms([["Command", el("span", { class: "mono" }, results.command || "–")], ["Method", results.method]]));
  fill("colophon", "This page needs no network; explain.json beside it holds the same figures, and each panel lies beside it as a PNG file.");
  weft.contents();
})();
