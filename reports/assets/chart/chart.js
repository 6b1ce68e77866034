// Lines anew with uPlot: zoom, cursor, values.
(() => {
  const { scales, ticks, figures, labels } = concur.numbers;
  const { word, named, property, letter, font, height } = concur.looks;
  const { whole, nearer, further, keys, dragged } = concur.zoom;

  // The lines over all places that any of them has.
  const aligned = (chart, x, y) => {
    const floor = (axis, value, low) => (axis === "logarithmic" && !(value > 0) ? low : scales[axis].fold(value));
    const positive = (values) => Math.min(...values.filter((v) => v > 0), Infinity);
    const points = chart.series.flatMap((series) => series.points);
    const lowX = Math.log10(positive(points.map((p) => p[0])) || 1) - 0.3;
    const lowY = Math.log10(positive(points.map((p) => p[1])) || 1) - 0.3;
    const xs = [...new Set(points.map((p) => floor(x, p[0], lowX)))].sort((a, b) => a - b);
    const place = new Map(xs.map((value, index) => [value, index]));
    const intervals = [];
    const columns = chart.series.map((series) => {
      const column = new Array(xs.length).fill(null);
      const own = new Array(xs.length).fill(null);
      for (const [px, py, low, high] of series.points) {
        if (px === null || py === null) continue;
        const index = place.get(floor(x, px, lowX));
        column[index] = floor(y, py, lowY);
        if (low !== undefined && low !== null) own[index] = [floor(y, low, lowY), floor(y, high, lowY)];
      }
      intervals.push(own);
      return column;
    });
    return { data: [xs, ...columns], intervals };
  };

  // From where to where an axis goes: over all values and intervals, and where areas begin, unless the lines would lie flat at the
  // bottom then.
  const reach = (chart, side) => {
    const kind = chart[side].scale;
    const own = side === "x" ? 0 : 1;
    const points = chart.series.flatMap((series) => series.points);
    const most = Math.max(...points.map((point) => point[own]));
    const intervals = side === "y" ? points.flatMap((point) => point.slice(2)) : [];
    const begins = chart.areas.filter((area) => area.on === side).map((area) => area.from);
    const near = begins.filter((at) => kind !== "linear" || at <= 2.5 * most);
    const ends = [...near, ...intervals].filter((at) => at !== null && (kind !== "logarithmic" || at > 0)).map(scales[kind].fold);
    return (low, high) => {
      if (low === null || high === null) return [0, 1];
      low = Math.min(low, ...ends);
      high = Math.max(high, ...ends);
      if (kind === "linear") { low = Math.min(low, 0); high = high > 0 ? high * 1.05 : 1; }
      const room = kind === "logarithmic" ? (high - low) * 0.04 || 0.3 : 0;
      return high > low ? [low - room, high + room] : [low - 0.5, high + 0.5];
    };
  };

  // Of what is counted in whole numbers there are no halves at ticks either.
  const counts = ({ x, series }) =>
    x.scale === "linear" && series.every(({ style, points }) => style === "reference" || points.every((point) => Number.isInteger(point[0])));

  const axis = (source, wanted, size, whole) => ({
    size,
    stroke: property("--ink"),
    label: named(source),
    labelSize: letter() * 1.8,
    font: font(letter()),
    labelFont: font(letter()),
    grid: { stroke: property("--line"), width: 1 },
    ticks: { stroke: property("--line"), width: 1 },
    splits: (u, side, low, high) => ticks(source.scale, low, high, wanted(u)).filter((at) => !whole || Number.isInteger(at)),
    values: (u, splits) => labels(source.scale, splits),
  });

  // Cursors on axes of the same thing move together, each to the same number: on an axis of ratios that is another place than on one
  // of differences. A chart that does not show this number shows no cursor. `self` gives the chart once it is made.
  const together = (chart, self) => {
    const { fold, unfold } = scales[chart.x.scale];
    return {
      key: `${chart.x.title} ${chart.x.unit}`,
      scales: ["x", "y"],
      match: [() => true, () => false],
      filters: {
        pub: (what, u) => {
          u.under = unfold(u.cursor.sync.values[0]);
          return what === "mousemove";
        },
        sub: (what, source) => {
          const place = fold(source.under);
          const { min, max } = self().scales.x;
          source.cursor.sync.values[0] = place;
          if (place >= min && place <= max) return true;
          self().setCursor({ left: -10, top: -10 }, false);
          return false;
        },
      },
    };
  };

  const options = (chart, width, looks, found, self) => {
    const [x, y] = [chart.x.scale, chart.y.scale];
    const [over, upwards] = [reach(chart, "x"), reach(chart, "y")];
    const value = (index) => (u, v, series, at) => {
      if (v === null || v === undefined) return "–";
      const text = figures(scales[y].unfold(v));
      const interval = at === null || at === undefined ? null : found.intervals[index][at];
      return interval ? `${text} (${interval.map((end) => figures(scales[y].unfold(end))).join("–")})` : text;
    };
    const line = (series, index) => ({
      label: word(series.name),
      stroke: looks[index].colour,
      width: looks[index].points ? 0 : looks[index].width,
      dash: looks[index].dash,
      spanGaps: true,
      paths: looks[index].points ? () => null : undefined,
      points: { show: false },
      value: value(index),
    });
    return {
      width,
      height: height(width),
      // The range after a zoom is the one asked for; before, it leaves room for nought or for markers.
      scales: {
        x: { time: false, range: (u, low, high) => (u.zoomed ? [low, high] : (u.whole = over(low, high))) },
        y: { range: (u, low, high) => upwards(low, high) },
      },
      axes: [
        axis(chart.x, (u) => Math.max(3, u.width / (7.5 * letter())), letter() * 3, counts(chart)),
        axis(chart.y, () => 5, letter() * 5.2, false),
      ],
      series: [{ label: named(chart.x), value: (u, v) => (v === null ? "–" : figures(scales[x].unfold(v))) }, ...chart.series.map(line)],
      cursor: { drag: { x: true, y: false, setScale: false }, focus: { prox: 24 }, sync: together(chart, self) },
      focus: { alpha: 0.35 },
      hooks: {
        drawClear: [concur.layers.background(chart, { x: scales[x].fold, y: scales[y].fold })],
        draw: [concur.layers.foreground(found.intervals, looks)],
        setSelect: [dragged],
      },
    };
  };

  const make = (figure) => {
    const chart = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const plot = figure.querySelector(".plot");
    figure.querySelector(".chart").hidden = false;
    figure.classList.add("live");
    const found = aligned(chart, chart.x.scale, chart.y.scale);
    const looks = concur.looks.lines(figure, chart);
    const u = new uPlot(options(chart, plot.clientWidth, looks, found, () => u), found.data, plot);
    u.over.addEventListener("dblclick", () => whole(u));
    // The legend names the lines; the key goes on naming the areas.
    figure.querySelectorAll(".entries li").forEach((entry, index) => entry.classList.toggle("drawn", index < chart.series.length));
    const swatches = figure.querySelectorAll(".entries .swatch");
    plot.querySelectorAll(".u-series .u-marker").forEach((marker, index) => {
      // The first is that of the axis to the right, which has none.
      if (index > 0) marker.replaceWith(swatches[index - 1].cloneNode(true));
    });
    return { figure, plot, u };
  };
  const start = (figure) => {
    let made = make(figure);
    const kept = { id: figure.id, get u() { return made.u; } };
    concur.charts.push(kept);
    made.plot.addEventListener("keydown", (event) => keys(made.u)(event));
    for (const [name, done] of Object.entries({ whole, nearer, further }))
      figure.querySelector(`.hint .${name}`).addEventListener("click", () => done(made.u));
    new ResizeObserver(() => {
      const width = made.plot.clientWidth;
      if (width > 0 && width !== made.u.width) made.u.setSize({ width, height: height(width) });
    }).observe(made.plot);
    return () => {
      made.u.destroy();
      made = make(figure);
    };
  };
  const figuresOf = [...document.querySelectorAll("figure.picture")].filter((figure) => figure.querySelector(".chart"));
  const again = figuresOf.map(start);
  concur.redraw = () => again.forEach((draw) => draw());
})();
