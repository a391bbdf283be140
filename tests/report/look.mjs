/* Run inside of a page: each returns what it found wrong. They may use nothing from here. */

export function chartsFit() {
  return [...document.querySelectorAll(".js-plotly-plot")].filter((plot) => plot.clientWidth)
    .every((plot) => Math.abs((plot.querySelector(".main-svg")?.clientWidth ?? 0) - plot.clientWidth) <= 1);
}

export function charts() {
  const found = [];
  for (const figure of document.querySelectorAll("figure[id]")) {
    if (figure.hidden || figure.closest("[hidden]")) continue;
    const drawn = ".main-svg .cartesianlayer .trace, .main-svg .heatmaplayer image, canvas, [role=grid], table.confusion";
    if (!figure.querySelector(drawn)) found.push(`#${figure.id} is not drawn`);
    if (!figure.querySelector("details table tbody tr")) found.push(`#${figure.id} has no table of its data`);
    const plot = figure.querySelector(".plot");
    if (plot && !(plot.getAttribute("role") === "img" && plot.getAttribute("aria-label"))) found.push(`#${figure.id} is not said in words`);
    if (plot && plot.querySelector(".main-svg").clientHeight < 150) found.push(`#${figure.id} is too low`);
  }
  return found;
}

/* Levels go down one at a time, and no heading is empty. */
export function headings() {
  const found = [];
  let level = 0;
  for (const h of document.querySelectorAll("h1, h2, h3, h4, h5")) {
    if (h.closest("[hidden]") || !h.getClientRects().length) continue;
    const own = Number(h.tagName[1]);
    if (own > level + 1) found.push(`heading "${h.textContent}" is ${own - level} levels below the one before`);
    if (!h.textContent.trim()) found.push("an empty heading");
    level = own;
  }
  return found;
}

/* What makes the page scroll sideways. */
export function outside() {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const inside = (e) => {
    for (let p = e.parentElement; p; p = p.parentElement)
      if (getComputedStyle(p).overflowX !== "visible" && p !== document.body) return true;
    return false;
  };
  return [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > width + 0.5 && !inside(e))
    .map((e) => `stands out sideways: ${e.outerHTML.slice(0, 120)}`).slice(0, 5);
}

/* Every text against what lies behind it: 4.5 to 1, 3 to 1 for large text (WCAG 2.2, 1.4.3). */
export function contrast() {
  function parse(text) {
    const n = text.match(/-?[\d.]+(e-?\d+)?/g)?.map(Number) || [0, 0, 0, 0];
    const scale = text.startsWith("color(srgb") ? 255 : 1;
    return [n[0] * scale, n[1] * scale, n[2] * scale, n[3] ?? 1];
  }
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  function behind(e) {
    const layers = [];
    for (let p = e; p; p = p.parentElement) {
      const color = parse(getComputedStyle(p).backgroundColor);
      if (color[3] > 0) layers.push(color);
      if (color[3] === 1) break;
    }
    return layers.reduceRight((below, top) => over(top, below), [255, 255, 255, 1]);
  }
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || e.closest("script, style, noscript, .unseen, .skip, .hoverlayer") || !e.checkVisibility()) continue;
    const style = getComputedStyle(e);
    const ink = parse(e instanceof SVGElement ? style.fill : style.color), paper = behind(e);
    const a = luminance(over(ink, paper)), b = luminance(paper);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5))
      found.set(`${e.tagName} ${e.className} ${ratio.toFixed(2)}`, `contrast ${ratio.toFixed(2)} of "${node.data.trim().slice(0, 40)}" (${e.tagName} ${e.getAttribute("class") || ""})`);
  }
  return [...found.values()].slice(0, 8);
}
