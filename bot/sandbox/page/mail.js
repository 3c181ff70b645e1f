// The customer's mail program: who I am, conversations, reading.
import { read } from "./api.js";
import { writing, showWriting } from "./compose.js";
import { announce, fill, h, keyed, toast } from "./dom.js";
import { avatar } from "./message.js";
import { all, change, get, now, ui } from "./store.js";
import { day, short } from "./time.js";

const part = (id) => document.getElementById(id);
const unread = new Set();
let started = false;

export function startMail() {
  part("new-mail").addEventListener("click", () => change({ writing: writing.fresh() }));
  for (const button of part("folders").querySelectorAll("button")) {
    button.addEventListener("click", () => change({ folder: button.dataset.folder }));
  }
  part("mail-back").addEventListener("click", () => change({ conversation: null, writing: null }));
}

export function showMail(news) {
  const people = all("mail/person/").sort((a, b) => a.place - b.place);
  if (!people.length) return;
  if (!people.some((person) => person.key === ui.person)) ui.person = people[0].key;
  for (const { before, fresh } of news) noteArrivals(before, fresh);
  showPeople(people);
  const found = conversations();
  if (!started && found.length) {
    started = true;
    ui.conversation ??= found[0].thread;
  }
  markRead();
  showList(found);
  showConversation(found);
  showWriting(part("mail-writing"));
  part("mail-list-pane").hidden = Boolean(ui.writing);
  part("mail").classList.toggle("composing", Boolean(ui.writing));
}

// --- who

function showPeople(people) {
  keyed(
    part("people"),
    people,
    (person) => person.key,
    (person) => `${person.key === ui.person}|${countUnread(person.key)}`,
    (person) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": person.key === ui.person ? "true" : "false",
          class: "person",
          title: person.address,
          "data-testid": `person-${person.key}`,
          onclick: () => choose(person.key),
        },
        avatar(person.name, person.address),
        h("span", {}, h("b", {}, person.name), h("small", {}, person.about)),
        countUnread(person.key) > 0 && h("span", { class: "count", title: "Unread mails", "data-testid": `unread-${person.key}` }, String(countUnread(person.key))),
      ),
  );
  part("my-address").textContent = get(`mail/person/${ui.person}`).address;
}

function choose(person) {
  change({ person, conversation: null, writing: null });
  const newest = conversations()[0];
  if (newest) change({ conversation: newest.thread });
}

const countUnread = (person) => all("mail/letter/").filter((letter) => letter.person === person && unread.has(letter.id)).length;

function noteArrivals(before, fresh) {
  if (fresh) return;
  for (const [key, old] of before) {
    const letter = key.startsWith("mail/letter/") && !old && get(key);
    if (!letter || letter.sent) continue;
    unread.add(letter.id);
    announce(`New mail for ${get(`mail/person/${letter.person}`)?.name}: ${letter.subject}`);
  }
}

function markRead() {
  if (ui.writing) return;
  for (const letter of letters()) if (letter.thread === ui.conversation) unread.delete(letter.id);
}

// --- the list

const letters = () => all("mail/letter/").filter((letter) => letter.person === ui.person);
const byTime = (a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.sent ? -1 : 1);

function conversations() {
  const threads = new Map();
  for (const letter of letters().sort(byTime)) {
    if (!threads.has(letter.thread)) threads.set(letter.thread, { thread: letter.thread, letters: [] });
    threads.get(letter.thread).letters.push(letter);
  }
  return [...threads.values()].sort((a, b) => (a.letters.at(-1).at < b.letters.at(-1).at ? 1 : -1));
}

function showList(found) {
  const wanted = { all: () => true, inbox: (letter) => !letter.sent, sent: (letter) => letter.sent }[ui.folder];
  const rows = found.filter((conversation) => conversation.letters.some(wanted));
  for (const button of part("folders").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.folder === ui.folder));
  }
  keyed(
    part("conversations"),
    rows,
    (row) => row.thread,
    (row) => `${day(now())}|${row.letters.length}|${row.thread === ui.conversation}|${row.letters.some((letter) => unread.has(letter.id))}`,
    conversationRow,
  );
  part("no-conversations").hidden = rows.length > 0;
}

function conversationRow(row) {
  const last = row.letters.at(-1);
  const isUnread = row.letters.some((letter) => unread.has(letter.id));
  const others = [...new Set(row.letters.map((letter) => (letter.sent ? "me" : letter.author)))].join(", ");
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: `conversation ${isUnread ? "unread" : ""}`,
        "aria-current": row.thread === ui.conversation ? "true" : undefined,
        "data-testid": "conversation",
        onclick: () => change({ conversation: row.thread, writing: null }),
      },
      h("span", { class: "who" }, others, row.letters.length > 1 && h("small", {}, ` ${row.letters.length}`)),
      h("time", {}, short(new Date(last.at))),
      h("span", { class: "subject" }, row.letters[0].subject || "(no subject)"),
      h("span", { class: "preview" }, last.text.replace(/\s+/g, " ").slice(0, 90)),
    ),
  );
}

// --- reading

function showConversation(found) {
  const conversation = found.find((row) => row.thread === ui.conversation);
  part("mail-reading").hidden = Boolean(ui.writing);
  part("mail-writing").hidden = !ui.writing;
  part("conversation-subject").textContent = conversation?.letters[0].subject ?? "";
  part("mail-back").hidden = !conversation && !ui.writing;
  const box = part("letters");
  const count = conversation?.letters.length ?? 0;
  const place = `${ui.person}/${ui.conversation}/${count}`;
  keyed(
    box,
    conversation?.letters ?? [],
    (letter) => letter.id,
    (letter) => `${day(now())}|${letter.id}|${letter === conversation.letters.at(-1)}`,
    (letter) => letterNode(letter, letter === conversation.letters.at(-1)),
  );
  part("nothing-chosen").hidden = Boolean(conversation);
  if (box.dataset.place !== place) showLatest(box.lastElementChild);
  box.dataset.place = place;
}

// The latest mail in sight, and as much as fits of what was before it.
function showLatest(letter) {
  const pane = part("mail-open");
  const above = letter ? letter.offsetTop : 0;
  pane.scrollTop = above > pane.clientHeight / 2 ? above - 50 : 0;
}

function letterNode(letter, isOpen) {
  const body = h("div", { class: "letter-body" });
  const views = [["Text", showText], ...(letter.html ? [["HTML", showHtml]] : []), ["Source", showSource]];
  const buttons = views.map(([label, show]) =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": "false",
        "data-testid": `view-${label.toLowerCase()}`,
        onclick: (event) => {
          for (const button of buttons) button.setAttribute("aria-pressed", String(button === event.currentTarget));
          show(letter, body);
        },
      },
      label,
    ),
  );
  const node = h(
    "details",
    { class: `letter ${letter.sent ? "mine" : ""}`, open: isOpen, "data-testid": "letter", "data-id": letter.id },
    h(
      "summary",
      {},
      avatar(letter.author, letter.address),
      h("span", { class: "who" }, h("b", {}, letter.author), h("small", {}, `to ${letter.to}`)),
      h("time", {}, short(new Date(letter.at))),
    ),
    h("div", { class: "letter-bar" }, h("div", { class: "views", role: "group", "aria-label": "Show as" }, buttons), answerButton(letter)),
    body,
    letter.files.map((name) => h("div", { class: "file", "data-testid": "letter-file" }, `📎 ${name}`)),
  );
  (letter.html && !letter.sent ? buttons[1] : buttons[0]).setAttribute("aria-pressed", "true");
  (letter.html && !letter.sent ? showHtml : showText)(letter, body);
  return node;
}

const answerButton = (letter) =>
  !letter.sent &&
  h(
    "button",
    {
      type: "button",
      class: "bk-button",
      "data-testid": "answer",
      onclick: async () => {
        const draft = await writing.answer(letter);
        if (draft) change({ writing: draft });
      },
    },
    "↩ Reply",
  );

const showText = (letter, body) => fill(body, h("pre", { class: "mail-text", "data-testid": "mail-text" }, letter.text));

// The HTML part comes from an address of its own with a policy that allows nothing but looks, in a frame without rights.
const showHtml = (letter, body) =>
  fill(body, h("iframe", { class: "mail-html", sandbox: "", src: `/mail/${letter.id}/html`, title: `HTML part of “${letter.subject}”`, "data-testid": "mail-html" }));

async function showSource(letter, body) {
  try {
    const text = await (await read(`/mail/${letter.id}/source`)).text();
    fill(body, h("pre", { class: "mail-source", "data-testid": "mail-source" }, text));
  } catch {
    toast("The source can not be read.", "error");
  }
}
