// Writing a mail as a customer, new or as an answer.
import { act, read } from "./api.js";
import { field, fill, h, size, toast } from "./dom.js";
import { change, get, ui } from "./store.js";

const me = () => get(`mail/person/${ui.person}`);

// What is being written; kept in `ui.writing` until it is sent or thrown away.
export const writing = {
  fresh: () => ({ to: me().to[0], subject: "", text: "", answers: null, quote: null, automatic: false, files: [] }),

  async answer(letter) {
    try {
      const draft = await (await read(`/mail/${letter.id}/draft`)).json();
      return { to: draft.to, subject: draft.subject, text: "", answers: letter.id, quote: draft.quote, automatic: false, files: [] };
    } catch {
      toast("This mail can not be answered.", "error");
      return null;
    }
  },
};

let shown = null;

export function showWriting(box) {
  if (ui.writing === shown) return;
  shown = ui.writing;
  if (!shown) {
    fill(box);
    return;
  }
  const form = shown.answers ? answerForm(shown) : newForm(shown);
  fill(box, form);
  form.querySelector(shown.answers ? "[name=text]" : "[name=subject]").focus();
}

function newForm(draft) {
  const person = me();
  const to = h("select", { name: "to", "data-testid": "mail-to" }, person.to.map((address) => h("option", { value: address }, address)));
  to.value = draft.to;
  const subject = h("input", { name: "subject", "data-testid": "mail-subject", value: draft.subject, maxlength: 900 });
  const text = h("textarea", { name: "text", rows: 6, "data-testid": "mail-body", value: draft.text });
  const note = automaticNote(draft);
  const enclosures = enclosing(draft);
  const examples = person.examples.map((example) =>
    h(
      "button",
      {
        type: "button",
        class: "chip",
        "data-testid": `example-${example.key}`,
        onclick: () => {
          to.value = example.to;
          subject.value = example.subject;
          text.value = example.text;
          draft.automatic = example.automatic;
          draft.files = example.files.map((name) => ({ name, isReadyMade: true }));
          enclosures.show();
          note.hidden = !example.automatic;
          text.focus({ preventScroll: true });
        },
      },
      example.title,
    ),
  );
  return form(draft, { to, subject, text }, [
    h("h2", {}, "New mail"),
    h("div", { class: "chips", role: "group", "aria-label": "Ready-made mails" }, h("span", { class: "muted" }, "Ready-made:"), examples),
    field("To", to),
    field("Subject", subject),
    field("Text", text, { class: "field tall" }),
    enclosures.node,
    note,
  ]);
}

function answerForm(draft) {
  const to = h("input", { name: "to", value: draft.to, readonly: true, "data-testid": "mail-to" });
  const subject = h("input", { name: "subject", value: draft.subject, "data-testid": "mail-subject", maxlength: 900 });
  const text = h("textarea", { name: "text", rows: 6, "data-testid": "mail-body", value: draft.text });
  const quote = h("input", { type: "checkbox", checked: true, "data-testid": "mail-quote" });
  return form(draft, { to, subject, text, quote }, [
    h("h2", {}, "Reply"),
    field("To", to),
    field("Subject", subject),
    field("Text", text, { class: "field tall" }),
    enclosing(draft).node,
    h("label", { class: "choice" }, quote, h("span", {}, "Quote the mail below, as the mail program does")),
    h("details", { class: "quoted" }, h("summary", {}, "··· quoted text"), h("pre", { class: "mail-text" }, draft.quote)),
  ]);
}

// The files of a mail: chosen from this computer, or those of a ready-made mail.
function enclosing(draft) {
  const list = h("div", { class: "enclosures" });
  const picker = h("input", {
    type: "file",
    multiple: true,
    "data-testid": "mail-files",
    onchange: () => {
      draft.files.push(...[...picker.files].map((file) => ({ name: file.name, file })));
      picker.value = "";
      show();
    },
  });
  function show() {
    fill(
      list,
      draft.files.map((one) =>
        h(
          "span",
          { class: "file", "data-testid": "enclosure" },
          `📎 ${one.name}`,
          one.file && h("small", {}, ` ${size(one.file.size)}`),
          h("button", { type: "button", class: "close", "aria-label": `Remove ${one.name}`, onclick: () => remove(one) }, "✕"),
        ),
      ),
    );
  }
  function remove(one) {
    draft.files = draft.files.filter((other) => other !== one);
    show();
  }
  show();
  return { show, node: h("div", { class: "enclosing" }, h("label", { class: "attach" }, "📎 Attach files", picker), list) };
}

export async function base64(file) {
  const octets = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < octets.length; at += 32768) text += String.fromCharCode(...octets.subarray(at, at + 32768));
  return btoa(text);
}

const automaticNote = (draft) =>
  h("p", { class: "note", hidden: !draft.automatic }, "🤖 Will be marked as an automatic answer (Auto-Submitted, empty sender): the bot must not answer it.");

function form(draft, controls, content) {
  const send = h("button", { type: "submit", class: "bk-button primary", "data-testid": "mail-send" }, "Send");
  const discard = h("button", { type: "button", class: "bk-button", onclick: () => change({ writing: null }) }, "Discard");
  const submit = async (event) => {
    event.preventDefault();
    if (!controls.text.value.trim()) {
      toast("Write something first.", "error");
      controls.text.focus();
      return;
    }
    send.disabled = true;
    const own = draft.files.filter((one) => one.file);
    const answer = await act("mail/send", {
      person: ui.person,
      to: controls.to.value,
      subject: controls.subject.value,
      text: controls.text.value.trim(),
      answers: draft.answers,
      quote: controls.quote?.checked ?? false,
      automatic: draft.automatic,
      files: await Promise.all(own.map(async (one) => ({ name: one.name, content: await base64(one.file) }))),
      ready_made: draft.files.filter((one) => one.isReadyMade).map((one) => one.name),
    });
    send.disabled = false;
    if (!answer) return;
    toast("Sent.");
    change({ writing: null, conversation: answer.thread, folder: "all" });
  };
  return h("form", { class: "writing", "data-testid": "writing", onsubmit: submit }, content, h("div", { class: "buttons" }, send, discard));
}
