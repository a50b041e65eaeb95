// Submitting and closing modals, and dismissing what only one person sees.

import { entries } from "./controls.js";
import { refresh } from "./live.js";
import { act } from "./send.js";

// Slack's own client looks at the form of a number or an address; everything else is for the server and the app.
function malformed(form) {
  let any = false;
  for (const field of form.querySelectorAll("input.field")) {
    const { typeMismatch, badInput, rangeUnderflow, rangeOverflow, stepMismatch } = field.validity;
    if (!(typeMismatch || badInput || rangeUnderflow || rangeOverflow || stepMismatch)) continue;
    any = true;
    field.setAttribute("aria-invalid", "true");
    const note = field.closest(".b-input")?.querySelector(".field-error");
    if (note) note.textContent = field.validationMessage;
  }
  return any;
}

async function submit(form) {
  if (malformed(form)) return;
  const dialog = form.closest("dialog");
  const button = form.querySelector("[type=submit]");
  button?.setAttribute("aria-busy", "true");
  await act("submit", { view: dialog.dataset.view, values: entries(dialog) });
  await refresh();
}

async function close(dialog, all) {
  await act("close", { view: dialog.dataset.view, all });
  await refresh();
}

export function start() {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".modal-form")) return;
    event.preventDefault();
    submit(event.target);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-close]");
    if (button) close(button.closest("dialog"), button.dataset.close === "all");
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) {
      const { channel, ts } = dismiss.closest("[data-surface]").dataset;
      act("dismiss", { channel, ts }).then(refresh);
    }
  });
  // Escape reaches a dialog as "cancel", which does not bubble.
  document.addEventListener("cancel", (event) => {
    if (!event.target.matches("dialog.modal")) return;
    event.preventDefault();
    close(event.target, false);
  }, true);
}
