// The page's switches, light or dark and the other language, and what tells of wide tables. Without this script the page says the same.
"use strict";
const concur = { charts: [], redraw() {} };

(() => {
  const root = document.documentElement;
  document.querySelector(".controls").hidden = false;

  document.getElementById("theme").addEventListener("click", () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const now = root.dataset.theme || system;
    root.dataset.theme = now === "dark" ? "light" : "dark";
    concur.redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => concur.redraw());

  // A table that goes on beyond the edge says so and can be moved by keys; one that does not is no stop on the way.
  const edges = (region) => {
    const beyond = region.scrollWidth - region.clientWidth;
    region.classList.toggle("more", beyond - region.scrollLeft > 1);
    if (beyond > 0) region.tabIndex = 0;
    else region.removeAttribute("tabindex");
  };
  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => edges(entry.target.closest(".scroll"))));
  for (const region of document.querySelectorAll(".scroll")) {
    region.addEventListener("scroll", () => edges(region), { passive: true });
    sizes.observe(region);
    sizes.observe(region.firstElementChild);
  }

  // Each table can be taken away as it stands here; its rows are put together only when they are asked for.
  const told = (cell) => {
    const unit = cell.querySelector("small")?.textContent.trim();
    return unit ? `${cell.firstChild.textContent.trim()} (${unit})` : cell.textContent.trim();
  };
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = (table) =>
    [...table.rows].map((row) => [...row.cells].map((cell) => quoted(told(cell))).join(",") + "\r\n").join("");
  for (const region of document.querySelectorAll(".table > .scroll, .table > details > .scroll")) {
    const link = document.createElement("a");
    link.className = "take";
    link.textContent = document.querySelector(".controls").dataset.take;
    const { id } = region.closest(".table");
    link.download = `${id}.csv`;
    link.setAttribute("aria-describedby", `${id}-h`);
    link.href = "#";
    link.addEventListener("click", () => {
      link.href = `data:text/csv;charset=utf-8,${encodeURIComponent(csv(region.querySelector("table")))}`;
    });
    region.after(link);
  }

  const source = document.getElementById("dictionary");
  if (!source) return;
  const dictionary = JSON.parse(source.textContent);
  const own = root.lang;
  const other = own.startsWith("zh") ? "en" : "zh-CN";
  const names = { en: "English", zh: "中文" };
  const button = document.getElementById("language");
  const say = () => {
    const next = root.lang === own ? other : own;
    button.textContent = names[next.slice(0, 2)];
    button.lang = next;
  };

  // What stands on the page as it came: each text with its place, so that it can be put back.
  // Texts are looked up by a short key (FNV-1a), not to have each of them twice in the page.
  const key = (text) => {
    let hash = 0x811c9dc5;
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    return (hash >>> 0).toString(16);
  };
  const has = (text) => Object.prototype.hasOwnProperty.call(dictionary, key(text));
  const translation = (text) => dictionary[key(text)];
  // A word above a column may be a name elsewhere, so it has a key of its own.
  const ofHeading = (node, text) => {
    const heading = `\u0004${text}`;
    return node.parentElement.closest("th") && has(heading) ? heading : text;
  };
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.nodeValue.trim();
    const known = ofHeading(node, text);
    if (node.parentElement.closest("script, style, code, #language") || !has(known)) continue;
    texts.push({ node, own: node.nodeValue, other: node.nodeValue.replace(text, () => translation(known)) });
  }
  const labels = [];
  for (const element of document.querySelectorAll("[aria-label]")) {
    const text = element.getAttribute("aria-label");
    if (has(text)) labels.push({ element, own: text, other: translation(text) });
  }
  const title = document.title;

  // What is drawn by a script asks for its words here.
  concur.word = (text) => (root.lang !== own && has(text) ? translation(text) : text);
  button.addEventListener("click", () => {
    root.lang = root.lang === own ? other : own;
    const which = root.lang === own ? "own" : "other";
    for (const text of texts) text.node.nodeValue = text[which];
    for (const label of labels) label.element.setAttribute("aria-label", label[which]);
    document.title = concur.word(title);
    say();
    concur.redraw();
  });
  say();
})();
