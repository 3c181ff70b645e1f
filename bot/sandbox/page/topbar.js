// The time and its buttons, the language of the staff's texts, the bot's health, and what a newcomer may try.
import { act } from "./api.js";
import { announce, fill, h, toast } from "./dom.js";
import { get, now, recall, remember, server } from "./store.js";
import { longDay, seconds } from "./time.js";

const part = (id) => document.getElementById(id);

export function startTopbar() {
  for (const button of document.querySelectorAll("[data-move]")) {
    button.addEventListener("click", () => move({ seconds: Number(button.dataset.move) }));
  }
  part("to-opening").addEventListener("click", () => move({ to: "opening" }));
  part("step").addEventListener("submit", (event) => {
    event.preventDefault();
    const seconds = Math.round(Number(part("step-count").value) * Number(part("step-unit").value));
    if (seconds > 0) move({ seconds });
  });
  for (const button of part("language").querySelectorAll("button")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }
  part("try").hidden = recall("try") === "closed";
  part("try-close").addEventListener("click", () => showTry(false));
  part("try-open").addEventListener("click", () => showTry(part("try").hidden));
  part("try-more").addEventListener("click", () => part("help").showModal());
  part("help-close").addEventListener("click", () => part("help").close());
  document.addEventListener("click", (event) => {
    if (!part("health").contains(event.target)) part("health").open = false;
  });
  setInterval(showTime, 1000);
}

async function move(step) {
  const answer = await act("clock", step);
  if (answer) announce(`The time is now ${seconds(new Date(answer.now))}.`);
}

async function speak(language) {
  if (await act("language", { language })) toast(language === "pl" ? "The bot now speaks Polish to staff." : "The bot now speaks English to staff.");
}

function showTry(open) {
  part("try").hidden = !open;
  remember("try", open ? "open" : "closed");
}

function showTime() {
  const time = now();
  part("time").textContent = seconds(time);
  part("day").textContent = longDay(time);
}

export function showTopbar() {
  showTime();
  const bot = get("bot");
  part("connection").hidden = server.connected;
  part("connection").textContent = server.retired
    ? "This page was opened in other tabs; reload it to go on here."
    : "Connection lost – trying again …";
  if (!bot) return;
  for (const button of part("language").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === bot.language));
    button.disabled = bot.switching;
  }
  showParts(bot);
}

function showParts(bot) {
  const parts = Object.entries(bot.parts);
  const down = parts.filter(([, problem]) => problem !== null);
  const summary = bot.switching ? "restarting" : down.length || !parts.length ? "not ready" : "all well";
  part("health").className = `health ${summary === "all well" ? "well" : "ill"}`;
  part("health-summary").textContent = `Bot: ${summary}`;
  fill(
    part("parts"),
    parts.map(([name, problem]) => h("li", { class: problem === null ? "well" : "ill" }, h("b", {}, name), problem === null ? " runs" : ` ${problem}`)),
    bot.health && h("li", {}, h("a", { href: bot.health, target: "_blank", rel: "noopener", "data-testid": "health-link" }, "Health endpoint")),
  );
}
