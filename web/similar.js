"use strict";
/* The page of weft similar: items with what is like them, a page at a time. */
(() => {
  const { data: { results, items, pictures }, $, el, fill, count, fixed, percent, plural, table, chart, color, marker,
    title, terms, named, scroll, last } = weft;
  const { classes, query_classes: queryClasses, evaluation } = results;
  const gallery = weft.gallery(pictures, classes);
  const AT_ONCE = 20, LARGE = gallery ? gallery.fit(112) : 0, SMALL = gallery ? gallery.fit(64) : 0;
  const short = (place) => last(gallery.origin[place]);
  const itemAt = new Map(items.map((item, i) => [item.place, i]));
  let chosen = items.map((_, i) => i), page = 0;

  /* ---- an item ---- */

  function neighbour(item, [place, similarity, label]) {
    const other = label !== null && item.label !== null && classes[label] !== queryClasses[item.label];
    const name = label === null ? short(place) : `${classes[label]}, ${short(place)}`;
    const content = [gallery.picture(place, SMALL, name),
      el("span", { class: "worth" }, fixed(similarity, 3)),
      other ? el("span", { class: "other" }, classes[label]) : null];
    /* A picture that is itself an item of the page leads there. */
    return el("li", {}, results.own && itemAt.has(place)
      ? el("button", { type: "button", onclick: () => go(itemAt.get(place)), "aria-label": `Show what is like ${name}, similarity ${fixed(similarity, 3)}` }, content)
      : content);
  }

  function row(i) {
    const item = items[i];
    const kind = item.label === null ? null : queryClasses[item.label];
    return el("li", { id: `item-${i}`, tabindex: "-1" },
      el("div", { class: "query" },
        gallery.picture(item.place, LARGE, kind ? `${kind}, ${short(item.place)}` : short(item.place)),
        kind ? el("b", {}, kind) : null, el("span", { class: "sub", title: gallery.origin[item.place] }, short(item.place))),
      item.similar.length
        ? el("ol", { class: "alike", "aria-label": `Like ${short(item.place)}` }, item.similar.map((s) => neighbour(item, s)))
        : el("p", { class: "note" }, "Nothing else in the catalogue."));
  }

  /* ---- pages ---- */

  const pages = () => Math.max(1, Math.ceil(chosen.length / AT_ONCE));

  function turn(to) {
    page = Math.min(Math.max(0, to), pages() - 1);
    const from = page * AT_ONCE, shown = chosen.slice(from, from + AT_ONCE);
    fill("items", shown.map(row));
    $("range").textContent = chosen.length
      ? `Items ${from + 1} to ${from + shown.length} of ${count(chosen.length)}.` : "No item fits.";
    const button = (text, target, label) => el("button", { type: "button", disabled: target < 0 || target >= pages(),
      "aria-label": label, onclick: () => { turn(target); $("found").scrollIntoView(); } }, text);
    fill("pager", pages() < 2 ? [] : [button("First", page ? 0 : -1, "First page"), button("Previous", page - 1, "Previous page"),
      button("Next", page + 1, "Next page"), button("Last", page === pages() - 1 ? pages() : pages() - 1, "Last page")]);
  }

  function choose() {
    const kind = $("kind") ? $("kind").value : "", text = $("name").value.trim().toLowerCase();
    chosen = items.map((_, i) => i).filter((i) => (kind === "" || items[i].label === Number(kind)) &&
      (!text || gallery.origin[items[i].place].toLowerCase().includes(text)));
    turn(0);
  }

  /* Shows the item, whatever was chosen before, and puts the focus on it. */
  function go(i) {
    if (!chosen.includes(i)) {
      if ($("kind")) $("kind").value = "";
      $("name").value = "";
      chosen = items.map((_, n) => n);
    }
    turn(Math.floor(chosen.indexOf(i) / AT_ONCE));
    $(`item-${i}`).focus();
  }

  function finder() {
    const kinds = [...new Set(items.map((i) => i.label))].filter((l) => l !== null).sort((a, b) => a - b);
    fill("finder",
      kinds.length > 1 ? el("label", {}, "Class ", el("select", { id: "kind", onchange: choose },
        el("option", { value: "" }, "all"), kinds.map((l) => el("option", { value: l }, queryClasses[l])))) : [],
      el("label", {}, "File name ", el("input", { id: "name", type: "search", oninput: choose, size: 18 })));
    $("finder").addEventListener("submit", (e) => e.preventDefault());
  }

  /* ---- figures ---- */

  function figures() {
    const rows = [{ ...evaluation, class: "All classes" }, ...evaluation.classes.filter((c) => c.queries)];
    const share = (name, of, best = "high") => ({ title: name, value: of, text: (r) => percent(of(r), 1), best });
    fill("figures", scroll("Figures by class", table([
      { title: "Class", head: true, left: true, value: (r) => r.class, text: (r) => named(r.class) },
      { title: "Queries", value: (r) => r.queries, text: (r) => count(r.queries) },
      share("Precision at 1", (r) => r.precision[1]), share("Precision at 10", (r) => r.precision[10]),
      share("Recall at 100", (r) => r.recall[100]), share("Hit at 10", (r) => r.hit[10]),
      share("Mean average precision", (r) => r.map)], rows, { sortable: true, label: "Figures by class" })));
    const cuts = Object.keys(evaluation.precision).map(Number).sort((a, b) => a - b);
    const lines = [["precision", "precision: of these"], ["hit", "hit: at least one"]];
    chart("curve", {
      caption: "The first k", small: "higher is better",
      label: `Precision falls from ${percent(evaluation.precision[cuts[0]], 1)} at ${cuts[0]} to ${percent(evaluation.precision[cuts.at(-1)], 1)} at ${cuts.at(-1)}`,
      draw: (t) => ({
        traces: lines.map(([key, name], i) => ({ type: "scatter", mode: "lines+markers", name, x: cuts, y: cuts.map((k) => evaluation[key][k]),
          line: { color: color(t, i), dash: i ? "dot" : "solid" }, marker: marker(t, i, 7), hovertemplate: "%{y:.1%} at %{x}<extra></extra>" })),
        layout: { height: 320, xaxis: { ...title("k"), type: "log", tickvals: cuts, ticktext: cuts.map(String) }, yaxis: { ...title("of the same class"), tickformat: ".0%" } },
      }),
      data: () => table([{ title: "k", head: true, value: (k) => k }, ...["precision", "recall", "hit"].map((key) =>
        ({ title: key, value: (k) => evaluation[key][k], text: (k) => percent(evaluation[key][k], 2) }))], cuts, { compact: true }),
    });
  }

  /* ---- the whole ---- */

  const kinds = { embedding: "the layer before its last", features: "the features it was fitted on", pixels: "the pixels" };
  const left = { none: "nothing but the picture itself", exact: "exact copies", near: "exact and near copies" };
  weft.masthead({
    title: `Similar items in ${last(results.source)}`,
    lead: [el("strong", {}, plural(results.queries, "picture")), results.own ? ", each with what is most like it." : ` and what is like them among ${count(results.count)}.`],
    more: evaluation ? `Of ten similar pictures ${fixed(10 * evaluation.precision[10], 1)} are of the same class.` : null,
    facts: [["Catalogue", plural(results.count, "picture")], ["Seen by", results.classifier], ["Numbers a picture", count(results.dims)], ["Similar for each", count(results.k)]],
  });
  if (items.length) {
    $("found-note").textContent = `${items.length < results.queries ? `${count(items.length)} of the ${count(results.queries)} are shown, spread evenly; similar.json beside this page holds all. ` : ""}The number under a picture is its similarity, 1 for the same picture. ${results.own ? "Pictures that are items of this page lead to them." : ""}`;
    finder();
    turn(0);
  } else $("found").hidden = true;
  if (evaluation) {
    $("judged-note").textContent = "Precision: how many of the first k are of the query’s class. Recall: how many of all that are of its class come among the first k. Hit: whether one of them does. Mean average precision: the mean precision at the ranks of all that are of the class. Other items alone count, and diversity does not.";
    figures();
  } else $("judged").hidden = true;
  fill("how", terms([["Command", el("span", { class: "mono" }, results.command || "–")],
    ["Compared by", `${kinds[results.kind]}, ${count(results.dims)} numbers brought to length 1; similarity is their inner product`],
    ["Left out", left[results.same]], ["Diversity", results.diversity ? fixed(results.diversity, 2) : "none: the most similar"]]));
  fill("colophon", "This page needs no network; similar.json beside it holds what was found for every picture.");
  weft.contents();
  document.documentElement.dataset.ready = "yes";
})();
