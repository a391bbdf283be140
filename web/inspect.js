"use strict";
/* The page of weft inspect: inspect.json and a sheet of its panels. */
(() => {
  const { data: { results, pictures }, $, el, fill, count, fixed, percent, plural, terms } = weft;
  const gallery = weft.gallery(pictures, []);
  const WIDTH = Math.min(352, innerWidth - 72); /* pixels of a panel */
  const shown = results.pictures.filter((p) => p.panel);

  function picture(p) {
    const verdict = p.pass ? "pass" : "fail";
    return el("figure", {},
      gallery && p.place !== null ? gallery.picture(p.place, WIDTH, `Picture, heat map and overlay, ${verdict}: ${p.picture}`) : el("span", {}, p.panel),
      el("figcaption", {}, el("strong", { class: p.pass ? "" : "warn" }, verdict), ` ${fixed(p.score, 3)}`,
        el("br"), el("span", { class: "sub", title: p.picture }, p.picture.split("/").pop())));
  }

  weft.masthead({
    title: results.failed ? `${plural(results.failed, "picture")} failed` : "All pictures pass",
    lead: [el("strong", {}, plural(results.count, "picture")), " inspected."],
    more: `A score above 1 fails. The threshold lets ${percent(results.reject, 1)} of good pictures fail.`,
    facts: [["Failed", count(results.failed)], ["Passed", count(results.count - results.failed)], ["Shown", count(shown.length)]],
  });
  const choose = el("select", { id: "verdict", onchange: () =>
    fill("panels", shown.filter((p) => choose.value === "" || String(p.pass) === choose.value).map(picture)) },
    el("option", { value: "" }, "All"), el("option", { value: "false" }, "Failed"), el("option", { value: "true" }, "Passed"));
  fill("filter", el("label", { for: "verdict" }, "Show "), choose);
  fill("panels", shown.map(picture));
  fill("how", terms([["Command", el("span", { class: "mono" }, results.command || "–")]]));
  fill("colophon", "This page needs no network; inspect.json beside it holds the same figures, and each panel lies beside it as a PNG file.");
  weft.contents();
  document.documentElement.dataset.ready = "yes";
})();
