// How a chart looks: its words in the page's language, and colours, markers and sizes as the style sheet has them.
concur.looks = (() => {
  const word = (text) => (concur.word ? concur.word(text) : text);
  const named = (axis) => word(axis.title) + (axis.unit ? ` (${word(axis.unit)})` : "");
  const property = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Read off an element of the same classes.
  const drawing = document.querySelector(".drawing");
  const probe = drawing.querySelector("path").cloneNode(false);
  const line = (classes) => {
    probe.setAttribute("class", "line " + classes);
    drawing.append(probe);
    const style = getComputedStyle(probe);
    const dash = style.strokeDasharray === "none" ? [] : style.strokeDasharray.split(/[ ,]+/).map(parseFloat);
    const result = { colour: style.stroke, dash, width: parseFloat(style.strokeWidth) };
    probe.remove();
    return result;
  };
  // Markers as the key beside the static drawing has them.
  const marks = (figure) =>
    [...figure.querySelectorAll(".entries li")].map((entry) => {
      const mark = entry.querySelector(".mark");
      return mark && new Path2D(mark.getAttribute("d").replace(/^M[0-9.]+ [0-9.]+/, "M0 0"));
    });
  // The colour, dashes and marker of each line of a chart.
  const lines = (figure, chart) => {
    const own = marks(figure);
    return chart.series.map((series, index) => ({ ...line(series.look), mark: own[index], points: series.style === "points" }));
  };

  // What stands on a canvas does not grow with the reader's letters by itself. In CSS pixels.
  const letter = () => parseFloat(getComputedStyle(document.body).fontSize) * 0.8;
  const font = (pixels) => `${pixels}px system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif`;
  // How high a chart of a width is: as wide as three to five, within what a screen has room for.
  const height = (width) => Math.round(Math.min(Math.max(width * 0.6, 260), 440));

  return { word, named, property, lines, letter, font, height };
})();
