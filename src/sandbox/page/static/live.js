// Keeps the page as the workspace is: waits for news, fetches the same address again, and morphs what changed.

import { morph } from "./morph.js";
import { act, app, tell } from "./send.js";

const NEAR_BOTTOM = 80; // pixels: somebody who reads further up is not pulled down

let running = false;
let again = false;
let lastRead = "";
let seenLatest = "";

// The line between read and unread: kept while it shows; while somebody watches, nothing that comes in is unread.
function mark() {
  if (document.getElementById("new-line")) return app().dataset.mark;
  return document.visibilityState === "visible" ? "" : seenLatest;
}

function settle() {
  for (const dialog of document.querySelectorAll("dialog.modal:not([open])")) {
    dialog.showModal();
    const field = dialog.querySelector("[data-autofocus]") ?? dialog.querySelector("input, textarea, select, .choices input");
    field?.focus();
  }
  const { channel, latest, kind } = app().dataset;
  if (document.visibilityState !== "visible" || kind === "home" || !latest) return;
  seenLatest = latest;
  if (latest > lastRead && !location.search) {
    lastRead = latest;
    act("read", { channel, ts: latest });
  }
}

async function draw() {
  const response = await fetch(location.href, { headers: { "X-Mark": mark() } });
  if (response.redirected) {
    location.assign(response.url);
    return;
  }
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const logs = [...document.querySelectorAll(".messages")].map((log) => [
    log,
    log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_BOTTOM,
  ]);
  document.title = fresh.title;
  morph(app(), fresh.getElementById("app"));
  for (const [log, atBottom] of logs) if (atBottom) log.scrollTop = log.scrollHeight;
  settle();
}

// Draws the page anew; calls that come while one is under way become one more after it.
export async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    do {
      again = false;
      await draw();
    } while (again);
  } finally {
    running = false;
  }
}

async function follow() {
  let number = Number(app().dataset.number);
  let pause = 500;
  for (;;) {
    try {
      const response = await fetch(`/client/${app().dataset.person}/changes?after=${number}`);
      const change = await response.json();
      if (change.number < number) location.reload(); // another server stands there now, with a feed of its own
      number = change.number;
      if (change.news) {
        await refresh();
        number = Math.max(number, Number(app().dataset.number));
      }
      pause = 500;
    } catch {
      if (pause > 1000) tell("The practice workspace does not answer. Trying again…");
      await new Promise((go) => setTimeout(go, pause));
      pause = Math.min(pause * 2, 8000);
    }
  }
}

export function start() {
  for (const log of document.querySelectorAll(".messages")) log.scrollTop = log.scrollHeight;
  document.getElementById("new-line")?.scrollIntoView({ block: "center" });
  settle();
  document.addEventListener("visibilitychange", settle);
  const { kind } = app().dataset;
  if (kind === "home" || kind === "app") act("opened", { tab: kind === "home" ? "home" : "messages" });
  follow();
}
