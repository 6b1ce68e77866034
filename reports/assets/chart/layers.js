// What uPlot does not draw itself: areas behind the lines, whiskers and markers before them.
concur.layers = (() => {
  const { word, property, letter, font } = concur.looks;

  // What `draw` draws, within the plane and no more than so many CSS pixels beyond its edges.
  const within = (beyond, draw) => (u) => {
    const { left, top, width, height } = u.bbox;
    const edge = beyond * devicePixelRatio;
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(left - edge, top - edge, width + 2 * edge, height + 2 * edge);
    u.ctx.clip();
    u.ctx.setLineDash([]);
    draw(u, { left, top, right: left + width, bottom: top + height });
    u.ctx.restore();
  };

  // An area's name, where it has room: of one to the right at the bottom, of one above at the top. The key has it anyway.
  const name = (u, area, { left, top, right, bottom }) => {
    const pixel = devicePixelRatio;
    u.ctx.fillStyle = property("--soft");
    u.ctx.font = font(letter() * pixel);
    u.ctx.textAlign = "left";
    u.ctx.textBaseline = "alphabetic";
    const y = area.on === "x" ? bottom - 6 * pixel : top + (letter() + 2) * pixel;
    const text = word(area.name);
    if (u.ctx.measureText(text).width + 8 * pixel < right - left && y < bottom && y > top) u.ctx.fillText(text, left + 5 * pixel, y);
  };

  const background = (chart, fold) => within(0, (u, plane) => {
    for (const area of chart.areas) {
      const at = (value) => u.valToPos(fold[area.on](value), area.on, true);
      const [from, to] = [at(area.from), area.to === null ? null : at(area.to)];
      const seen = area.on === "x"
        ? { ...plane, left: Math.max(from, plane.left), right: Math.min(to ?? plane.right, plane.right) }
        : { ...plane, bottom: Math.min(from, plane.bottom), top: Math.max(to ?? plane.top, plane.top) };
      if (seen.left >= seen.right || seen.top >= seen.bottom) continue;
      u.ctx.fillStyle = property("--area");
      u.ctx.globalAlpha = 0.22;
      u.ctx.fillRect(seen.left, seen.top, seen.right - seen.left, seen.bottom - seen.top);
      u.ctx.globalAlpha = 1;
      name(u, area, seen);
    }
  });

  const whiskers = (u, intervals, look) => {
    const wing = 3 * devicePixelRatio;
    u.ctx.strokeStyle = look.colour;
    u.ctx.lineWidth = 1.1 * devicePixelRatio;
    u.ctx.beginPath();
    intervals.forEach((interval, at) => {
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
  };

  const markers = (u, column, look) => {
    const known = column.map((v, at) => at).filter((at) => column[at] !== null);
    // Points alone have all of their markers, lines about a dozen.
    const every = look.points ? 1 : Math.ceil(known.length / 12) || 1;
    u.ctx.fillStyle = look.colour;
    for (const at of known.filter((_, order) => order % every === Math.floor(every / 2))) {
      u.ctx.save();
      u.ctx.translate(u.valToPos(u.data[0][at], "x", true), u.valToPos(column[at], "y", true));
      u.ctx.scale(devicePixelRatio, devicePixelRatio);
      u.ctx.fill(look.mark);
      u.ctx.restore();
    }
  };

  // A marker at the edge is seen whole.
  const foreground = (intervals, looks) => within(6, (u) => {
    looks.forEach((look, index) => {
      if (!u.series[index + 1].show) return;
      whiskers(u, intervals[index], look);
      if (look.mark) markers(u, u.data[index + 1], look);
    });
  });

  return { background, foreground };
})();
