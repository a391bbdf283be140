(() => {
  const { el, at, scroll } = weft;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const charts = new Map(); /* figure -> function that draws */
  const widths = new Map(); /* what is drawn -> the width it is drawn at */
  const PAPER = 680; /* width in print */
  let printing = false;

  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries)
      if (target.isConnected && !printing && target.clientWidth && target.clientWidth !== widths.get(target))
        charts.get(target.closest("figure"))();
  });
  const redrawAll = () => charts.forEach((redraw, figure) => {
    if (figure.isConnected && !figure.closest("[hidden]")) redraw();
  });
  function print(on) {
    printing = on;
    document.documentElement.classList.toggle("printing", on);
    redrawAll();
  }
  dark.addEventListener("change", redrawAll);
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));

  /* The colours of the page as it is shown now. */
  function theme() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    const night = dark.matches && !printing;
    return {
      ink: of("--ink"), soft: of("--soft"), line: of("--line"), card: of("--card"),
      accent: of("--accent"), wrong: of("--wrong"), dark: night,
      /* Told apart also by people who see few colours: after Okabe and Ito (2008). */
      series: night
        ? ["#5fc4b8", "#f0a35e", "#8fb4f5", "#e58ab5", "#c5d86d", "#b99cf0", "#f2d16b", "#7fd0f0", "#ef8a73", "#a9b0b8"]
        : ["#0d6e6e", "#d0731d", "#3768c0", "#b04477", "#6d8a1c", "#7450b8", "#b08a00", "#1c8fbd", "#b3402a", "#6a7078"],
    };
  }

  /* Series differ in form as well as in colour. */
  const symbols = ["circle", "square", "diamond", "triangle-up", "x", "star", "cross",
    "pentagon", "hexagon", "triangle-down"];
  const color = (t, i) => t.series[i % t.series.length];
  const marker = (t, i, size) =>
    ({ size, color: color(t, i), symbol: symbols[(i + Math.floor(i / t.series.length)) % symbols.length] });

  function layout(t, extra) {
    const axis = {
      gridcolor: t.line, linecolor: t.line, zerolinecolor: t.line, tickcolor: t.line,
      automargin: true, fixedrange: true,
    };
    const { xaxis, yaxis, ...rest } = extra;
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: t.soft },
      margin: { l: 8, r: 14, t: 8, b: 8 },
      hoverlabel: { bgcolor: t.card, bordercolor: t.line, font: { color: t.ink }, namelength: -1 },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", font: { color: t.ink } },
      dragmode: false, hovermode: "closest",
      xaxis: { ...axis, ...xaxis }, yaxis: { ...axis, ...yaxis },
      ...rest,
    };
  }

  const title = (text) => ({ title: { text, standoff: 10 } });
  /* Plotly takes text for markup, and braces of a hover text for a template. */
  const plain = (text) => text.replace(/[&<>%{}]/g, (c) => `&#${c.charCodeAt(0)};`);

  /* Fills a figure with a caption, a chart, and the chart's data as a table.
   *     caption, small    what it is, and a line on how to read it
   *     label             the chart in words, for those who do not see it
   *     draw(theme, width)  {traces, layout} for Plotly; layout.height is needed
   *     data()            the table
   *     click(point)      optional
   *     minimum           narrowest width in pixels; below it the chart scrolls */
  weft.chart = (place, { caption, small, label, draw, data, click, minimum }) => {
    const figure = at(place);
    const drawable = typeof Plotly !== "undefined"; /* not when built without a network */
    const plot = el("div", { class: "plot", role: "img", "aria-label": label });
    const inner = el("div", { style: minimum ? `min-width:${minimum}px` : null });
    plot.append(inner);
    const details = el("details", { open: !drawable || figure.querySelector("details")?.open },
      el("summary", {}, "Data", el("span", { class: "unseen" }, ` of the chart: ${caption}`)),
      scroll(`Data: ${caption}`, data()));
    figure.replaceChildren(
      el("figcaption", {}, caption, small ? el("small", {}, small) : null),
      drawable ? plot : "", details);
    if (!drawable) return;

    function redraw() {
      const t = theme();
      const width = printing ? PAPER : inner.clientWidth || 600;
      const { traces, layout: own } = draw(t, width);
      widths.set(inner, width);
      inner.style.height = `${own.height}px`;
      /* Anew each time: the margins of an update would remember the old legend. */
      Plotly.newPlot(inner, traces, layout(t, { width, ...own }),
        { displayModeBar: false, scrollZoom: false, doubleClick: false });
      /* Plotly measures texts there; it is nothing to read out. */
      document.getElementById("js-plotly-tester")?.setAttribute("aria-hidden", "true");
      if (click) inner.on("plotly_click", (event) => click(event.points[0]));
    }
    charts.set(figure, redraw);
    redraw();
    watcher.observe(inner);
  };

  /* What draws otherwise is drawn anew with the charts: when the colours change, for print. */
  const redrawn = (figure, redraw) => charts.set(figure, redraw);

  Object.assign(weft, { theme, redrawn, color, marker, title, plain });
})();
