(() => {
  const { el } = weft;

  /* columns: [{title, value(row), text(row), left, best: "high" | "low", head}]; `value`
   * sorts, `text` shows, `head` makes the row's heading. Values that are no number or text
   * come last whichever way. */
  weft.table = (columns, rows, { label, sortable, compact, foot } = {}) => {
    const body = el("tbody");
    const side = (c) => (c.left ? "left" : null);
    const heads = columns.map((c) => {
      const head = el("th", { scope: "col", class: side(c) });
      if (sortable && c.value)
        head.append(el("button", { type: "button", onclick: () => sort(c, head) }, c.title));
      else head.append(c.title);
      return head;
    });
    const bests = columns.map((c) => {
      if (!c.best || rows.length < 2) return null;
      const values = rows.map(c.value).filter(Number.isFinite);
      const low = Math.min(...values), high = Math.max(...values);
      return low === high ? null : c.best === "high" ? high : low;
    });

    function line(row) {
      return el("tr", {}, columns.map((c, i) => {
        const best = bests[i] !== null && c.value(row) === bests[i];
        const content = c.text ? c.text(row) : c.value(row);
        return el(c.head ? "th" : "td", { scope: c.head ? "row" : null,
          class: [c.left ? "left" : "", best ? "best" : ""].join(" ").trim() || null }, content);
      }));
    }

    const known = (x) => typeof x === "string" || Number.isFinite(x);
    function sort(column, head) {
      const first = column.best === "high" ? "descending" : "ascending";
      const now = head.getAttribute("aria-sort");
      const order = now === first ? (first === "ascending" ? "descending" : "ascending") : first;
      heads.forEach((h) => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const sorted = [...rows].sort((a, b) => {
        const x = column.value(a), y = column.value(b);
        if (!known(x) || !known(y)) return known(y) - known(x);
        return sign * (typeof x === "string" ? x.localeCompare(y) : x - y);
      });
      body.replaceChildren(...sorted.map(line));
    }

    body.append(...rows.map(line));
    return el("table", { class: compact ? "compact" : null, "aria-label": label },
      el("thead", {}, el("tr", {}, heads)), body, foot);
  };
})();
