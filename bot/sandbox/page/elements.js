// Block Kit's interactive elements as the browser's own controls.
//
// A context says what happens with them:
//   act(block, element, selected)     somebody used it, and the app hears of it at once
//   enter(block, element, value)      an input of a form changed
//   valueOf(block, element)           what an input shows
//   suggest(block, element, query)    options of an external menu
import { base64 } from "./compose.js";
import { h } from "./dom.js";
import { mrkdwn, plain, textObject } from "./mrkdwn.js";
import { all } from "./store.js";
import { fromWall, toWall } from "./time.js";

export function element(item, block, context) {
  const make = MAKERS[item.type];
  return make ? make(item, block, context) : h("em", { class: "muted" }, `(${item.type} can not be shown here)`);
}

const testid = (item) => `el-${item.action_id}`;

// A choice in an input waits for the form; anywhere else the app hears of it, after the confirmation.
async function chosen(item, block, context, value, undo) {
  if (block.type === "input") {
    context.enter(block, item, value);
    return;
  }
  if (item.confirm && !(await confirmed(item.confirm))) {
    undo?.();
    return;
  }
  context.enter(block, item, value);
  await context.act(block, item, value);
}

// --- buttons

function button(item, block, context) {
  const node = h(
    "button",
    {
      type: "button",
      class: `bk-button ${item.style ?? ""}`,
      "aria-label": item.accessibility_label,
      "data-testid": testid(item),
      onclick: async () => {
        if (item.confirm && !(await confirmed(item.confirm))) return;
        node.disabled = true;
        try {
          await context.act(block, item, undefined);
        } finally {
          node.disabled = false;
        }
      },
    },
    plain(item.text),
  );
  return node;
}

function overflow(item, block, context) {
  const menu = h(
    "select",
    {
      class: "bk-overflow",
      "aria-label": "More actions",
      "data-testid": testid(item),
      onchange: async () => {
        const value = menu.value;
        menu.value = "";
        if (value && (!item.confirm || (await confirmed(item.confirm)))) await context.act(block, item, value);
      },
    },
    h("option", { value: "" }, "⋯"),
    item.options.map((option) => h("option", { value: option.value }, plain(option.text))),
  );
  return menu;
}

// --- menus

function select(item, block, context) {
  const shown = valueOf(item, block, context);
  const menu = h(
    "select",
    {
      "data-testid": testid(item),
      "aria-label": labelOf(item, block),
      onchange: () => chosen(item, block, context, menu.value || null, () => (menu.value = shown ?? "")),
    },
    h("option", { value: "" }, plain(item.placeholder) || "Choose…"),
    choices(item).map((choice) =>
      choice.options ? h("optgroup", { label: choice.label }, choice.options.map(optionNode)) : optionNode(choice),
    ),
  );
  menu.value = shown ?? "";
  return menu;
}

const optionNode = (choice) => h("option", { value: choice.value }, choice.label);
const asChoice = (option) => ({ value: option.value, label: plain(option.text) });

function choices(item) {
  if (item.type.includes("users_select")) return people();
  if (item.type.includes("conversations_select") || item.type.includes("channels_select")) return channels();
  if (item.option_groups) {
    return item.option_groups.map((group) => ({ label: plain(group.label), options: group.options.map(asChoice) }));
  }
  return (item.options ?? []).map(asChoice);
}

const people = () =>
  all("slack/user/")
    .filter((user) => !user.deleted && !user.is_bot)
    .map((user) => ({ value: user.id, label: user.real_name }));
const channels = () =>
  all("slack/channel/")
    .filter((channel) => channel.name)
    .map((channel) => ({ value: channel.id, label: `#${channel.name}` }));

function several(item, block, context) {
  const picked = new Set(valueOf(item, block, context) ?? []);
  const options = item.type === "checkboxes" ? item.options : choices(item).flatMap((choice) => choice.options ?? [choice]);
  return h(
    "fieldset",
    { class: `choices ${item.type === "checkboxes" ? "" : "boxed"}`, "data-testid": testid(item), "aria-label": labelOf(item, block) },
    options.map((option) => {
      const box = h("input", {
        type: "checkbox",
        value: option.value,
        checked: picked.has(option.value),
        onchange: () => {
          if (box.checked) picked.add(option.value);
          else picked.delete(option.value);
          chosen(item, block, context, [...picked], () => (box.checked = !box.checked));
        },
      });
      return choiceLabel(box, option);
    }),
  );
}

let groups = 0;

function radio(item, block, context) {
  const shown = valueOf(item, block, context);
  groups += 1;
  const name = `radio-${groups}`;
  return h(
    "fieldset",
    { class: "choices", "data-testid": testid(item), "aria-label": labelOf(item, block) },
    item.options.map((option) =>
      choiceLabel(
        h("input", {
          type: "radio",
          name,
          value: option.value,
          checked: option.value === shown,
          onchange: () => chosen(item, block, context, option.value),
        }),
        option,
      ),
    ),
  );
}

function choiceLabel(control, option) {
  const words = option.label ?? textObject(option.text);
  return h("label", { class: "choice" }, control, h("span", {}, words, option.description && h("small", {}, textObject(option.description))));
}

function external(item, block, context) {
  const list = h("select", { size: 5, hidden: true, "aria-label": "Results" });
  const ask = async () => {
    const asked = query.value;
    if (asked.length < (item.min_query_length ?? 3)) return;
    const options = await context.suggest(block, item, asked);
    if (asked !== query.value) return;
    list.replaceChildren(...(options.length ? options.map(offered) : [h("option", { disabled: true }, "No results")]));
    list.hidden = false;
  };
  const query = h("input", {
    type: "search",
    placeholder: plain(item.placeholder) || "Type to search",
    "data-testid": testid(item),
    "aria-label": labelOf(item, block),
    onfocus: ask, // as Slack does, where nothing need be typed first
    oninput: ask,
  });
  list.addEventListener("change", () => {
    query.value = list.selectedOptions[0].title;
    list.hidden = true;
    chosen(item, block, context, item.type.startsWith("multi_") ? [list.value] : list.value);
  });
  return h("div", { class: "external" }, query, list);
}

// An option of a list has one line; what is chosen shows the first part alone.
function offered(option) {
  const words = [plain(option.text), plain(option.description)].filter(Boolean);
  return h("option", { value: option.value, title: words[0] }, words.join(" — "));
}

// --- typing

function typed(item, block, context) {
  const props = {
    "data-testid": testid(item),
    "data-field": `${block.block_id}/${item.action_id}`,
    "aria-label": labelOf(item, block),
    placeholder: plain(item.placeholder) || undefined,
    "data-autofocus": item.focus_on_load,
    value: valueOf(item, block, context) ?? "",
    oninput: (event) => context.enter(block, item, event.target.value || null),
    onkeydown: (event) => {
      if (event.key === "Enter" && block.dispatch_action && !event.shiftKey) context.act(block, item, event.target.value);
    },
  };
  if (item.multiline) return h("textarea", { rows: 6, ...props });
  const kinds = { email_text_input: "email", url_text_input: "url", number_input: "number" };
  const step = item.is_decimal_allowed ? "any" : undefined;
  return h("input", { type: kinds[item.type] ?? "text", step, min: item.min_value, max: item.max_value, ...props });
}

function picker(kind, toShown = (value) => value, fromShown = (value) => value) {
  return (item, block, context) => {
    const shown = valueOf(item, block, context);
    return h("input", {
      type: kind,
      value: shown ? toShown(shown) : "",
      "data-testid": testid(item),
      "aria-label": labelOf(item, block),
      onchange: (event) => chosen(item, block, context, event.target.value ? fromShown(event.target.value) : null),
    });
  };
}

function labelOf(item, block) {
  return plain(block.label) || plain(item.placeholder) || item.action_id;
}

// What was chosen last in this browser, else what the app set.
function valueOf(item, block, context) {
  const entered = context.valueOf(block, item);
  if (entered !== undefined) return entered;
  if (item.initial_options) return item.initial_options.map((option) => option.value);
  return (
    item.initial_option?.value ??
    item.initial_value ??
    item.initial_date ??
    item.initial_time ??
    item.initial_date_time ??
    item.initial_user ??
    item.initial_users ??
    item.initial_channel ??
    item.initial_channels ??
    item.initial_conversation ??
    item.initial_conversations
  );
}

// --- files

function files(item, block, context) {
  const names = (list) => (list ?? []).map((one) => one.name).join(", ");
  const shown = h("span", { class: "muted", "data-testid": `files-${item.action_id}` }, names(context.valueOf(block, item)));
  const picker = h("input", {
    type: "file",
    multiple: (item.max_files ?? 10) > 1,
    "data-testid": `input-${block.block_id}`,
    onchange: async () => {
      const list = await Promise.all([...picker.files].map(async (file) => ({ name: file.name, content: await base64(file) })));
      context.enter(block, item, list);
      shown.textContent = names(list);
    },
  });
  return h("div", { class: "bk-files" }, picker, shown);
}

const MAKERS = {
  file_input: files,
  button,
  overflow,
  checkboxes: several,
  radio_buttons: radio,
  datepicker: picker("date"),
  timepicker: picker("time"),
  datetimepicker: picker("datetime-local", (value) => toWall(Number(value)), fromWall),
};
for (const kind of ["static", "users", "conversations", "channels"]) {
  MAKERS[`${kind}_select`] = select;
  MAKERS[`multi_${kind}_select`] = several;
}
for (const kind of ["external_select", "multi_external_select"]) MAKERS[kind] = external;
for (const kind of ["plain_text_input", "email_text_input", "url_text_input", "number_input"]) MAKERS[kind] = typed;

// A value as `view.state.values` has it, as the element's control takes it; undefined where nothing was chosen.
export function chosenBefore(entry) {
  if (!entry) return undefined;
  const [, value] = Object.entries(entry).find(([name]) => name !== "type") ?? [];
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return value.map((one) => one?.value ?? one);
  return value?.value ?? value;
}

// --- Slack's question before something serious

export function confirmed(confirm) {
  return new Promise((resolve) => {
    const end = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const words = confirm.text.type === "mrkdwn" ? mrkdwn(confirm.text.text) : plain(confirm.text);
    const dialog = h(
      "dialog",
      { class: "confirm", "data-testid": "confirm", oncancel: (event) => (event.preventDefault(), end(false)) },
      h("h2", {}, plain(confirm.title)),
      h("p", {}, words),
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "button", class: "bk-button", "data-testid": "confirm-no", onclick: () => end(false) }, plain(confirm.deny)),
        h(
          "button",
          { type: "button", class: `bk-button ${confirm.style ?? "primary"}`, "data-testid": "confirm-yes", onclick: () => end(true) },
          plain(confirm.confirm),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
