// Writing a mail as a customer, new or as an answer.
import { act, read } from "./api.js";
import { field, fill, h, toast } from "./dom.js";
import { change, get, ui } from "./store.js";

const me = () => get(`mail/person/${ui.person}`);

// What is being written; kept in `ui.writing` until it is sent or thrown away.
export const writing = {
  fresh: () => ({ to: me().to[0], subject: "", text: "", answers: null, quote: null, automatic: false }),

  async answer(letter) {
    try {
      const draft = await (await read(`/mail/${letter.id}/draft`)).json();
      return { to: draft.to, subject: draft.subject, text: "", answers: letter.id, quote: draft.quote, automatic: false };
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
    h("label", { class: "choice" }, quote, h("span", {}, "Quote the mail below, as the mail program does")),
    h("details", { class: "quoted" }, h("summary", {}, "··· quoted text"), h("pre", { class: "mail-text" }, draft.quote)),
  ]);
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
    const answer = await act("mail/send", {
      person: ui.person,
      to: controls.to.value,
      subject: controls.subject.value,
      text: controls.text.value.trim(),
      answers: draft.answers,
      quote: controls.quote?.checked ?? false,
      automatic: draft.automatic,
    });
    send.disabled = false;
    if (!answer) return;
    toast("Sent.");
    change({ writing: null, conversation: answer.thread, folder: "all" });
  };
  return h("form", { class: "writing", "data-testid": "writing", onsubmit: submit }, content, h("div", { class: "buttons" }, send, discard));
}
