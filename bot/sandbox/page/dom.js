// Elements are only ever made here, and text only ever set as text: nothing that people write becomes markup.

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "selected") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...flat(children));
  return node;
}

export function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

export function fill(node, ...children) {
  node.replaceChildren(...flat(children));
}

// Make a container's children follow a list; what did not change keeps its element, with focus and what was typed.
export function keyed(container, items, keyOf, versionOf, make) {
  const present = new Map([...container.children].map((child) => [child.dataset.key, child]));
  let place = container.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const version = versionOf(item);
    let node = present.get(key);
    present.delete(key);
    if (!node || node.keptVersion !== version) {
      const fresh = make(item);
      fresh.dataset.key = key;
      fresh.keptVersion = version;
      if (node) {
        if (place === node) place = fresh;
        node.replaceWith(fresh);
      }
      node = fresh;
    }
    if (place === node) place = node.nextElementSibling;
    else container.insertBefore(node, place);
  }
  for (const left of present.values()) left.remove();
}

export function field(label, control, props = {}) {
  return h("label", { class: "field", ...props }, h("span", {}, label), control);
}

export const size = (octets) => (octets < 1024 ? `${octets} B` : octets < 1024 ** 2 ? `${Math.ceil(octets / 1024)} KB` : `${(octets / 1024 ** 2).toFixed(1)} MB`);

const live = () => document.getElementById("announcements");

// For those who listen instead of looking.
export function announce(words) {
  live().textContent = words;
}

// Something went wrong, or was done: said in a corner for a while.
export function toast(words, kind = "info") {
  const note = h("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status", "data-testid": `toast-${kind}` }, words);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), kind === "error" ? 8000 : 3000);
}
