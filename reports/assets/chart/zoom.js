// A part of a chart and the whole of it: by dragging and a double click, by keys, by buttons.
concur.zoom = (() => {
  // Never beyond what the whole shows: there is nothing.
  const part = (u, min, max) => {
    // A chart that was made just now has not been drawn yet.
    if (!u.whole) return;
    const [low, high] = u.whole;
    const length = max - min;
    if (length >= high - low) return whole(u);
    min = Math.min(Math.max(min, low), high - length);
    u.zoomed = true;
    u.setScale("x", { min, max: min + length });
  };
  const whole = (u) => {
    u.zoomed = false;
    u.setData(u.data, true);
  };

  // The part moved by so many eighths of it at either end. Where all is shown there is nothing further on, and nothing to be further
  // away from.
  const move = (u, [left, right]) => {
    const { min, max } = u.scales.x;
    const step = (max - min) / 8;
    if (u.zoomed || left > right) part(u, min + left * step, max + right * step);
  };
  const nearer = (u) => move(u, [1, -1]);
  const further = (u) => move(u, [-1, 1]);

  const keys = (u) => (event) => {
    // With one of these held down a key is the browser's.
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const done = {
      "+": nearer, "=": nearer, "-": further, 0: whole, Escape: whole,
      ArrowLeft: () => move(u, [-1, -1]), ArrowRight: () => move(u, [1, 1]),
    }[event.key];
    if (!done) return;
    done(u);
    event.preventDefault();
  };

  // What was dragged over.
  const dragged = (u) => {
    const { left, width } = u.select;
    if (width < 4) return;
    part(u, u.posToVal(left, "x"), u.posToVal(left + width, "x"));
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  };

  return { whole, nearer, further, keys, dragged };
})();
