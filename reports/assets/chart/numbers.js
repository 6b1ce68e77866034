// How numbers lie on an axis, where its ticks stand, and how they are written. They are laid out evenly first (their logarithm, the
// number of their nines), so that zoom and ticks are the same on every kind of axis.
concur.numbers = (() => {
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
      // All of 1, 2 and 5 times a power of ten, or these powers alone; of many powers every second, third and so on.
      const powers = Math.ceil(high) - Math.floor(low);
      const parts = high - low <= 3 && powers * 3 <= 2 * wanted ? [1, 2, 5] : [1];
      const every = Math.ceil(powers * parts.length / (2 * wanted));
      const all = [];
      for (let power = Math.floor(low); power <= Math.ceil(high); power++)
        for (const part of parts) all.push(power + Math.log10(part));
      return all.filter((t) => t >= low - 1e-9 && t <= high + 1e-9).filter((_, i) => i % every === 0);
    }
    // A part so small that it has no round numbers of its own kind has those of any axis.
    const { fold, unfold } = scales[kind];
    return linear(unfold(low), unfold(high), wanted).filter((v) => kind !== "logarithmic" || v > 0).map(fold);
  };
  // A figure as it is written; the numbers along an axis all have the unit of its greatest one, `most`.
  const figures = (v, most = v) => {
    const size = Math.abs(v);
    for (const [unit, name] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]])
      if (Math.abs(most) >= Math.max(unit, 1e5) && v !== 0) return +(v / unit).toPrecision(4) + name;
    return (+v.toPrecision(size >= 99 && size < 100 ? 8 : 5)).toLocaleString("en", { maximumFractionDigits: 7 });
  };
  // The numbers at ticks. On an axis of ratios each has its own unit, since a thousandth of the greatest one is on it too.
  const labels = (kind, places) => {
    const values = places.map(scales[kind].unfold);
    const most = Math.max(...values.map(Math.abs));
    return values.map((v) => (kind === "linear" ? figures(v, most) : figures(v)));
  };

  return { scales, ticks, figures, labels };
})();
