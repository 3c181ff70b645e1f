// The app's modals: shown above the workspace, so that the customer's side can still be read meanwhile.
import { slack } from "./api.js";
import { blocks } from "./blocks.js";
import { fill, h } from "./dom.js";
import { chosenBefore } from "./elements.js";
import { plain } from "./mrkdwn.js";
import { get, ui } from "./store.js";

const layer = () => document.getElementById("modal-layer");
const drafts = new Map();
let shown = null;
let focusBefore = null;

export function showModals() {
  const stack = get(`slack/views/${ui.user}`)?.stack ?? [];
  const view = stack.at(-1);
  if (view === shown) return;
  const isNew = view && view.id !== shown?.id;
  if (view && !shown) focusBefore = document.activeElement;
  const focus = isNew ? null : focused();
  shown = view;
  for (const id of drafts.keys()) if (!stack.some((one) => one.id === id)) drafts.delete(id);
  layer().hidden = !view;
  document.getElementById("workspace").inert = Boolean(view);
  fill(layer(), view ? form(view, stack.length) : []);
  if (view) restoreFocus(focus);
  else focusBefore?.focus?.();
}

function form(view, depth) {
  const close = () => slack("close", { view_id: view.id });
  return h(
    "form",
    {
      class: "modal",
      role: "dialog",
      "aria-labelledby": "modal-title",
      "data-testid": "modal",
      novalidate: true,
      onsubmit: (event) => (event.preventDefault(), submit(view, event.target)),
      onkeydown: (event) => event.key === "Escape" && close(),
    },
    h(
      "header",
      {},
      h("h2", { id: "modal-title" }, plain(view.title)),
      h("button", { type: "button", class: "close", "aria-label": "Close", onclick: close }, "✕"),
    ),
    view.errors["*"] && h("p", { class: "bk-error", role: "alert" }, view.errors["*"]),
    h("div", { class: "modal-body" }, blocks(view.blocks, context(view))),
    h(
      "footer",
      {},
      h("button", { type: "button", class: "bk-button", "data-testid": "modal-close", onclick: close }, plain(view.close) || (depth > 1 ? "Back" : "Close")),
      view.submit && h("button", { type: "submit", class: "bk-button primary", "data-testid": "modal-submit" }, plain(view.submit)),
    ),
  );
}

const name = (block, element) => `${block.block_id}/${element.action_id}`;

function draftOf(view) {
  if (!drafts.has(view.id)) drafts.set(view.id, new Map());
  return drafts.get(view.id);
}

function context(view) {
  const draft = draftOf(view);
  return {
    errors: view.errors,
    valueOf: (block, element) =>
      draft.has(name(block, element))
        ? draft.get(name(block, element))
        : chosenBefore(view.state.values[block.block_id]?.[element.action_id]),
    enter: (block, element, value) => {
      draft.set(name(block, element), value);
      if (block.dispatch_action && element.type !== "plain_text_input") fillIn(view, block, element, value);
    },
    act: async (block, element, selected) => {
      if (block.type === "input") return fillIn(view, block, element, selected);
      await tellWhatStands(view);
      return slack("click", {
        view_id: view.id,
        action_id: element.action_id,
        block_id: block.block_id,
        value: element.type === "button" ? element.value : undefined,
        selected,
      });
    },
    suggest: async (block, element, query) => {
      const place = { view_id: view.id, action_id: element.action_id, block_id: block.block_id };
      return (await slack("suggest", { ...place, query }))?.options ?? [];
    },
  };
}

// The app hears of a button with all that stands in the form.
async function tellWhatStands(view) {
  for (const [field, value] of inputsOf(view)) await slack("fill", { view_id: view.id, field, value });
}

function inputsOf(view) {
  const draft = draftOf(view);
  const inputs = view.blocks.filter((block) => block.type === "input" && draft.has(name(block, block.element)));
  return inputs.filter(waits).map((block) => [name(block, block.element), draft.get(name(block, block.element))]);
}

const fillIn = (view, block, element, value) => slack("fill", { view_id: view.id, field: name(block, element), value });

async function submit(view, node) {
  const button = node.querySelector("[type=submit]");
  if (!button || button.disabled) return;
  button.disabled = true;
  await slack("submit", { view_id: view.id, values: Object.fromEntries(inputsOf(view)) });
  button.disabled = false;
}

// An input that reports every choice has been filled in already; typing is reported only on Enter.
const waits = (block) => !block.dispatch_action || block.element.type === "plain_text_input";

function focused() {
  const node = layer().contains(document.activeElement) ? document.activeElement : null;
  const field = node?.dataset?.field;
  return field ? { field, start: node.selectionStart, end: node.selectionEnd } : null;
}

function restoreFocus(focus) {
  const again = focus && layer().querySelector(`[data-field="${CSS.escape(focus.field)}"]`);
  const wrong = layer().querySelector(".bk-input.wrong :is(input, textarea, select)");
  const node = wrong ?? again ?? layer().querySelector("[data-autofocus]") ?? layer().querySelector(".modal-body :is(input, textarea, select)") ?? layer().querySelector("footer button");
  node?.focus();
  if (again && node === again && focus.start !== null) again.setSelectionRange?.(focus.start, focus.end);
}
