// Starts everything. The page works from server-drawn HTML; these scripts only carry acts there and news back.

import * as composer from "./composer.js";
import * as controls from "./controls.js";
import * as live from "./live.js";
import * as modals from "./modals.js";
import { act, app } from "./send.js";

function startFrame() {
  document.addEventListener("change", async (event) => {
    if (event.target.id === "act-as") {
      const { channel, thread } = app().dataset;
      location.assign(`/client/${event.target.value}/${[channel, thread].filter(Boolean).join("/")}`);
    }
    if (event.target.id === "new-dm" && event.target.value) {
      const answer = await act("dm", { other: event.target.value });
      if (answer) location.assign(answer.href);
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("#hamburger")) app().dataset.sidebar = "open";
    if (event.target.closest("#veil")) delete app().dataset.sidebar;
  });
}

composer.start();
controls.start();
modals.start();
startFrame();
live.start();
