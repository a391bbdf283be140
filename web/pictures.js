(() => {
  const { el, percent } = weft;
  let sheets = 0;

  /* The pictures of one sheet: {sheet, width, height, columns, truth, origin}, as
   * src/report/gallery.h makes it. `classes` are the names that `truth` counts. Null when
   * there are none. */
  weft.gallery = (pictures, classes) => {
    if (!pictures) return null;
    const { width, height, columns, truth, origin } = pictures;
    const name = `pic-${sheets++}`;
    document.head.append(el("style", {}, `.${name}{background-image:url("${pictures.sheet}")}`));

    /* The picture, its longer side `size` pixels; `label` is what it says to those who do
     * not see it. */
    function picture(place, size, label) {
      const zoom = size / Math.max(width, height);
      const x = (place % columns) * width * zoom, y = Math.floor(place / columns) * height * zoom;
      return el("span", {
        class: `pic ${name}`, role: "img", "aria-label": label, title: origin[place],
        style: `width:${width * zoom}px;height:${height * zoom}px;` +
          `background-position:${-x}px ${-y}px;background-size:${columns * width * zoom}px auto;` +
          (zoom >= 1.5 ? "image-rendering:pixelated" : ""),
      });
    }

    /* The size nearest below `wanted`; a whole multiple for small pictures, so that pixels
     * stay square. */
    function fit(wanted) {
      const longest = Math.max(width, height);
      return longest <= wanted ? longest * Math.max(1, Math.floor(wanted / longest)) : wanted;
    }

    /* A picture with what a classifier said of it. */
    function judged(place, predicted, probability, size) {
      const is = classes[truth[place]], said = classes[predicted], sure = percent(probability, 1);
      const wrong = truth[place] !== predicted;
      return el("figure", { class: "picture" },
        picture(place, size, wrong ? `${is}, taken for ${said}` : `${is}, recognised`),
        wrong
          ? [el("span", { class: "said" }, `${said} ${sure}`), el("span", { class: "is" }, `is ${is}`)]
          : el("span", { class: "right" }, sure));
    }

    return { picture, fit, judged, truth, origin };
  };
})();
