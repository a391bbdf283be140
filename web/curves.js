/* Learning curves: paper figures of loss and accuracy over the epochs. */
(() => {
  const { at, table, chart, color, marker, title, plain, fixed, list, cut } = weft;

  /* learners: [{name, history, i}], history as columns named as Keras logs them; `i` gives
   * colour and symbol. key: "loss" or "accuracy". Hides the figure when none has it. */
  weft.curves = (place, key, learners) => {
    const has = learners.filter(({ history }) => history[key] || history[`val_${key}`]);
    at(place).hidden = has.length === 0;
    if (!has.length) return false;
    const columns = ({ history }) => [key, `val_${key}`].filter((k) => history[k]);
    const validated = has.some(({ history }) => history[`val_${key}`]);
    const trained = has.some(({ history }) => history[key]);
    const epochs = Math.max(...has.flatMap((l) => columns(l).map((k) => l.history[k].length)));
    const caption = key === "loss" ? "Loss" : "Accuracy";
    chart(place, {
      caption,
      small: !validated ? "on the training pictures" : trained
        ? `solid line, filled mark: training (${key}); dotted line, open mark: validation (val_${key})`
        : "on the validation pictures",
      label: `${caption} over the epochs for ${list(has.map(({ name }) => name))}`,
      draw: (t) => ({
        traces: has.flatMap(({ name, history, i }) => columns({ history }).map((k, column) => {
          const validation = k !== key, sign = marker(t, i, 6);
          return {
            type: "scatter", mode: "lines+markers", name: plain(cut(name, 28)), legendgroup: `${i}`, showlegend: column === 0,
            x: history[k].map((_, e) => e + 1), y: history[k],
            line: { color: color(t, i), width: 2, dash: validation ? "dot" : "solid" },
            marker: { ...sign, symbol: sign.symbol + (validation ? "-open" : ""), maxdisplayed: 24 },
            hovertemplate: `${plain(cut(name, 40))}, epoch %{x}, ${k}: %{y:.4f}<extra></extra>`,
          };
        })),
        layout: {
          height: 340 + 14 * Math.max(0, has.length - 3), showlegend: true,
          xaxis: { ...title("epoch"), tickformat: "d", rangemode: "tozero" },
          yaxis: { ...title(key), rangemode: key === "loss" ? "tozero" : "normal" },
        },
      }),
      data: () => table([
        { title: "epoch", head: true, text: (e) => `${e + 1}` },
        ...has.flatMap((l) => columns(l).map((k) => ({ title: `${l.name} ${k}`, text: (e) => fixed(l.history[k][e], 4) }))),
      ], [...Array(epochs).keys()], { compact: true }),
    });
    return true;
  };
})();
