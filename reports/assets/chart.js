// Lines anew with uPlot: zoom, cursor, values. Numbers are laid out evenly first (their logarithm, the number of their nines), so
// that zoom and ticks are the same on every kind of axis.
(() => {
  const scales = {
    linear: { fold: (v) => v, unfold: (v) => v },
    logarithmic: { fold: (v) => Math.log10(v), unfold: (v) => 10 ** v },
    nines: { fold: (v) => -Math.log10(Math.max(1 - v / 100, 1e-9)), unfold: (v) => 100 * (1 - 10 ** -v) },
  };
  const nice = (raw) => {
    const power = 10 ** Math.floor(Math.log10(raw));
    const part = raw / power;
    return (part < 1.5 ? 1 : part < 3 ? 2 : part < 7 ? 5 : 10) * power;
  };
  const linear = (low, high, wanted) => {
    const step = nice((high - low) / wanted || 1);
    const ticks = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(i * step);
    return ticks;
  };
  // Ticks between two places on the axis, as places.
  const ticks = (kind, low, high, wanted) => {
    if (kind === "linear") return linear(low, high, wanted);
    if (kind === "nines") {
      const all = [0, 50, 90, 99, 99.9, 99.99, 99.999, 99.9999, 99.99999].map(scales.nines.fold);
      const within = all.filter((t) => t >= low - 1e-6 && t <= high + 1e-6);
      if (within.length > 1) return within;
    }
    if (kind === "logarithmic" && high - low > 0.7) {
      const parts = high - low <= 3 ? [1, 2, 5] : [1];
      const every = Math.ceil((Math.ceil(high) - Math.floor(low)) * parts.length / (2 * wanted));
      const all = [];
      for (let power = Math.floor(low); power <= Math.ceil(high); power++)
        for (const part of parts) all.push(power + Math.log10(part));
      return all.filter((t) => t >= low - 1e-9 && t <= high + 1e-9).filter((_, i) => i % every === 0);
    }
    // A part so small that it has no round numbers of its own kind has those of any axis.
    const { fold, unfold } = scales[kind];
    return linear(unfold(low), unfold(high), wanted).filter((v) => kind !== "logarithmic" || v > 0).map(fold);
  };
  const figures = (v) => {
    const size = Math.abs(v);
    for (const [unit, name] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]])
      if (size >= unit && size >= 1e5) return +(v / unit).toPrecision(4) + name;
    return (+v.toPrecision(size >= 99 && size < 100 ? 8 : 5)).toLocaleString("en", { maximumFractionDigits: 7 });
  };

  const word = (text) => (concur.word ? concur.word(text) : text);
  const named = (axis) => word(axis.title) + (axis.unit ? ` (${word(axis.unit)})` : "");
  // Colours as the style sheet has them: read off an element of the same classes.
  const drawing = document.querySelector(".drawing");
  const probe = drawing.querySelector("path").cloneNode(false);
  const look = (classes) => {
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
  const property = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

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

  // Areas stand behind the lines, whiskers and markers before them.
  const background = (chart, fx, fy) => (u) => {
    const { left, top, width, height } = u.bbox;
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(left, top, width, height);
    u.ctx.clip();
    for (const area of chart.areas) {
      const at = area.on === "x" ? (v) => u.valToPos(fx(v), "x", true) : (v) => u.valToPos(fy(v), "y", true);
      const from = at(area.from);
      const to = area.to === null ? (area.on === "x" ? left + width : top) : at(area.to);
      u.ctx.fillStyle = property("--area");
      u.ctx.globalAlpha = 0.22;
      if (area.on === "x") u.ctx.fillRect(from, top, to - from, height);
      else u.ctx.fillRect(left, to, width, from - to);
      u.ctx.globalAlpha = 1;
      u.ctx.fillStyle = property("--soft");
      u.ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
      u.ctx.textAlign = "left";
      u.ctx.textBaseline = "alphabetic";
      // Its name stands within it where it has room: of one to the right at the bottom, of one above at the top. The key has it anyway.
      const [x, right] = area.on === "x" ? [Math.max(from, left), Math.min(to, left + width)] : [left, left + width];
      const y = area.on === "x" ? top + height - 6 * devicePixelRatio : Math.max(to, top) + 14 * devicePixelRatio;
      const seen = area.on === "x" ? from < left + width : from > top;
      if (seen && u.ctx.measureText(word(area.name)).width + 8 * devicePixelRatio < right - x && y < top + height)
        u.ctx.fillText(word(area.name), x + 5 * devicePixelRatio, y);
    }
    u.ctx.restore();
  };
  const foreground = (intervals, looks) => (u) => {
    const { left, top, width, height } = u.bbox;
    const wing = 3 * devicePixelRatio;
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(left, top, width, height);
    u.ctx.clip();
    intervals.forEach((own, index) => {
      if (!u.series[index + 1].show) return;
      u.ctx.strokeStyle = looks[index].colour;
      u.ctx.lineWidth = 1.1 * devicePixelRatio;
      u.ctx.beginPath();
      own.forEach((interval, at) => {
        if (!interval) return;
        const x = u.valToPos(u.data[0][at], "x", true);
        const [low, high] = interval.map((v) => u.valToPos(v, "y", true));
        u.ctx.moveTo(x - wing, low);
        u.ctx.lineTo(x + wing, low);
        u.ctx.moveTo(x, low);
        u.ctx.lineTo(x, high);
        u.ctx.moveTo(x - wing, high);
        u.ctx.lineTo(x + wing, high);
      });
      u.ctx.stroke();
      const mark = looks[index].mark;
      if (!mark) return;
      const column = u.data[index + 1];
      const known = column.map((v, at) => at).filter((at) => column[at] !== null);
      // Points alone have all of their markers, lines about a dozen.
      const every = looks[index].points ? 1 : Math.ceil(known.length / 12) || 1;
      u.ctx.fillStyle = looks[index].colour;
      for (const at of known.filter((_, order) => order % every === Math.floor(every / 2))) {
        u.ctx.save();
        u.ctx.translate(u.valToPos(u.data[0][at], "x", true), u.valToPos(column[at], "y", true));
        u.ctx.scale(devicePixelRatio, devicePixelRatio);
        u.ctx.fill(mark);
        u.ctx.restore();
      }
    });
    u.ctx.restore();
  };

  const options = (chart, width, looks, found) => {
    const [x, y] = [chart.x.scale, chart.y.scale];
    const axis = (kind, source, wanted) => ({
      stroke: property("--ink"),
      label: named(source),
      labelSize: 22,
      font: "12px system-ui, sans-serif",
      labelFont: "12px system-ui, sans-serif",
      grid: { stroke: property("--line"), width: 1 },
      ticks: { stroke: property("--line"), width: 1 },
      splits: (u, side, low, high) => ticks(kind, low, high, wanted),
      values: (u, splits) => splits.map((t) => figures(scales[kind].unfold(t))),
    });
    // Room for where areas begin, unless the lines would lie flat at the bottom then.
    const near = (side, kind) => {
      const own = side === "x" ? 0 : 1;
      const most = Math.max(...chart.series.flatMap((series) => series.points.map((point) => point[own])));
      const begins = chart.areas.filter((area) => area.on === side).map((area) => area.from);
      return begins.filter((at) => kind !== "linear" || at <= 2.5 * most).map(scales[kind].fold).filter(Number.isFinite);
    };
    const reach = (kind, side) => (u, low, high) => {
      if (low === null || high === null) return [0, 1];
      low = Math.min(low, ...near(side, kind));
      high = Math.max(high, ...near(side, kind));
      if (kind === "linear") { low = Math.min(low, 0); high = high > 0 ? high * 1.05 : 1; }
      const room = kind === "logarithmic" ? (high - low) * 0.04 || 0.3 : 0;
      return high > low ? [low - room, high + room] : [low - 0.5, high + 0.5];
    };
    const value = (index) => (u, v, series, at) => {
      if (v === null || v === undefined) return "–";
      const text = figures(scales[y].unfold(v));
      const interval = at === null || at === undefined ? null : found.intervals[index][at];
      return interval ? `${text} (${interval.map((end) => figures(scales[y].unfold(end))).join("–")})` : text;
    };
    const line = (series, index) => ({
      label: word(series.name),
      stroke: looks[index].colour,
      width: series.style === "points" ? 0 : looks[index].width,
      dash: looks[index].dash,
      spanGaps: true,
      paths: series.style === "points" ? () => null : undefined,
      points: { show: false },
      value: value(index),
    });
    return {
      width,
      height: Math.round(Math.min(Math.max(width * 0.6, 260), 440)),
      // The range after a zoom is the one asked for; before, it leaves room for nought or for markers.
      scales: {
        x: { time: false, range: (u, low, high) => (u.zoomed ? [low, high] : reach(x, "x")(u, low, high)) },
        y: { range: reach(y, "y") },
      },
      axes: [{ ...axis(x, chart.x, Math.max(3, width / 90)), size: 36 }, { ...axis(y, chart.y, 5), size: 62 }],
      series: [{ label: named(chart.x), value: (u, v) => (v === null ? "–" : figures(scales[x].unfold(v))) }, ...chart.series.map(line)],
      cursor: { drag: { x: true, y: false, setScale: false }, focus: { prox: 24 } },
      focus: { alpha: 0.35 },
      hooks: {
        drawClear: [background(chart, scales[x].fold, scales[y].fold)],
        draw: [foreground(found.intervals, looks)],
        setSelect: [(u) => {
          if (u.select.width < 4) return;
          zoom(u, u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
      },
    };
  };
  const zoom = (u, min, max) => {
    u.zoomed = true;
    u.setScale("x", { min, max });
  };
  const whole = (u) => {
    u.zoomed = false;
    u.setData(u.data, true);
  };
  const keys = (u) => (event) => {
    // With one of these held down a key is the browser's.
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { min, max } = u.scales.x;
    const step = (max - min) / 8;
    const moves = { "+": [step, -step], "=": [step, -step], "-": [-step, step], ArrowLeft: [-step, -step], ArrowRight: [step, step] };
    if (event.key === "0" || event.key === "Escape") whole(u);
    else if (moves[event.key]) zoom(u, min + moves[event.key][0], max + moves[event.key][1]);
    else return;
    event.preventDefault();
  };

  const figuresOf = [...document.querySelectorAll("figure.picture")].filter((figure) => figure.querySelector(".chart"));
  const make = (figure) => {
    const chart = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const plot = figure.querySelector(".plot");
    figure.querySelector(".chart").hidden = false;
    figure.classList.add("live");
    const found = aligned(chart, chart.x.scale, chart.y.scale);
    const own = marks(figure);
    const looks = chart.series.map((series, index) => ({ ...look(series.look), mark: own[index], points: series.style === "points" }));
    const u = new uPlot(options(chart, plot.clientWidth, looks, found), found.data, plot);
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
    figure.querySelector(".hint button").addEventListener("click", () => whole(made.u));
    new ResizeObserver(() => {
      const width = made.plot.clientWidth;
      if (width > 0 && width !== made.u.width) made.u.setSize({ width, height: Math.round(Math.min(Math.max(width * 0.6, 260), 440)) });
    }).observe(made.plot);
    return () => {
      made.u.destroy();
      made = make(figure);
    };
  };
  const again = figuresOf.map(start);
  concur.redraw = () => again.forEach((draw) => draw());
})();
