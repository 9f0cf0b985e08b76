"use strict";
const byId = (id) => document.getElementById(id);
const field = byId("field");
const UNSURE = 0.9;
const HINT = { hidden: "Type what you see: what was read is shown afterwards.", again: "Answered before; Enter keeps what stands here, Esc leaves it as it was." };
const ahead = [];
let current = null;
let busy = false;
let points = 0;

async function ask(where, body) {
  const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const response = await fetch(where, request);
  if (response.status >= 500 && response.headers.get("content-type") !== "application/json") throw new Error(response.statusText);
  if (response.status === 403) throw new Error(await response.text());
  return { ok: response.ok, status: response.status, said: await response.json() };
}

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/* The picture is decoded before it is shown, so that it is there at once. */
async function prepare(item) {
  const picture = new Image();
  picture.alt = item.name;
  picture.src = item.picture;
  item.element = picture;
  await picture.decode().catch(() => {});
  return item;
}

async function fetchAhead() {
  const having = [...ahead, ...(current && !current.seen ? [current] : [])].map((item) => item.image);
  const { said } = await ask(`items?having=${having}`);
  const known = new Set([...ahead, current].filter(Boolean).map((item) => item.image));
  const fresh = said.items.filter((item) => !known.has(item.image));
  ahead.push(...await Promise.all(fresh.map(prepare)));
}

let fetching = null;
function topUp() {
  fetching ??= fetchAhead().catch(fail).finally(() => { fetching = null; });
  return fetching;
}

function say(text, bad = false) {
  byId("note").textContent = text || "\u00a0";
  byId("note").classList.toggle("bad", bad);
}

function fail(error) {
  say(error instanceof TypeError ? "Kerf does not answer: it was ended. What you answered is kept; start it again." : error.message, true);
}

function show(item) {
  current = item;
  document.body.dataset.image = item ? item.image : "";
  byId("picture").replaceChildren(item ? item.element : "");
  field.disabled = !item;
  if (item) item.initial = item.label || (item.seen ? "" : item.text);
  field.value = item ? item.initial : "";
  showAlternatives(item ? item.alternatives : []);
  mark();
  if (!item) return say("Every image is answered.");
  say(item.seen ? HINT.again : item.hidden ? HINT.hidden : "");
  field.focus({ preventScroll: true });
  field.select();
}

function showAlternatives(alternatives) {
  byId("alternatives").replaceChildren(...alternatives.slice(0, 3).map(([text, share], index) => {
    const button = element("button", text, { type: "button", "data-text": text });
    button.prepend(element("kbd", `Alt ${index + 1}`), " ");
    button.append(" ", element("small", `${Math.round(100 * share)} %`));
    button.addEventListener("click", () => choose(index));
    return button;
  }));
}

function choose(index) {
  const button = byId("alternatives").children[index];
  if (!button) return;
  field.value = button.dataset.text;
  mark();
  field.focus();
}

/* Characters that stand as they were read, and were read unsurely, are underlined. */
function mark() {
  const read = current ? current.characters : [];
  byId("marks").replaceChildren(...Array.from(field.value, (char, index) => {
    const unsure = read[index] && read[index][0] === char && read[index][1] < UNSURE;
    return element(unsure ? "u" : "span", char);
  }));
}

async function next() {
  if (!ahead.length) await topUp();
  if (!ahead.length) await topUp(); // the first may have been asked for before it was needed
  show(ahead.shift() ?? null);
  topUp();
}

async function answer(status) {
  if (busy || !current) return;
  busy = true;
  const item = current;
  try {
    const { ok, status: code, said } = await ask("answers", { image: item.image, status, text: field.value, seen: item.seen });
    if (ok) {
      remember(item, said.item);
      await next();
    } else if (code === 409) {
      await next();
      say(`${said.problem}: ${said.item.label || said.item.status}`, true);
    } else {
      say(said.problem, true);
    }
  } catch (error) {
    fail(error);
  }
  busy = false;
  later();
}

async function skip() {
  if (current && current.seen) return next();
  return answer("skipped");
}

async function back() {
  if (busy) return;
  busy = true;
  try {
    const { said } = await ask(current && current.seen ? `previous?image=${current.image}` : "previous");
    if (said.item) {
      if (current && !current.seen) ahead.unshift(current);
      show(await prepare(said.item));
    } else {
      say("There is nothing before this image.");
    }
  } catch (error) {
    fail(error);
  }
  busy = false;
}

/* The last few answers, and what had been read where that was something else. */
function remember(item, said) {
  const line = element("li", "");
  line.append(element("span", said.label || said.status, { class: said.label ? "text" : "soft" }));
  if (said.label && said.text) {
    const read = element("small", "");
    if (said.text === said.label) read.append(element("span", item.hidden ? "read right, unseen" : "read right", { class: "right" }));
    else read.append("read ", element("s", said.text, { class: "text" }));
    line.append(read);
  }
  byId("last").prepend(line);
  while (byId("last").children.length > 5) byId("last").lastChild.remove();
}

let timer = null;
function later(milliseconds = 250) {
  clearTimeout(timer);
  timer = setTimeout(() => progress().catch(() => {}).finally(() => later(3000)), milliseconds);
}

const percent = (share) => `${Math.round(100 * share)} %`;
const many = (count) => count.toLocaleString("en");

async function progress() {
  const { said } = await ask("progress");
  const answered = said.labelled + said.skipped + said.unreadable;
  const left = said.copies + said.problems;
  byId("count").textContent = [
    `${many(said.labelled)} labelled of ${many(said.images)}`,
    said.skipped + said.unreadable ? `${many(said.skipped + said.unreadable)} without a label` : "",
    left ? `${many(left)} copies or broken, left out` : "",
    said.pace ? `${Math.round(said.pace)} a minute` : "",
  ].filter(Boolean).join(" · ");
  byId("bar").style.width = `${100 * (answered + left) / said.images}%`;
  showMeasured(said);
  byId("lately").textContent = said.recent ? `${said.recent_right} of the last ${said.recent} readings were right.` : "Nothing yet.";
  byId("solve").hidden = said.points.length < 2 && !said.points[0].labels;
  if (points && said.points.length !== points) renew();
  points = said.points.length;
}

/* Another model is in force: what is ahead was read, and chosen, by the one before. */
function renew() {
  ahead.length = 0;
  topUp();
}

function showMeasured(said) {
  const point = said.points[said.measured];
  byId("value").textContent = point.n ? percent(point.value) : "";
  byId("range").textContent = point.n
    ? `${percent(point.low)} to ${percent(point.high)}, of ${point.n} drawn at random${said.measured + 1 < said.points.length ? ", by the model before" : ""}`
    : "Told from the first images on that are drawn at random.";
  byId("need").textContent = said.need;
  byId("learning").textContent = said.problem
    ? `No new model: ${said.problem}`
    : said.learning ? "Learning from your labels; go on typing." : `The next model is learnt at ${said.next_step} labels.`;
  drawCurve(said.points.filter((one) => one.n));
}

function svg(name, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

function drawCurve(known) {
  const curve = byId("curve");
  curve.toggleAttribute("hidden", !known.length);
  const left = 42, right = 268, top = 8, bottom = 108;
  const x = (index) => known.length > 1 ? left + 12 + (right - left - 24) * index / (known.length - 1) : (left + right) / 2;
  const y = (share) => bottom - (bottom - top) * share;
  const parts = [0, 0.5, 1].flatMap((share) => [
    svg("line", { class: "grid", x1: left, x2: right, y1: y(share), y2: y(share) }),
    svg("text", { x: left - 6, y: y(share) + 4, "text-anchor": "end" }, percent(share)),
  ]);
  parts.push(svg("line", { class: "target", x1: left, x2: right, y1: y(0.95), y2: y(0.95) }));
  if (known.length > 1) parts.push(svg("polyline", { class: "line", points: known.map((one, i) => `${x(i)},${y(one.value)}`).join(" ") }));
  known.forEach((one, i) => parts.push(
    svg("line", { class: "whisker", x1: x(i), x2: x(i), y1: y(one.low), y2: y(one.high) }),
    svg("circle", { class: "dot", cx: x(i), cy: y(one.value), r: 4 }),
    svg("text", { x: x(i), y: 124, "text-anchor": "middle" }, i || one.labels ? many(one.labels) : "start"),
  ));
  curve.replaceChildren(...parts);
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const digit = event.altKey && /^Digit[123]$/.exec(event.code);
  const untouched = !current || field.value === current.initial; // else the browser takes back what was typed
  const undo = untouched && (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
  const onButton = event.target instanceof HTMLButtonElement;
  const action =
    digit ? () => choose(Number(event.code.slice(5)) - 1)
    : undo ? back
    : event.key === "Enter" && !onButton ? () => answer("labelled")
    : event.key === "Escape" ? skip
    : event.key === "F2" ? () => answer("unreadable")
    : null;
  if (!action) return;
  event.preventDefault();
  if (!event.repeat || digit) action();
});
field.addEventListener("input", mark);
byId("accept").addEventListener("click", () => answer("labelled"));
byId("skip").addEventListener("click", skip);
byId("unreadable").addEventListener("click", () => answer("unreadable"));
byId("back").addEventListener("click", back);
next().then(() => later(0));
