// The composer: grows with its text, completes commands and names, sends on Enter.

import { refresh } from "./live.js";
import { act, app } from "./send.js";

const MOST = 8;

function list(form) {
  return form.querySelector("[role=listbox]");
}

// What is being typed at the caret, and what could stand there instead.
function candidates(textarea) {
  const before = textarea.value.slice(0, textarea.selectionStart);
  if (textarea.value.startsWith("/")) {
    const commands = JSON.parse(app().dataset.commands);
    const word = before.split(/\s/, 1)[0];
    if (before === word) return { token: word, found: commands.filter((one) => one.insert.startsWith(word.toLowerCase())) };
    const known = commands.filter((one) => one.insert === word.toLowerCase());
    return { token: word, found: known, passive: true };
  }
  const token = before.match(/(?:^|\s)([@#][\w.-]*)$/)?.[1];
  if (!token) return { token: "", found: [] };
  const wanted = token.slice(1).toLowerCase();
  const names = JSON.parse(app().dataset.names).filter((one) => one.insert[0] === token[0]);
  const rank = (one) => (one.insert.slice(1).startsWith(wanted) ? 0 : one.hint.toLowerCase().includes(wanted) ? 1 : 2);
  return { token, found: names.filter((one) => rank(one) < 2).sort((a, b) => rank(a) - rank(b)).slice(0, MOST) };
}

function part(tag, text, name = "") {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

function suggest(form) {
  const textarea = form.querySelector("textarea");
  const { token, found, passive } = candidates(textarea);
  const items = found.map((one, place) => {
    const item = part("div", "", "completion");
    item.id = `${list(form).id}-${place}`;
    item.dataset.insert = one.insert;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(!passive && place === 0));
    item.append(part("strong", one.insert), part("span", one.hint, "usage"), part("span", one.about, "about"));
    return item;
  });
  list(form).replaceChildren(...items);
  list(form).hidden = items.length === 0;
  list(form).dataset.token = token;
  if (passive) list(form).dataset.passive = "";
  else delete list(form).dataset.passive;
  textarea.setAttribute("aria-activedescendant", !passive && items.length ? items[0].id : "");
}

function hide(form) {
  list(form).hidden = true;
  form.querySelector("textarea").removeAttribute("aria-activedescendant");
}

function move(form, step) {
  const items = [...list(form).children];
  const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  const next = (at + step + items.length) % items.length;
  items.forEach((item, place) => item.setAttribute("aria-selected", String(place === next)));
  items[next].scrollIntoView({ block: "nearest" });
  form.querySelector("textarea").setAttribute("aria-activedescendant", items[next].id);
}

function complete(form, item) {
  const textarea = form.querySelector("textarea");
  const caret = textarea.selectionStart;
  const from = caret - list(form).dataset.token.length;
  textarea.setRangeText(`${item.dataset.insert} `, from, caret, "end");
  textarea.focus();
  grow(form);
  suggest(form);
}

function grow(form) {
  const textarea = form.querySelector("textarea");
  textarea.style.height = "auto";
  textarea.style.height = `${textarea.scrollHeight}px`;
  form.classList.toggle("ready", textarea.value.trim() !== "");
}

async function send(form) {
  const textarea = form.querySelector("textarea");
  const text = textarea.value;
  if (!text.trim() || form.getAttribute("aria-busy") === "true") return;
  hide(form);
  form.setAttribute("aria-busy", "true");
  textarea.value = "";
  grow(form);
  const sent = await act("say", { channel: form.dataset.channel, thread: form.dataset.thread, text });
  form.removeAttribute("aria-busy");
  if (!sent && !textarea.value) {
    textarea.value = text;
    grow(form);
  }
  const log = form.parentElement.querySelector(".messages");
  log.scrollTop = log.scrollHeight;
  refresh();
}

function onKey(event) {
  const form = event.target.closest?.("[data-composer]");
  if (!form || event.isComposing) return;
  const selected = list(form).hidden ? null : list(form).querySelector("[aria-selected=true]");
  if (selected && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    event.preventDefault();
    move(form, event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Escape") {
    hide(form);
  } else if (selected && event.key === "Tab") {
    event.preventDefault();
    complete(form, selected);
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    if (selected && selected.dataset.insert !== list(form).dataset.token) complete(form, selected);
    else send(form);
  }
}

export function start() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-composer]");
    if (!form) return;
    grow(form);
    suggest(form);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-composer]")) return;
    event.preventDefault();
    send(event.target);
  });
  document.addEventListener("click", (event) => {
    const item = event.target.closest(".completion");
    if (item && !("passive" in item.parentElement.dataset)) complete(item.closest("[data-composer]"), item);
    for (const form of document.querySelectorAll("[data-composer]")) if (!form.contains(event.target)) hide(form);
  });
  if (matchMedia("(width >= 800px)").matches && !document.querySelector("dialog[open]")) {
    (document.getElementById("text-thread") ?? document.getElementById("text"))?.focus();
  }
}
