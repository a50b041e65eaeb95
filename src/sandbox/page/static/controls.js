// Block Kit's interactive elements: reading what they hold, asking before sending, and telling the app.

import { refresh } from "./live.js";
import { act, tell } from "./send.js";

const STATELESS = new Set(["button", "overflow"]);
const TYPED = new Set(["text", "number", "email", "url"]);

function optionsPicked(control) {
  return [...control.querySelectorAll("[data-picked] [data-option]")].map((chip) => JSON.parse(chip.dataset.option));
}

function checked(control) {
  return [...control.querySelectorAll("input:checked")].map((input) => input.value);
}

// What a control holds now, in the shape in which routes.py takes it.
function held(control) {
  switch (control.dataset.control) {
    case "multi":
    case "checks":
      return checked(control);
    case "radio":
      return checked(control)[0] ?? null;
    case "lookup": {
      const picked = optionsPicked(control);
      return control.querySelector("[data-many]") ? picked : (picked[0] ?? null);
    }
    case "datetime-local":
      return { local: control.querySelector("input").value };
    default:
      return control.querySelector(".field")?.value ?? null;
  }
}

export function entries(surface) {
  return [...surface.querySelectorAll(".control")]
    .filter((control) => !STATELESS.has(control.dataset.control))
    .map((control) => ({ block: control.dataset.block, action: control.dataset.action, value: held(control) }));
}

function ask(control) {
  const dialog = control.querySelector(":scope > dialog.confirm");
  if (!dialog) return Promise.resolve(true);
  return new Promise((answer) => {
    const finish = (agreed) => {
      dialog.close();
      answer(agreed);
    };
    dialog.querySelector("[data-agree]").onclick = () => finish(true);
    dialog.querySelector("[data-deny]").onclick = () => finish(false);
    dialog.oncancel = (event) => {
      event.preventDefault();
      event.stopPropagation();
      finish(false);
    };
    dialog.showModal();
    dialog.querySelector("[data-agree]").focus();
  });
}

// Back to what the app drew: the person thought better of it.
function restore(control) {
  for (const option of control.querySelectorAll("option")) option.selected = option.defaultSelected;
  for (const input of control.querySelectorAll("input")) {
    if (["radio", "checkbox"].includes(input.type)) input.checked = input.defaultChecked;
    else input.value = input.defaultValue;
  }
}

export async function use(control, chosen) {
  const surface = control.closest("[data-surface]");
  if (!surface) return;
  if (!(await ask(control))) {
    restore(control);
    return;
  }
  const { channel, ts, view } = surface.dataset;
  const face = control.querySelector("[data-action-id]");
  face.setAttribute("aria-busy", "true");
  await act("use", { channel, ts, view, block: control.dataset.block, action: control.dataset.action, chosen, values: entries(surface) });
  face.removeAttribute("aria-busy");
  refresh();
}

function visit(url) {
  if (/^https?:\/\//.test(url ?? "")) window.open(url, "_blank", "noopener,noreferrer");
}

// --- menus: overflow and multi-selects ---------------------------------------------------------------------------

let openMenu = null; // { button, menu, before }

function closeMenu() {
  if (!openMenu) return;
  const { button, menu, before } = openMenu;
  openMenu = null;
  menu.hidden = true;
  button.setAttribute("aria-expanded", "false");
  const control = button.closest(".control");
  if (control.dataset.control === "multi" && "dispatches" in control.dataset) {
    if (JSON.stringify(checked(control)) !== before) use(control, checked(control));
  }
}

function toggleMenu(button) {
  const wasOpen = openMenu?.button === button;
  closeMenu();
  if (wasOpen) return;
  const menu = document.getElementById(button.getAttribute("aria-controls"));
  menu.classList.remove("upward", "leftward");
  menu.hidden = false;
  const box = menu.getBoundingClientRect();
  const frame = button.closest(".dialog-body, .messages, .home")?.getBoundingClientRect();
  menu.classList.toggle("upward", box.bottom > (frame?.bottom ?? innerHeight) && box.height < button.getBoundingClientRect().top);
  menu.classList.toggle("leftward", box.right > innerWidth - 8);
  button.setAttribute("aria-expanded", "true");
  openMenu = { button, menu, before: JSON.stringify(checked(menu)) };
  menu.querySelector("button, input")?.focus();
}

function drawChips(control) {
  const chips = control.querySelector("[data-chips]");
  const picked = [...control.querySelectorAll("input:checked")].map((input) => {
    const chip = document.createElement("span");
    chip.className = "chip";
    chip.textContent = input.parentElement.textContent.trim();
    return chip;
  });
  const empty = document.createElement("span");
  empty.className = "muted";
  empty.textContent = chips.dataset.placeholder;
  chips.replaceChildren(...(picked.length ? picked : [empty]));
}

function onMenuKey(event) {
  const lookup = event.target.closest?.(".w-lookup");
  if (lookup) onLookupKey(event, lookup);
  if (!openMenu) return;
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    const { button } = openMenu;
    closeMenu();
    button.focus();
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = [...openMenu.menu.querySelectorAll("button, input")];
  const at = items.indexOf(document.activeElement);
  items[(at + step + items.length) % items.length]?.focus();
}

// --- lookups: external selects -----------------------------------------------------------------------------------

let asking;

function showOptions(control, options) {
  const menu = control.querySelector("[role=listbox]");
  const items = options.map((option) => {
    const item = document.createElement("div");
    item.setAttribute("role", "option");
    item.dataset.option = JSON.stringify(option);
    item.textContent = option.text?.text ?? option.value;
    return item;
  });
  if (!items.length) {
    const none = document.createElement("div");
    none.className = "empty-menu";
    none.textContent = "No results";
    items.push(none);
  }
  menu.replaceChildren(...items);
  menu.hidden = false;
  menu.scrollIntoView({ block: "nearest" });
  control.querySelector("[role=combobox]").setAttribute("aria-expanded", "true");
}

function hideOptions(control) {
  control.querySelector("[role=listbox]").hidden = true;
  control.querySelector("[role=combobox]").setAttribute("aria-expanded", "false");
}

function look(control) {
  const input = control.querySelector("[role=combobox]");
  clearTimeout(asking);
  if (input.value.length < Number(control.querySelector("[data-lookup]").dataset.least)) {
    hideOptions(control);
    return;
  }
  asking = setTimeout(async () => {
    const { view } = control.closest("[data-surface]").dataset;
    const text = input.value;
    const answer = await act("suggest", { view, block: control.dataset.block, action: control.dataset.action, text });
    if (answer && input.value === text) showOptions(control, answer.options);
  }, 150);
}

function pick(control, item) {
  const option = JSON.parse(item.dataset.option);
  const chip = document.createElement("button");
  chip.type = "button";
  chip.className = "chip removable";
  chip.dataset.option = item.dataset.option;
  chip.textContent = option.text?.text ?? option.value;
  chip.setAttribute("aria-label", `Remove ${chip.textContent}`);
  const picked = control.querySelector("[data-picked]");
  if (!control.querySelector("[data-many]")) picked.replaceChildren();
  if (!optionsPicked(control).some((one) => one.value === option.value)) picked.append(chip);
  control.querySelector("[role=combobox]").value = "";
  hideOptions(control);
  if ("dispatches" in control.dataset) use(control, held(control));
}

function onLookupKey(event, control) {
  const menu = control.querySelector("[role=listbox]");
  const items = [...menu.querySelectorAll("[role=option]")];
  if (menu.hidden || !items.length) return;
  const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    const next = at < 0 && step < 0 ? items.length - 1 : (at + step + items.length) % items.length;
    items.forEach((item, place) => item.setAttribute("aria-selected", String(place === next)));
    items[next].scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter") {
    pick(control, items[Math.max(at, 0)]);
  } else if (event.key === "Escape") {
    hideOptions(control);
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

// --- events ------------------------------------------------------------------------------------------------------

function onClick(event) {
  const control = event.target.closest(".control");
  const menuButton = event.target.closest("[data-menu-button]");
  if (menuButton) {
    toggleMenu(menuButton);
    return;
  }
  if (openMenu && !openMenu.menu.contains(event.target)) closeMenu();
  for (const other of document.querySelectorAll(".w-lookup")) if (other !== control) hideOptions(other);
  if (!control || event.target.closest("dialog.confirm")) return;
  const item = event.target.closest("[role=menuitem]");
  if (item) {
    closeMenu();
    visit(item.dataset.url);
    use(control, item.dataset.value);
  } else if (event.target.closest("[role=option]")) {
    pick(control, event.target.closest("[role=option]"));
  } else if (event.target.closest(".chip.removable")) {
    event.target.closest(".chip.removable").remove();
    if ("dispatches" in control.dataset) use(control, held(control));
  } else if (event.target.closest("[data-press]")) {
    visit(event.target.closest("[data-press]").dataset.url);
    use(control);
  }
}

function onChange(event) {
  const control = event.target.closest(".control");
  if (!control) return;
  if (control.dataset.control === "multi") {
    const most = Number(event.target.closest("[data-max]")?.dataset.max ?? Infinity);
    if (checked(control).length > most) {
      event.target.checked = false;
      tell(`At most ${most} can be chosen.`);
    }
    drawChips(control);
  } else if ("dispatches" in control.dataset && !TYPED.has(control.dataset.control) && control.dataset.control !== "lookup") {
    use(control, held(control));
  }
}

function onInput(event) {
  const control = event.target.closest(".control");
  if (control?.dataset.control === "lookup" && event.target.matches("[role=combobox]")) look(control);
  if (control && "eachCharacter" in control.dataset) {
    clearTimeout(asking);
    asking = setTimeout(() => use(control, held(control)), 300);
  }
}

function onKey(event) {
  const control = event.target.closest?.(".control");
  if (event.key !== "Enter" || !control || !("dispatches" in control.dataset)) return;
  if (TYPED.has(control.dataset.control) && event.target.tagName === "INPUT") {
    event.preventDefault();
    use(control, held(control));
  }
}

export function start() {
  document.addEventListener("click", onClick);
  document.addEventListener("change", onChange);
  document.addEventListener("input", onInput);
  document.addEventListener("keydown", onMenuKey, true);
  document.addEventListener("keydown", onKey);
}
