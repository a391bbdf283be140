/* A cloud of pictures in two or three dimensions, on a canvas: no library that draws in
 * three is worth its weight for a thousand points. */
(() => {
  const { el, at, color, scroll } = weft;

  /* Outlines within -1..1, one for each series in turn, so that they differ in form too. */
  const around = (n, turn, inner) => Array.from({ length: inner ? 2 * n : n }, (_, i) => {
    const a = turn + (i * 2 * Math.PI) / (inner ? 2 * n : n), r = inner && i % 2 ? inner : 1;
    return [r * Math.cos(a), r * Math.sin(a)];
  });
  const up = -Math.PI / 2;
  const forms = [around(12, 0), around(4, Math.PI / 4), around(4, 0), around(3, up), around(4, Math.PI / 4, 0.35),
    around(5, up, 0.45), around(4, 0, 0.35), around(5, up), around(6, up), around(3, -up)];
  const form = (c) => forms[(c + Math.floor(c / forms.length)) % forms.length];
  const outline = (c, x, y, r) => form(c).map(([u, v]) => [x + r * u, y + r * v]);

  const SIZE = 4.5, REACH = 14; /* of a point; how near the pointer must come, pixels */

  /* Fills a figure.
   *     caption, small, label   as for weft.chart
   *     points     [{c: class, at: [x, y, z] in -1..1, place}]
   *     classes    names
   *     dimensions 2 or 3
   *     axes       names
   *     gallery    of the pictures, or null
   *     data()     the table */
  weft.scatter = (place, { caption, small, label, points, classes, dimensions, axes, gallery, data }) => {
    const figure = at(place), solid = dimensions === 3;
    const hidden = new Set();
    const view = { yaw: -0.6, pitch: 0.45, zoom: 1 };
    const keys = solid
      ? "Arrow keys turn it, plus and minus zoom, comma and full stop go from picture to picture."
      : "Arrow keys or comma and full stop go from picture to picture, plus and minus zoom.";
    const canvas = el("canvas", { tabindex: "0", role: "img", "aria-label": `${label} ${keys}` });
    const tip = el("div", { class: "tip", hidden: true });
    const said = el("span", { class: "unseen", "aria-live": "polite" });
    const cloud = el("div", { class: `cloud${solid ? " turns" : ""}` }, canvas, tip, said);
    let shown = null; /* the point that the tip is about */
    let drawn = []; /* [{point, x, y, depth}], the farthest first */
    let width = 0, height = 0, order = 0;

    /* ---- drawing ---- */

    /* The middle of the cloud, so that it fills its frame. */
    const bounds = [0, 1, 2].map((k) => {
      const values = points.map((p) => p.at[k]);
      return [Math.min(...values, 0), Math.max(...values, 0)];
    });
    const middle = bounds.map(([a, b]) => (a + b) / 2);
    const reach = solid
      ? Math.max(0.01, Math.hypot(...bounds.map(([a, b]) => (b - a) / 2)) * 0.8)
      : Math.max(0.01, ...bounds.slice(0, 2).map(([a, b]) => ((b - a) / 2) * 1.08));

    function project(p) {
      let [x, y, z] = p.map((v, k) => (v - middle[k]) / reach);
      const half = Math.min(width, height) / 2;
      if (!solid) return { x: width / 2 + (x * view.zoom * width) / 2, y: height / 2 - (y * view.zoom * height) / 2, depth: 0 };
      const [cy, sy, cp, sp] = [Math.cos(view.yaw), Math.sin(view.yaw), Math.cos(view.pitch), Math.sin(view.pitch)];
      [x, z] = [cy * x + sy * z, cy * z - sy * x];
      [y, z] = [cp * y - sp * z, cp * z + sp * y];
      const scale = (half * view.zoom * 3.2) / (3.2 - z);
      return { x: width / 2 + x * scale, y: height / 2 - y * scale, depth: z };
    }

    function draw() {
      const t = weft.theme(), g = canvas.getContext("2d"), ratio = devicePixelRatio || 1;
      width = cloud.clientWidth || 480;
      height = Math.round(Math.min(width, 440));
      canvas.width = width * ratio;
      canvas.height = height * ratio;
      canvas.style.height = `${height}px`;
      g.scale(ratio, ratio);
      g.clearRect(0, 0, width, height);
      const names = axesLines(g, t);
      drawn = points.filter((p) => !hidden.has(p.c)).map((point) => ({ point, ...project(point.at) }))
        .sort((a, b) => a.depth - b.depth);
      for (const d of drawn) {
        const r = SIZE * (solid ? 1 + 0.25 * d.depth : 1);
        const path = outline(d.point.c, d.x, d.y, Math.max(2, r));
        g.beginPath();
        path.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)));
        g.closePath();
        g.globalAlpha = solid ? Math.min(1, Math.max(0.35, 0.75 + 0.3 * d.depth)) : 0.8;
        g.fillStyle = color(t, d.point.c);
        g.fill();
        g.globalAlpha = 1;
        g.lineWidth = d.point === shown ? 2.5 : 0.7;
        g.strokeStyle = d.point === shown ? t.ink : t.card;
        g.stroke();
      }
      g.lineWidth = 4;
      g.lineJoin = "round";
      g.strokeStyle = t.card;
      g.fillStyle = t.ink;
      for (const [name, x, y] of names) {
        g.strokeText(name, x, y);
        g.fillText(name, x, y);
      }
    }

    /* Returns where their names go, in front of the points: [[name, x, y]]. */
    function axesLines(g, t) {
      g.strokeStyle = t.soft;
      g.lineWidth = 1;
      g.font = `12px ${getComputedStyle(document.body).fontFamily}`;
      return axes.slice(0, dimensions).map((name, k) => {
        const ends = bounds[k].map((v) => [0, 1, 2].map((j) => (j === k ? v : 0)));
        const [a, b] = ends.map(project);
        g.beginPath();
        g.moveTo(a.x, a.y);
        g.lineTo(b.x, b.y);
        g.stroke();
        const w = g.measureText(name).width;
        return [name, Math.min(width - w - 4, Math.max(4, b.x + 4)), Math.min(height - 6, Math.max(14, b.y - 5))];
      });
    }

    /* ---- the picture of a point ---- */

    function show(d) {
      if ((d && d.point) === shown) return;
      shown = d ? d.point : null;
      tip.hidden = !d;
      if (d) {
        const name = classes[shown.c], has = gallery && shown.place !== null;
        tip.replaceChildren(...[has ? gallery.picture(shown.place, gallery.fit(96), name) : null,
          el("b", {}, name), has ? el("span", { class: "sub" }, gallery.origin[shown.place]) : null].filter(Boolean));
        said.textContent = `${name}${has ? `, ${gallery.origin[shown.place]}` : ""}`;
        const left = d.x + tip.offsetWidth + 16 < width ? d.x + 12 : d.x - tip.offsetWidth - 12;
        tip.style.left = `${Math.max(0, left)}px`;
        tip.style.top = `${Math.max(0, Math.min(height - tip.offsetHeight, d.y - tip.offsetHeight / 2))}px`;
      }
      draw();
    }

    function nearest(x, y) {
      let best = null, least = REACH * REACH;
      for (const d of drawn) {
        const apart = (d.x - x) ** 2 + (d.y - y) ** 2;
        if (apart <= least) [best, least] = [d, apart]; /* the last is in front */
      }
      return best;
    }

    /* ---- mouse, touch and keys ---- */

    let held = null;
    canvas.addEventListener("pointerdown", (event) => {
      held = { x: event.clientX, y: event.clientY };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointerup", () => { held = null; });
    canvas.addEventListener("pointercancel", () => { held = null; });
    canvas.addEventListener("pointermove", (event) => {
      if (held && solid) {
        view.yaw += (event.clientX - held.x) * 0.01;
        view.pitch = Math.max(-1.5, Math.min(1.5, view.pitch + (event.clientY - held.y) * 0.01));
        held = { x: event.clientX, y: event.clientY };
        show(null);
        draw();
        return;
      }
      const box = canvas.getBoundingClientRect();
      show(nearest(event.clientX - box.left, event.clientY - box.top));
    });
    canvas.addEventListener("pointerleave", () => { if (!held) show(null); });
    canvas.addEventListener("blur", () => show(null));

    /* From left to right in the plane, as given in space. */
    function step(by) {
      const seen = drawn.length ? (solid ? points.filter((p) => !hidden.has(p.c))
        : [...drawn].sort((a, b) => a.x - b.x).map((d) => d.point)) : [];
      if (!seen.length) return;
      const now = seen.indexOf(shown);
      order = now < 0 ? (by > 0 ? 0 : seen.length - 1) : (now + by + seen.length) % seen.length;
      show(drawn.find((d) => d.point === seen[order]));
    }
    const turn = (yaw, pitch) => {
      view.yaw += yaw;
      view.pitch = Math.max(-1.5, Math.min(1.5, view.pitch + pitch));
      show(null);
      draw();
    };
    const zoom = (by) => {
      view.zoom = Math.max(0.5, Math.min(8, view.zoom * by));
      show(null);
      draw();
    };
    const actions = {
      ",": () => step(-1), ".": () => step(1), "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8),
      Escape: () => show(null),
      ...(solid
        ? { ArrowLeft: () => turn(-0.12, 0), ArrowRight: () => turn(0.12, 0), ArrowUp: () => turn(0, -0.12), ArrowDown: () => turn(0, 0.12) }
        : { ArrowLeft: () => step(-1), ArrowRight: () => step(1) }),
    };
    canvas.addEventListener("keydown", (event) => {
      const action = actions[event.key];
      if (!action || event.ctrlKey || event.altKey || event.metaKey) return;
      action();
      event.preventDefault();
    });

    /* ---- the figure ---- */

    const legend = el("div", { class: "legend", role: "group", "aria-label": "Classes shown" });
    function fillLegend() {
      const t = weft.theme();
      legend.replaceChildren(...classes.map((name, c) => el("button", { type: "button", "aria-pressed": `${!hidden.has(c)}`,
        onclick: (event) => {
          hidden.has(c) ? hidden.delete(c) : hidden.add(c);
          event.currentTarget.setAttribute("aria-pressed", `${!hidden.has(c)}`);
          show(null);
          draw();
        } }, sign(t, c), name)));
    }
    function sign(t, c) {
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const shape = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
      for (const [k, v] of Object.entries({ viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" })) svg.setAttribute(k, v);
      shape.setAttribute("points", outline(c, 6, 6, 5).map((p) => p.map((v) => v.toFixed(2)).join()).join(" "));
      shape.setAttribute("fill", color(t, c));
      svg.append(shape);
      return svg;
    }

    figure.replaceChildren(
      el("figcaption", {}, caption, el("small", {}, [small, keys].filter(Boolean).join(" "))),
      cloud, legend,
      el("details", {}, el("summary", {}, "Data", el("span", { class: "unseen" }, ` of the chart: ${caption}`)),
        scroll(`Data: ${caption}`, data())));
    fillLegend();
    draw();
    weft.redrawn(figure, () => { fillLegend(); draw(); });
    new ResizeObserver(() => { if (cloud.clientWidth !== width) { show(null); draw(); } }).observe(cloud);
  };
})();
