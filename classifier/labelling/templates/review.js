"use strict";
const cards = [...document.querySelectorAll(".cards .card")];
const textOf = (card) => card.querySelector("figcaption > button");

async function keep(card, text) {
  const body = { image: Number(card.dataset.image), status: "labelled", text, seen: card.dataset.seen };
  const problem = card.querySelector(".problem");
  try {
    const response = await fetch("answers", { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
    if (response.status === 403) throw new Error(await response.text());
    const said = await response.json();
    problem.textContent = said.problem ?? "";
    if (said.item) {
      card.dataset.seen = said.item.seen;
      textOf(card).textContent = textOf(card).dataset.text = said.item.label;
    }
    card.classList.toggle("done", response.ok);
    if (response.ok) card.classList.remove("read", "doubtful");
  } catch (error) {
    problem.textContent = error instanceof TypeError ? "Kerf does not answer; start it again" : error.message;
  }
  problem.hidden = !problem.textContent;
}

function edit(card) {
  const button = textOf(card);
  const field = document.createElement("input");
  Object.assign(field, { value: button.dataset.text, maxLength: 64, spellcheck: false, autocomplete: "off" });
  field.setAttribute("aria-label", "Text of the image");
  let open = true; // removing the field makes it lose the focus, which closes it
  const close = (focused) => {
    if (!open) return;
    open = false;
    field.replaceWith(button);
    focused?.focus();
  };
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    const following = cards[cards.indexOf(card) + 1];
    close(event.key === "Enter" && following ? textOf(following) : button);
    if (event.key === "Enter") keep(card, field.value);
  });
  field.addEventListener("blur", () => close());
  button.replaceWith(field);
  field.focus();
  field.select();
}

for (const card of cards) {
  textOf(card).addEventListener("click", () => edit(card));
  card.querySelector(".take")?.addEventListener("click", (event) => keep(card, event.target.dataset.text));
}

document.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const at = cards.findIndex((card) => card.contains(document.activeElement));
  if (!step || document.activeElement instanceof HTMLInputElement) return;
  const next = cards[at + step];
  if (next) textOf(next).focus();
});

document.getElementById("accept").addEventListener("click", async (event) => {
  event.target.disabled = true;
  for (const card of cards.filter((one) => one.classList.contains("read"))) {
    if (textOf(card).dataset.text) await keep(card, textOf(card).dataset.text);
  }
  event.target.disabled = false;
});

async function watch() {
  const { busy, count, problem } = await (await fetch("suspects")).json();
  const line = document.getElementById("suspects");
  if (busy) {
    line.textContent = "Looking for labels that are probably wrong…";
    setTimeout(() => watch().catch(() => {}), 3000);
  } else if (problem) {
    line.textContent = `Labels that are probably wrong were not found: ${problem}.`;
  } else if (count) {
    const link = document.createElement("a");
    Object.assign(link, { href: "?page=1", textContent: count === 1 ? "1 label is probably wrong; it comes first." : `${count} labels are probably wrong; they come first.` });
    line.replaceChildren(link);
  } else {
    line.textContent = "";
  }
}
watch().catch(() => {});
