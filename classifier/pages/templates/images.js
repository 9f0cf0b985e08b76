"use strict";
// The browser of images. Texts and names only ever become text nodes, and only what is in sight is built.
const ENTRIES = JSON.parse(document.getElementById("entries").textContent);
const LABELLED = ENTRIES.some((entry) => "label" in entry);
const ITEM = 64; // height of an item of the list, as the style sheet has it
const PRINTED = 200;
const CUTTING = ["missing candidates", "wrong choice among candidates"];
const CAUSES = {
  "wrong character": "Cut as the label asks; a character was taken for another.",
  "wrong choice among candidates": "Cut elsewhere than the label asks, though the candidates for it were there.",
  "missing candidates": "No way through the candidates spells the label.",
  "character the model does not know": "The label has a character that may not be read.",
};
const list = document.getElementById("list");
const detail = document.getElementById("detail");
const filters = document.getElementById("filters");
const spacer = list.firstElementChild;
let shown = []; // entries that pass the filters, in order
let at = 0; // which of them is looked at
let which = ""; // "wrong", "right" or all
let open = false; // whether candidates are shown

function make(namespace, tag, attributes, children) {
  const element = namespace ? document.createElementNS(namespace, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "style") Object.assign(element.style, value);
    else if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}
const html = (tag, attributes, ...children) => make("", tag, attributes, children);
const svg = (tag, attributes, ...children) => make("http://www.w3.org/2000/svg", tag, attributes, children);
const percent = (share) => (share > 0 && share < 0.0005 ? "< 0.1" : (100 * share).toFixed(share > 0.9995 ? 0 : 1)) + " %";
const meter = (share) => html("div", { class: "meter" }, html("i", { style: { width: 100 * share + "%" } }));
const isSet = (value) => value !== undefined && value !== null;
const mistakes = (entry) => (entry.pairs || []).filter(([truth, read]) => truth !== read);
const toMistake = ([truth, read]) => (!read ? `${truth} left out` : truth ? `${truth} read as ${read}` : `${read} added`);
const toLength = (entry) => [...(isSet(entry.label) ? entry.label : entry.text || "")].length;

// The text that was read, with what differs from the label marked; what was left out is a gap.
function marked(entry) {
  if (!entry.pairs || entry.right) return [entry.text];
  return entry.pairs.map(([truth, read]) => (truth === read ? read : html("mark", {}, read || "\u2423")));
}

function toItem(index) {
  const entry = shown[index];
  const below = entry.error || (LABELLED && !entry.right ? `is ${entry.label} · ${toCauseGroup(entry)}` : entry.name);
  return html(
    "div",
    { class: "item", role: "option", id: `item-${index}`, title: entry.name, "aria-selected": String(index === at), style: { top: index * ITEM + "px" }, click: () => look(index, true) },
    html("div", { class: "thumb" }, entry.image ? html("img", { src: entry.image, alt: "" }) : null),
    html(
      "div",
      { style: { minWidth: 0 } },
      html("div", { class: "read text" }, entry.error ? html("span", { class: "wrong" }, "unreadable") : isSet(entry.text) ? marked(entry) : `${entry.characters.length} pieces`),
      html("div", { class: "below" }, below),
    ),
    html("div", { class: "confidence" }, isSet(entry.confidence) ? [percent(entry.confidence), meter(entry.confidence)] : null),
  );
}

// Build the items in sight and a screen beside it; forget the others.
function drawList() {
  const first = Math.max(0, Math.floor(list.scrollTop / ITEM) - 10);
  const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ITEM) + 10);
  spacer.style.height = shown.length * ITEM + "px";
  const items = [];
  for (let index = first; index < last; index++) items.push(toItem(index));
  list.replaceChildren(spacer, ...items);
  if (!shown.length) list.append(html("p", { class: "empty" }, "No image is like that."));
  list.setAttribute("aria-activedescendant", shown.length ? `item-${at}` : "");
}

function look(index, opened) {
  if (!shown.length) return drawDetail();
  at = Math.max(0, Math.min(shown.length - 1, index));
  if (at * ITEM < list.scrollTop) list.scrollTop = at * ITEM;
  if ((at + 1) * ITEM > list.scrollTop + list.clientHeight) list.scrollTop = (at + 1) * ITEM - list.clientHeight;
  if (opened) detail.classList.add("open");
  drawList();
  drawDetail();
}

// --- the image that is looked at -------------------------------------------------------------------------

function layer(entry, uri, kind, alt, marks) {
  const [width, height] = entry.size;
  return html(
    "div",
    { class: "layer" },
    html("img", { src: uri, alt, class: kind, style: { aspectRatio: `${width} / ${height}` } }),
    svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...marks),
  );
}

function toBoxes(entry) {
  return entry.characters.map(([, , [left, top, right, bottom]], index) =>
    svg("rect", { class: `box${index % 2}`, x: left, y: top, width: right - left, height: bottom - top }),
  );
}

function toCuts(entry) {
  const edges = new Set(entry.candidates.filter((c) => c.read).flatMap((c) => c.cols));
  return entry.cuts.map((col) => svg("line", { class: edges.has(col) ? "taken" : "", x1: col, x2: col, y1: 0, y2: entry.size[1] }));
}

function toNames(entry) {
  return html(
    "div",
    { class: "names", "aria-hidden": "true" },
    ...entry.characters.map(([name, , [left, , right]]) => html("span", { style: { left: (50 * (left + right)) / entry.size[0] + "%" } }, name)),
  );
}

function toCandidates(entry) {
  const scale = 100 / entry.size[0];
  const rows = entry.candidates.map((candidate) => {
    const [left, right] = candidate.cols;
    const names = candidate.as.map(([name, share], index) => [index ? "  " : "", html("b", {}, name), " " + percent(share)]);
    const side = right * scale < 62 ? { left: `calc(${right * scale}% + 8px)` } : { right: `calc(${100 - left * scale}% + 8px)` };
    return html(
      "button",
      { type: "button", class: candidate.read ? "taken" : "", "aria-pressed": "false", click: (event) => light(event.currentTarget, entry, candidate) },
      html("i", { style: { left: Math.max(0, left * scale) + "%", width: (right - left) * scale + "%", opacity: 0.4 + 0.6 * candidate.share } }),
      html("span", { style: side }, ...names.flat()),
    );
  });
  const carried = `${entry.candidates.length} of ${entry.among} candidates hold ${percent(entry.carried)} of the posterior; those read are orange. A share is that of all paths; a click shows where it lies.`;
  return [html("p", { class: "soft small" }, carried), html("div", { class: "candidates" }, ...rows)];
}

// Show on the image where one candidate lies, or no longer.
function light(button, entry, candidate) {
  const pressed = button.getAttribute("aria-pressed") === "true";
  for (const other of button.parentElement.children) other.setAttribute("aria-pressed", "false");
  for (const old of detail.querySelectorAll(".lit")) old.remove();
  if (pressed) return;
  button.setAttribute("aria-pressed", "true");
  const [left, right] = candidate.cols;
  for (const marks of detail.querySelectorAll(".layer svg")) {
    marks.append(svg("rect", { class: "lit", x: left, y: 0, width: right - left, height: entry.size[1] }));
  }
}

// For each character read whether it is one that the label does not have there.
function toWrongPlaces(entry) {
  return (entry.pairs || []).filter(([, read]) => read).map(([truth, read]) => truth !== read);
}

// A part of the image: an inner svg, as that shows nothing beside its own box.
function toCrop(entry, left, right) {
  const [top, bottom] = entry.rows;
  const box = { x: left - 2, y: top, width: right - left + 4, height: bottom - top };
  const viewBox = Object.values(box).join(" ");
  const image = svg("image", { href: entry.image, width: entry.size[0], height: entry.size[1], preserveAspectRatio: "none" });
  return svg("svg", { viewBox, "aria-hidden": "true" }, svg("svg", { ...box, viewBox }, image));
}

function toCrops(entry) {
  const wrong = entry.right ? [] : toWrongPlaces(entry);
  const crops = entry.characters.map(([name, share, [left, , right]], index) =>
    html("li", { class: wrong[index] ? "off" : "" }, toCrop(entry, left, right), html("b", {}, name), html("small", {}, isSet(share) ? percent(share) : "")),
  );
  return html("ul", { class: "crops", "aria-label": "Characters" }, ...crops);
}

function toTexts(entry) {
  const texts = [[entry.text, entry.confidence], ...entry.alternatives];
  const rest = 1 - texts.reduce((sum, [, share]) => sum + share, 0);
  const row = (text, share, kind) => html("tr", {}, html("td", { class: kind }, text), html("td", {}, meter(share)), html("td", { class: "share" }, percent(share)));
  const rows = texts.map(([text, share]) => row(text + (text === entry.label ? " \u2713" : ""), share, "text" + (text === entry.label ? " right" : "")));
  return [html("h3", {}, "Most probable texts"), html("table", { class: "texts" }, html("tbody", {}, ...rows, row("all others", Math.max(0, rest), "soft small")))];
}

function toVerdict(entry) {
  const told = [];
  if (isSet(entry.text)) told.push(["read", "text", marked(entry)]);
  if (isSet(entry.label)) told.push([entry.right ? "label, the same" : "label", "text" + (entry.right ? " right" : ""), [entry.label]]);
  if (isSet(entry.confidence)) told.push(["confidence", "", [percent(entry.confidence)]]);
  return html("dl", { class: "verdict" }, ...told.map(([name, kind, value]) => html("div", {}, html("dt", {}, name), html("dd", { class: kind }, ...value))));
}

function drawDetail() {
  detail.replaceChildren();
  const entry = shown[at];
  if (!entry) return;
  detail.scrollTop = 0;
  const back = html("button", { type: "button", class: "back", click: close }, "Back");
  const files = entry.files ? html("a", { class: "small", href: entry.files }, "its files") : null;
  detail.append(html("header", {}, html("div", { class: "name" }, entry.name), files, back), toVerdict(entry));
  if (entry.error) return detail.append(html("p", { class: "wrong" }, entry.error));
  if (entry.cause) detail.append(html("p", { class: "soft" }, CAUSES[entry.cause]));
  if (entry.unlike) detail.append(html("p", { class: "soft" }, `Unlike what the model learnt: ${entry.unlike}.`));
  const factor = Math.max(1, Math.min(6, 540 / entry.size[0], 170 / entry.size[1]));
  const candidates = open && entry.candidates.length ? toCandidates(entry) : [];
  const figure = html(
    "figure",
    { class: "canvas", style: { maxWidth: entry.size[0] * factor + "px" } },
    toNames(entry),
    layer(entry, entry.image, "", `The image ${entry.name}`, toBoxes(entry)),
    html("figcaption", {}, `Ink, and ${entry.cuts.length} cuts; those taken are stronger`),
    layer(entry, entry.ink, "ink", "Its ink", toCuts(entry)),
    entry.candidates.length ? html("button", { type: "button", class: "screen", "aria-expanded": String(open), click: toggle }, open ? "Hide candidates" : "Candidates") : null,
    ...candidates,
  );
  detail.append(html("div", { class: "parts" }, figure, html("div", {}, toCrops(entry), ...(isSet(entry.text) ? toTexts(entry) : []))));
}

function toggle() {
  open = !open;
  drawDetail();
}

function close() {
  detail.classList.remove("open");
  list.focus();
}

// --- filters -----------------------------------------------------------------------------------------------

function count(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
  return [...counts];
}

function fill(name, any, options) {
  const select = filters.elements[name];
  if (select) select.append(new Option(any, ""), ...options.map(([value, text]) => new Option(text, value)));
}

function fillFilters() {
  const causes = count(ENTRIES.map(toCauseGroup).filter(Boolean));
  fill("cause", "any cause", causes.map(([cause, n]) => [cause, `${cause} (${n})`]));
  const pairs = count(ENTRIES.flatMap((entry) => [...new Set(mistakes(entry).map((pair) => JSON.stringify(pair)))]));
  pairs.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  fill("confusion", "any confusion", pairs.map(([pair, n]) => [pair, `${toMistake(JSON.parse(pair))} (${n})`]));
  const lengths = count(ENTRIES.filter((entry) => isSet(entry.label) || entry.text).map(toLength)).sort((a, b) => a[0] - b[0]);
  fill("letters", "any length", lengths.map(([length, n]) => [length, `${length} characters (${n})`]));
}

function toCauseGroup(entry) {
  if (entry.error) return "unreadable";
  if (!entry.cause) return "";
  return CUTTING.includes(entry.cause) ? "cutting" : entry.cause === "wrong character" ? "character" : "unknown character";
}

const value = (name) => (filters.elements[name] ? filters.elements[name].value : "");

function passes(entry) {
  const sure = isSet(entry.confidence) ? entry.confidence : 0;
  const find = value("find").toLowerCase();
  return (
    (!which || entry.right === (which === "right")) &&
    (!value("cause") || toCauseGroup(entry) === value("cause")) &&
    (!value("confusion") || mistakes(entry).some((pair) => JSON.stringify(pair) === value("confusion"))) &&
    (!value("letters") || toLength(entry) === Number(value("letters"))) &&
    (value("from") === "" || sure >= Number(value("from"))) &&
    (value("to") === "" || sure <= Number(value("to"))) &&
    (!find || [entry.name, entry.text || "", entry.label || ""].some((text) => text.toLowerCase().includes(find)))
  );
}

const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const ORDERS = {
  unsure: (a, b) => (a.confidence ?? -1) - (b.confidence ?? -1),
  sure: (a, b) => (b.confidence ?? -1) - (a.confidence ?? -1),
  text: (a, b) => byText(a.text || "", b.text || ""),
  name: (a, b) => byText(a.name, b.name),
};

function filter() {
  shown = ENTRIES.filter(passes).sort(ORDERS[value("sort")]);
  document.getElementById("hits").textContent = `${shown.length} of ${ENTRIES.length}`;
  for (const button of filters.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", String(button.dataset.show === which));
  list.scrollTop = 0;
  at = 0;
  drawList();
  drawDetail();
}

function show(kind) {
  which = kind;
  filter();
}

function showConfusion(pair) {
  filters.elements.confusion.value = pair;
  filter();
  document.getElementById("images").scrollIntoView();
}

// --- keys ----------------------------------------------------------------------------------------------------

const SCROLLING = ["ArrowDown", "ArrowUp", "Home", "End"]; // outside of the browser they scroll the page
const KEYS = {
  ArrowDown: () => look(at + 1),
  j: () => look(at + 1),
  ArrowUp: () => look(at - 1),
  k: () => look(at - 1),
  Home: () => look(0),
  End: () => look(shown.length - 1),
  Enter: () => look(at, true),
  c: toggle,
  w: () => LABELLED && show(which === "wrong" ? "" : "wrong"),
  "/": () => filters.elements.find.focus(),
  Escape: close,
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select");
  if (event.ctrlKey || event.metaKey || event.altKey || (typing && event.key !== "Escape")) return;
  if (event.key === "Enter" && event.target.closest("button, a, [role=button]")) return;
  if (SCROLLING.includes(event.key) && !event.target.closest(".browser")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("input", filter);
filters.addEventListener("reset", () => setTimeout(() => show("")));
for (const button of filters.querySelectorAll("[data-show]")) button.addEventListener("click", () => show(button.dataset.show));
for (const cell of document.querySelectorAll("[data-truth]")) {
  const pair = JSON.stringify([cell.dataset.truth, cell.dataset.read]);
  cell.addEventListener("click", () => showConfusion(pair));
  cell.addEventListener("keydown", (event) => event.key === "Enter" && showConfusion(pair));
}
list.addEventListener("scroll", () => requestAnimationFrame(drawList));
window.addEventListener("resize", drawList);
window.addEventListener("beforeprint", () => list.replaceChildren(...shown.slice(0, PRINTED).map((_, index) => toItem(index))));
window.addEventListener("afterprint", drawList);
fillFilters();
filter();
