/* Learning curves: loss and accuracy over the epochs. */
(() => {
  const { at, table, chart, color, marker, title, plain, fixed, list, cut } = weft;
  const MANY = 10, NAMED = 5;

  const columns = (learner, key) => [key, `val_${key}`].filter((k) => learner.history[k]);

  /* One column of one learner. Validation differs by its dots and open marks. */
  function trace(t, { name, history, i }, k, faint) {
    const validation = k.startsWith("val_"), sign = marker(t, i, 6);
    const shared = {
      type: "scatter", x: history[k].map((_, e) => e + 1), y: history[k],
      hovertemplate: `${plain(cut(name, 40))}, epoch %{x}, ${k}: %{y:.4f}<extra></extra>`,
    };
    const dash = validation ? "dot" : "solid";
    if (faint)
      return { ...shared, mode: "lines", showlegend: false, opacity: 0.35, line: { color: t.soft, width: 1, dash } };
    return {
      ...shared, mode: "lines+markers", name: plain(cut(name, 44)), legendgroup: `${i}`, legendrank: i,
      line: { color: color(t, i), width: 2, dash },
      marker: { ...sign, symbol: sign.symbol + (validation ? "-open" : ""), maxdisplayed: 24 },
    };
  }

  function reading(has, key, named) {
    const validated = has.some(({ history }) => history[`val_${key}`]);
    const trained = has.some(({ history }) => history[key]);
    return (named < has.length ? `the first ${named} of ${has.length} in colour; ` : "") +
      (!validated ? "on the training pictures" : !trained ? "on the validation pictures"
        : `solid line, filled mark: training (${key}); dotted line, open mark: validation (val_${key})`);
  }

  /* learners: [{name, history, i}], history as columns named as Keras logs them; `i` gives
   * colour and symbol. key: "loss" or "accuracy". Of more than MANY only the first few have
   * a name and a colour; the others show how far curves spread. Hides the figure, and
   * returns false, when none has the key. */
  weft.curves = (place, key, learners) => {
    const has = learners.filter((l) => columns(l, key).length);
    at(place).hidden = has.length === 0;
    if (!has.length) return false;
    const epochs = Math.max(...has.flatMap((l) => columns(l, key).map((k) => l.history[k].length)));
    const named = has.length > MANY ? NAMED : has.length;
    const caption = key === "loss" ? "Loss" : "Accuracy";
    chart(place, {
      caption, small: reading(has, key, named),
      label: `${caption} over the epochs for ${named < has.length ? `${has.length} trainings` : list(has.map((l) => l.name))}`,
      draw: (t) => ({
        /* The first are drawn last, above the others. */
        traces: has.flatMap((l, place) => columns(l, key).map((k, column) =>
          ({ ...trace(t, l, k, place >= named), ...(column ? { showlegend: false } : {}) }))).reverse(),
        layout: {
          height: 340 + 14 * Math.max(0, named - 3), showlegend: true,
          xaxis: { ...title("epoch"), tickformat: "d", rangemode: "tozero" },
          yaxis: { ...title(key), rangemode: key === "loss" ? "tozero" : "normal" },
        },
      }),
      data: () => table([
        { title: "epoch", head: true, text: (e) => `${e + 1}` },
        ...has.flatMap((l) => columns(l, key).map((k) => ({ title: `${l.name} ${k}`, text: (e) => fixed(l.history[k][e], 4) }))),
      ], [...Array(epochs).keys()], { compact: true }),
    });
    return true;
  };
})();
