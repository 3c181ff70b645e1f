// The Slack workspace: who I am, channels, messages, a thread, the app's Home tab.
import { slack } from "./api.js";
import { blocks } from "./blocks.js";
import { announce, fill, h, keyed } from "./dom.js";
import { chosenBefore } from "./elements.js";
import { message } from "./message.js";
import { showModals } from "./modal.js";
import { all, change, get, now, ui } from "./store.js";
import { day, ofTs } from "./time.js";

const part = (id) => document.getElementById(id);
const HOME = "home";
const seen = new Map();
let settled = false;

export function startSlack() {
  part("who").addEventListener("change", (event) => switchTo(event.target.value));
  part("thread-close").addEventListener("click", () => change({ thread: null }));
  for (const [id, inThread] of [["post", false], ["post-thread", true]]) composer(part(id), inThread);
}

export function showSlack(news) {
  const app = get("slack/app");
  if (!app) return;
  choosePlace();
  showPeople();
  showChannels();
  showTimeline();
  showThread();
  showHome();
  showModals();
  for (const { before, fresh } of news) if (!fresh) tellNews(before);
}

// --- who, and where

const staff = () => all("slack/user/").filter((user) => !user.is_bot && !user.deleted);

// The escalation channel is not where a newcomer starts.
const channels = () =>
  all("slack/channel/")
    .filter((channel) => channel.members.includes(ui.user) && !channel.is_archived)
    .sort((a, b) => (a.is_im ? 1 : 0) - (b.is_im ? 1 : 0));

function choosePlace() {
  const people = staff();
  if (!people.some((user) => user.id === ui.user)) ui.user = people[0]?.id;
  const mine = channels();
  if (ui.channel !== HOME && !mine.some((channel) => channel.id === ui.channel)) {
    ui.channel = mine[0]?.id ?? null;
    ui.thread = null;
  }
  if (!settled) {
    const talked = timeline(ui.channel).filter((item) => item.reply_count);
    if (talked.length) {
      settled = true;
      if (!ui.thread) ui.thread = talked[0].ts;
    }
  }
}

function switchTo(user) {
  settled = true;
  change({ user, thread: null });
  if (ui.channel === HOME) slack("home", {});
}

function showPeople() {
  const who = part("who");
  const people = staff();
  const app = get("slack/app");
  keyed(
    who,
    people,
    (user) => user.id,
    (user) => user,
    (user) =>
      h("option", { value: user.id }, user.real_name),
  );
  who.value = ui.user;
  const me = get(`slack/user/${ui.user}`);
  part("who-title").textContent = me?.team_id === app.team.id ? me.profile.title : app.teams[me?.team_id]?.name ?? "";
}

function showChannels() {
  const rows = channels();
  keyed(
    part("channels"),
    [...rows, { id: HOME, name: HOME }],
    (channel) => channel.id,
    (channel) => `${channel.name}|${channel.id === ui.channel}|${isNew(channel)}|${ui.user}`,
    (channel) =>
      h(
        "li",
        {},
        h(
          "button",
          {
            type: "button",
            class: `channel ${isNew(channel) ? "new" : ""}`,
            "aria-current": channel.id === ui.channel ? "true" : undefined,
            "data-testid": `channel-${channel.is_im ? "dm" : channel.name}`,
            onclick: () => enter(channel.id),
          },
          label(channel),
          isNew(channel) && h("span", { class: "dot", title: "New messages" }),
        ),
      ),
  );
}

function label(channel) {
  if (channel.id === HOME) return "🏠 App Home";
  if (channel.is_im) return `💬 ${get("slack/app").name}`;
  return `${channel.is_private ? "🔒" : "#"} ${channel.name}${channel.is_ext_shared ? " ⇄" : ""}`;
}

function enter(channel) {
  settled = true;
  change({ channel, thread: null });
  if (channel === HOME) slack("home", {});
}

// --- messages

const isTopLevel = (item) => !item.thread_ts || item.thread_ts === item.ts || item.subtype === "thread_broadcast";
const ephemerals = (channel) => all(`slack/ephemeral/${ui.user}/${channel}/`);
const byTs = (a, b) => (a.ts < b.ts ? -1 : 1);

function timeline(channel) {
  const messages = all(`slack/message/${channel}/`).filter(isTopLevel);
  return [...messages, ...ephemerals(channel).filter((item) => !item.thread_ts)].sort(byTs);
}

function isNew(channel) {
  if (channel.id === HOME || channel.id === ui.channel) return false;
  return latest(channel.id) > (seen.get(`${ui.user}/${channel.id}`) ?? latest(channel.id, true));
}

function latest(channel, remember = false) {
  const ts = all(`slack/message/${channel}/`).filter(isTopLevel).at(-1)?.ts ?? "";
  if (remember) seen.set(`${ui.user}/${channel}`, ts);
  return ts;
}

function showTimeline() {
  const channel = get(`slack/channel/${ui.channel}`);
  part("messages-pane").hidden = ui.channel === HOME;
  if (!channel) return;
  latest(channel.id, true);
  part("channel-title").textContent = label(channel);
  part("channel-topic").textContent = channel.topic?.value || `${channel.members.length} members`;
  const items = withDays(timeline(channel.id));
  list(part("messages"), items, channel.id, {});
  part("no-messages").hidden = items.length > 0;
}

function showThread() {
  const pane = part("thread-pane");
  const parent = ui.thread && get(`slack/message/${ui.channel}/${ui.thread}`);
  pane.hidden = !parent;
  if (!parent) return;
  const replies = all(`slack/message/${ui.channel}/`).filter((item) => item.thread_ts === ui.thread && item.ts !== ui.thread);
  const whispers = ephemerals(ui.channel).filter((item) => item.thread_ts === ui.thread);
  part("thread-channel").textContent = label(get(`slack/channel/${ui.channel}`));
  list(part("thread"), [parent, ...[...replies, ...whispers].sort(byTs)], `${ui.channel}/${ui.thread}`, { inThread: true });
}

// What stands at the end stays in sight when more comes; a list that was just opened starts at its end.
function list(container, items, place, options) {
  const scroller = container.parentElement;
  const key = `${ui.user}/${place}`;
  const opened = container.dataset.place !== key;
  const atEnd = opened || scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 60;
  const before = scroller.scrollHeight;
  const today = day(now()); // on another day the times are written in another way
  container.dataset.place = key;
  keyed(
    container,
    items,
    (item) => `${key}/${today}/${item.day ?? item.ts}`,
    (item) => item.day ?? item,
    (item) => (item.day ? h("div", { class: "day" }, h("span", {}, item.day)) : message(item, options)),
  );
  if (atEnd && (opened || scroller.scrollHeight !== before)) scroller.scrollTop = scroller.scrollHeight;
}

function withDays(items) {
  let shown = null;
  return items.flatMap((item) => {
    const today = day(ofTs(item.ts));
    if (today === shown) return [item];
    shown = today;
    return [{ day: today }, item];
  });
}

// --- writing

function composer(form, inThread) {
  const box = form.querySelector("textarea");
  const send = async () => {
    const text = box.value.trim();
    if (!text) return;
    const place = { channel: ui.channel, thread_ts: inThread ? ui.thread : undefined };
    box.value = "";
    if (!(await slack("post", { ...place, text }))) box.value = text;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  });
}

// --- the app's Home tab

function showHome() {
  part("home-pane").hidden = ui.channel !== HOME;
  if (ui.channel !== HOME) return;
  const home = get(`slack/home/${ui.user}`);
  const pane = part("home");
  if (pane.shown === home && pane.shownFor === ui.user) return;
  pane.shown = home;
  pane.shownFor = ui.user;
  fill(pane, home ? blocks(home.blocks, homeContext(home)) : h("p", { class: "muted" }, "The app has not published a Home tab for you."));
}

function homeContext(home) {
  const values = new Map(Object.entries(home.state?.values ?? {}));
  return {
    valueOf: (block, element) => chosenBefore(values.get(block.block_id)?.[element.action_id]),
    enter: () => {},
    act: (block, element, selected) =>
      slack("click", {
        action_id: element.action_id,
        block_id: block.block_id,
        value: element.type === "button" ? element.value : undefined,
        selected,
      }),
    suggest: async (block, element, query) =>
      (await slack("suggest", { action_id: element.action_id, block_id: block.block_id, query }))?.options ?? [],
  };
}

function tellNews(before) {
  for (const [key, old] of before) {
    if (old || !key.startsWith(`slack/message/${ui.channel}/`)) continue;
    const item = get(key);
    if (item && item.user !== ui.user) announce(`New message in Slack: ${(item.text ?? "").slice(0, 120)}`);
  }
}
