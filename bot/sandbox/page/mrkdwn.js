// Slack's text formats to elements: mrkdwn, plain_text and rich_text. Everything that people wrote stays text.
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { all, get } from "./store.js";
import { token } from "./time.js";

const ENTITY = /<([^<>]*)>/;
const INLINE = [
  [/`([^`\n]+)`/, (found) => h("code", {}, plainWords(found[1]))],
  [ENTITY, (found) => entity(found[1])],
  [/(?<![\w*])\*(?=\S)([^*\n]*\S)\*(?![\w*])/, (found) => h("b", {}, inline(found[1]))],
  [/(?<![\w])_(?=\S)([^_\n]*\S)_(?![\w])/, (found) => h("i", {}, inline(found[1]))],
  [/(?<![\w~])~(?=\S)([^~\n]*\S)~(?![\w~])/, (found) => h("s", {}, inline(found[1]))],
  [/:([a-z0-9_+-]{1,50}(?:::skin-tone-\d)?):/, (found) => emoji(found[1])],
];

// The text object of a block: mrkdwn or plain_text.
export function textObject(text) {
  if (!text) return "";
  return text.type === "mrkdwn" ? mrkdwn(text.text) : plain(text);
}

export function plain(text) {
  if (!text) return "";
  if (text.emoji === false) return text.text;
  return text.text.replace(/:([a-z0-9_+-]{1,50}):/g, (_, name) => emoji(name));
}

export function mrkdwn(text) {
  return text.split("```").map((piece, place) => (place % 2 ? h("pre", {}, plainWords(piece.replace(/^\n|\n$/g, ""))) : lines(piece)));
}

function lines(text) {
  const made = [];
  let quoted = null;
  const all = text.replace(/^\n|\n$/g, "").split("\n");
  all.forEach((line, place) => {
    const quote = /^(?:&gt;|>) ?/.exec(line);
    if (quote) {
      if (!quoted) made.push((quoted = h("blockquote", {})));
      quoted.append(h("div", {}, inline(line.slice(quote[0].length))));
      return;
    }
    quoted = null;
    made.push(...inline(line));
    if (place < all.length - 1) made.push(h("br"));
  });
  return made;
}

function inline(text) {
  const made = [];
  let rest = text;
  while (rest) {
    let first = null;
    for (const [pattern, make] of INLINE) {
      const found = pattern.exec(rest);
      if (found && (!first || found.index < first.found.index)) first = { found, make };
    }
    if (!first) break;
    made.push(plainWords(rest.slice(0, first.found.index)), first.make(first.found));
    rest = rest.slice(first.found.index + first.found[0].length);
  }
  made.push(plainWords(rest));
  return made;
}

function plainWords(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

function entity(inside) {
  const [target, label] = inside.split(/\|(.*)/s);
  const kind = target[0];
  if (kind === "@") return userMention(target.slice(1));
  if (kind === "#") return channelMention(target.slice(1), label);
  if (kind === "!") return special(target.slice(1), label);
  return link(plainWords(target), label ? plainWords(label) : undefined);
}

function special(target, label) {
  const [name, ...details] = target.split("^");
  if (name === "subteam") return groupMention(details[0], label);
  if (name === "date") return dateToken(details, label);
  return h("span", { class: "mention broadcast" }, `@${name}`);
}

function dateToken([unix, pattern], label) {
  const date = new Date(Number(unix) * 1000);
  return Number.isNaN(date.getTime()) ? label ?? "" : h("span", { class: "date-token" }, token(date, pattern ?? "{date}"));
}

export function nameOf(user) {
  return get(`slack/user/${user}`)?.real_name ?? user;
}

const userMention = (user) => h("span", { class: "mention" }, `@${nameOf(user)}`);
const channelMention = (id, label) => h("span", { class: "mention" }, `#${get(`slack/channel/${id}`)?.name ?? label ?? id}`);

function groupMention(id, label) {
  const group = all("slack/usergroup/").find((one) => one.id === id);
  return h("span", { class: "mention broadcast" }, `@${group?.handle ?? label ?? id}`);
}

// Only web and mail addresses become links; anything else is shown as it is written.
function link(address, label) {
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(address)) return `<${address}${label ? `|${label}` : ""}>`;
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer", title: address }, label ?? address.replace(/^mailto:/, ""));
}

// --- rich_text

const LEAVES = {
  text: (element) => element.text,
  link: (element) => link(element.url, element.text),
  emoji: (element) => emoji(element.name),
  user: (element) => userMention(element.user_id),
  usergroup: (element) => groupMention(element.usergroup_id),
  channel: (element) => channelMention(element.channel_id),
  broadcast: (element) => h("span", { class: "mention broadcast" }, `@${element.range}`),
  color: (element) => element.value,
  date: (element) => dateToken([element.timestamp, element.format], element.fallback),
};
const STYLES = { bold: "b", italic: "i", strike: "s", code: "code", underline: "u" };

function leaf(element) {
  const node = LEAVES[element.type]?.(element) ?? "";
  return Object.keys(STYLES)
    .filter((style) => element.style?.[style])
    .reduce((inner, style) => h(STYLES[style], {}, inner), node);
}

export function richText(block) {
  return h("div", { class: "rich-text" }, block.elements.map(richPart));
}

function richPart(part) {
  const inner = () => (part.elements ?? []).map(leaf);
  switch (part.type) {
    case "rich_text_list":
      return h(
        part.style === "ordered" ? "ol" : "ul",
        { class: `indent-${part.indent ?? 0}` },
        part.elements.map((item) => h("li", {}, item.elements.map(leaf))),
      );
    case "rich_text_quote":
      return h("blockquote", { class: "words" }, inner());
    case "rich_text_preformatted":
      return h("pre", {}, inner());
    default:
      return h("div", { class: "words" }, inner());
  }
}
