// One Slack message.
import { slack } from "./api.js";
import { blocks } from "./blocks.js";
import { h, size, toast } from "./dom.js";
import { emoji, REACTIONS } from "./emoji.js";
import { mrkdwn, nameOf } from "./mrkdwn.js";
import { change, get, ui } from "./store.js";
import { ofTs, short } from "./time.js";

const COLOURS = 8;

export function avatar(name, id) {
  const number = [...(id ?? name)].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % COLOURS;
  const initials = name.split(/[^\p{L}]+/u).map((word) => word[0] ?? "").join("").slice(0, 2).toUpperCase();
  return h("span", { class: `avatar colour-${number}`, "aria-hidden": "true" }, initials);
}

// Somebody of another company (Slack Connect) is marked as such.
function author(message) {
  const app = get("slack/app");
  const user = get(`slack/user/${message.user}`);
  const name = message.username ?? (message.bot_id && user ? user.real_name : nameOf(message.user ?? "?"));
  const home = user?.team_id && user.team_id !== app?.team.id ? app?.teams[user.team_id]?.name : undefined;
  return { name, isApp: Boolean(message.bot_id), home };
}

export function message(item, { inThread = false } = {}) {
  if (item.subtype === "tombstone") return h("article", { class: "message gone" }, h("p", { class: "muted" }, item.text));
  const { name, isApp, home } = author(item);
  const at = ofTs(item.ts);
  return h(
    "article",
    { class: `message ${item.visible_to ? "ephemeral" : ""}`, "data-testid": "message", "data-ts": item.ts, "aria-label": `${name}, ${short(at)}` },
    item.visible_to && h("p", { class: "only-you", "data-testid": "only-you" }, "👁 Only visible to you"),
    avatar(name, item.user),
    h(
      "div",
      { class: "message-body" },
      h(
        "div",
        { class: "message-head" },
        h("b", {}, name),
        isApp && h("span", { class: "badge" }, "APP"),
        home && h("span", { class: "badge guest" }, home),
        h("time", { datetime: at.toISOString() }, short(at)),
        item.edited && h("span", { class: "muted", "data-testid": "edited" }, "(edited)"),
      ),
      h("div", { class: "message-content", "data-testid": "message-content" }, content(item)),
      (item.files ?? []).map(file),
      h("div", { class: "reactions" }, (item.reactions ?? []).map((reaction) => reactionChip(item, reaction))),
      !inThread && item.reply_count > 0 && replies(item),
    ),
    !item.visible_to && tools(item, inThread),
  );
}

function content(item) {
  const context = contextOf(item);
  const body = item.blocks?.length ? blocks(item.blocks, context) : mrkdwn(item.text ?? "");
  const more = (item.attachments ?? []).map((one) =>
    h("div", { class: "attachment" }, one.blocks ? blocks(one.blocks, context) : mrkdwn(one.text ?? one.fallback ?? "")),
  );
  return [body, more];
}

function contextOf(item) {
  const picked = new Map();
  const name = (block, element) => `${block.block_id}/${element.action_id}`;
  return {
    valueOf: (block, element) => picked.get(name(block, element)),
    enter: (block, element, value) => picked.set(name(block, element), value),
    act: (block, element, selected) =>
      slack("click", {
        channel: item.channel,
        ts: item.ts,
        action_id: element.action_id,
        block_id: block.block_id,
        value: element.type === "button" ? element.value : undefined,
        selected,
      }),
    suggest: async (block, element, query) => {
      const place = { channel: item.channel, ts: item.ts, action_id: element.action_id, block_id: block.block_id };
      return (await slack("suggest", { ...place, query }))?.options ?? [];
    },
  };
}

// A picture is shown, everything is offered for saving; by its content the server says what is a picture.
function file(one) {
  const name = one.title ?? one.name ?? one.id;
  const address = `/slack/file/${encodeURIComponent(one.id)}`;
  return h(
    "figure",
    { class: "file-card", "data-testid": "file" },
    one.is_picture &&
      h("a", { href: `${address}/picture`, target: "_blank", rel: "noreferrer" }, h("img", { src: `${address}/picture`, alt: name, loading: "lazy" })),
    h(
      "figcaption",
      {},
      h("b", {}, `📎 ${name}`),
      h("small", {}, [one.size && size(one.size), one.filetype].filter(Boolean).join(", ")),
      h("a", { href: address, download: "", "data-testid": "file-download" }, "Download"),
    ),
  );
}

function replies(item) {
  const latest = short(ofTs(item.latest_reply));
  return h(
    "button",
    { type: "button", class: "replies", "data-testid": "open-thread", onclick: () => change({ thread: item.ts }) },
    h("b", {}, item.reply_count === 1 ? "1 reply" : `${item.reply_count} replies`),
    h("span", { class: "muted" }, ` last at ${latest}`),
  );
}

function reactionChip(item, reaction) {
  return h(
    "button",
    {
      type: "button",
      class: `reaction ${reaction.users.includes(ui.user) ? "mine" : ""}`,
      title: reaction.users.map(nameOf).join(", "),
      onclick: () => slack("react", { channel: item.channel, ts: item.ts, emoji: reaction.name }),
    },
    `${emoji(reaction.name)} ${reaction.count}`,
  );
}

// --- what Slack offers when the pointer or the focus is on a message

function tools(item, inThread) {
  const own = item.user === ui.user;
  const shortcuts = get("slack/app")?.shortcuts ?? [];
  const place = { channel: item.channel, ts: item.ts };
  const tool = (label, title, onclick, testid) =>
    h("button", { type: "button", title, "aria-label": title, onclick, "data-testid": testid }, label);
  return h(
    "div",
    { class: "tools" },
    REACTIONS.slice(0, 3).map((name) => tool(emoji(name), `React with ${name}`, () => slack("react", { ...place, emoji: name }))),
    !inThread && tool("💬", "Reply in thread", () => change({ thread: item.ts }), "reply-in-thread"),
    own && tool("✏️", "Edit message", (event) => edit(item, event.currentTarget.closest("article"))),
    own && tool("🗑️", "Delete message", () => slack("edit", { ...place, text: null })),
    shortcuts.length > 0 && shortcutMenu(shortcuts, place),
  );
}

function shortcutMenu(shortcuts, place) {
  const menu = h(
    "select",
    {
      "aria-label": "Message shortcuts",
      onchange: () => {
        const callback = menu.value;
        menu.value = "";
        slack("shortcut", { ...place, callback_id: callback });
      },
    },
    h("option", { value: "" }, "⋮"),
    shortcuts.map((name) => h("option", { value: name }, name)),
  );
  return menu;
}

function edit(item, article) {
  const box = h("textarea", { rows: 3, "aria-label": "Edit message", value: typedText(item) });
  const save = async () => {
    if (!box.value.trim()) toast("An empty message can only be deleted.", "error");
    else await slack("edit", { channel: item.channel, ts: item.ts, text: box.value });
  };
  article.querySelector(".message-content").replaceChildren(
    box,
    h("div", { class: "buttons" }, h("button", { type: "button", class: "bk-button primary", onclick: save }, "Save")),
  );
  box.focus();
}

// What the author typed stands in the rich_text block; the text field has Slack's escapes.
function typedText(item) {
  return item.blocks?.[0]?.elements?.[0]?.elements?.[0]?.text ?? item.text;
}
