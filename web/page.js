"use strict";
/* What weft's pages share. Each file adds to this; a page's script takes what it uses:
 *
 *     const { data, el, fill, table, chart } = weft; */
const weft = {
  data: JSON.parse(document.getElementById("payload").textContent),
};

(() => {
  const $ = (id) => document.getElementById(id);

  /* An element with attributes, on-handlers and children; text is always text. */
  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (key === "style") node.style.cssText = value;
      else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.flat(3).filter((c) => c !== null && c !== undefined));
    return node;
  }

  /* Replaces what an element, given itself or by its id, holds. */
  const at = (place) => (typeof place === "string" ? $(place) : place);
  const fill = (place, ...children) => at(place).replaceChildren(...children.flat());

  /* ---- numbers and words ---- */

  const count = (n) => n.toLocaleString("en-US");
  const fixed = (x, digits) => (Number.isFinite(x) ? x.toFixed(digits) : "–");
  const percent = (x, digits = 2) => `${fixed(100 * x, digits)}\u00a0%`;
  const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many || `${one}s`}`;

  function seconds(s) {
    if (!Number.isFinite(s)) return "–";
    if (s < 0.001) return `${fixed(s * 1e6, 0)}\u00a0µs`;
    if (s < 0.9995) return `${fixed(s * 1e3, s < 0.01 ? 1 : 0)}\u00a0ms`;
    if (s < 120) return `${fixed(s, s < 10 ? 1 : 0)}\u00a0s`;
    return s < 7200 ? `${fixed(s / 60, 1)}\u00a0min` : `${fixed(s / 3600, 1)}\u00a0h`;
  }

  function bytes(n) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    for (; n >= 999.5 && unit < units.length - 1; unit++) n /= 1000;
    return `${fixed(n, unit > 0 && n < 10 ? 1 : 0)}\u00a0${units[unit]}`;
  }

  function rate(r) {
    return r >= 1e6 ? `${fixed(r / 1e6, 1)} M/s` : r >= 1e4 ? `${fixed(r / 1e3, 0)} k/s`
      : r >= 1e3 ? `${fixed(r / 1e3, 1)} k/s` : `${fixed(r, 0)}/s`;
  }

  const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  /* What a path or an address ends with: a name short enough for a title. */
  const last = (path) => (path || "pictures").replace(/\/+$/, "").split("/").pop() || path;
  const list = (words) =>
    words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

  /* ---- parts of a page ---- */

  /* What masthead.html has room for; facts: [[name, value]]. */
  function masthead({ title, lead, more, facts }) {
    document.title = `${title} · weft`;
    fill("title", title);
    fill("lead", lead || []);
    fill("lead-more", more || []);
    fill("facts", (facts || []).map(([k, v]) => el("div", {}, el("dt", {}, k), el("dd", {}, v))));
  }

  /* Links to every section with a data-title; call it when the sections are filled. */
  function contents() {
    const sections = [...document.querySelectorAll("section[data-title]")].filter((s) => !s.hidden);
    const links = sections.map((s) => el("a", { href: `#${s.id}` }, s.dataset.title));
    fill("contents", links);
    const inView = new Set();
    const seen = new IntersectionObserver((entries) => {
      entries.forEach((e) => (e.isIntersecting ? inView.add(e.target) : inView.delete(e.target)));
      const now = sections.findLast((s) => inView.has(s));
      for (const a of links)
        if (now && a.hash === `#${now.id}`) a.setAttribute("aria-current", "true");
        else a.removeAttribute("aria-current");
    }, { rootMargin: "-20% 0px -70% 0px" });
    sections.forEach((s) => seen.observe(s));
  }

  /* What may be wider than the page scrolls by itself, also with the keyboard. */
  const scroll = (label, ...children) =>
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, children);

  /* A name that may break where its parts meet: "knn:k=11,weights=distance". */
  const named = (name, ...more) => el("span", { class: "name", "data-name": name },
    name.split(/(?<=[:,_/-])/).flatMap((part, i) => (i ? [el("wbr"), part] : [part])), more);

  /* [[term, description]] */
  const terms = (items) =>
    el("dl", { class: "terms" }, items.flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)]));

  /* Chips of which one is chosen: onchoose(index). */
  function chooser(place, label, names, onchoose) {
    const node = at(place);
    fill(node, names.map((name, i) => el("label", {},
      el("input", { type: "radio", name: node.id, value: `${i}`, checked: i === 0,
        onchange: () => onchoose(i) }),
      el("span", {}, name))));
    node.classList.add("chooser");
    node.setAttribute("role", "radiogroup");
    node.setAttribute("aria-label", label);
    node.hidden = names.length < 2;
  }

  const command = (text) => el("pre", { class: "command", tabindex: "0",
    role: "region", "aria-label": "Command" }, text);

  Object.assign(weft, { $, at, el, fill, count, fixed, percent, plural, seconds, bytes, rate, cut,
    last, list, masthead, contents, scroll, named, terms, chooser, command });
})();
