// Block Kit blocks as elements.
import { h } from "./dom.js";
import { element } from "./elements.js";
import { plain, richText, textObject } from "./mrkdwn.js";

export function blocks(list, context) {
  return list.map((block) => (BLOCKS[block.type] ?? unknown)(block, context));
}

const unknown = (block) => h("p", { class: "muted" }, `(${block.type} can not be shown here)`);
const image = (item) => h("span", { class: "no-image", title: item.image_url }, `🖼 ${item.alt_text}`);

const BLOCKS = {
  header: (block) => h("h3", { class: "bk-header" }, plain(block.text)),
  divider: () => h("hr"),
  rich_text: richText,
  markdown: (block) => h("div", { class: "bk-markdown" }, block.text),
  image: (block) => h("figure", { class: "bk-image" }, image(block), block.title && h("figcaption", {}, plain(block.title))),

  section: (block, context) =>
    h(
      "div",
      { class: "bk-section" },
      h(
        "div",
        { class: "bk-section-text" },
        block.text && h("div", {}, textObject(block.text)),
        block.fields && h("div", { class: "bk-fields" }, block.fields.map((field) => h("div", {}, textObject(field)))),
      ),
      block.accessory && h("div", { class: "bk-accessory" }, part(block.accessory, block, context)),
    ),

  context: (block, context) =>
    h("div", { class: "bk-context" }, block.elements.map((item) => h("span", {}, part(item, block, context)))),

  actions: (block, context) => h("div", { class: "bk-actions" }, block.elements.map((item) => element(item, block, context))),

  input: (block, context) => {
    const error = context.errors?.[block.block_id];
    const id = `error-${block.block_id}`;
    return h(
      "div",
      { class: `bk-input ${error ? "wrong" : ""}`, "data-testid": `input-${block.block_id}` },
      h("div", { class: "bk-label" }, plain(block.label), block.optional && h("span", { class: "muted" }, " (optional)")),
      element(block.element, block, context),
      error && h("div", { class: "bk-error", id, role: "alert", "data-testid": `error-${block.block_id}` }, error),
      block.hint && h("div", { class: "bk-hint" }, plain(block.hint)),
    );
  },

  table: (block) =>
    h("table", { class: "bk-table" }, block.rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cellText(cell)))))),
};

function cellText(cell) {
  return cell.type === "rich_text" ? richText(cell) : cell.text ?? "";
}

function part(item, block, context) {
  if (item.type === "image") return image(item);
  if (item.type === "mrkdwn" || item.type === "plain_text") return textObject(item);
  return element(item, block, context);
}
