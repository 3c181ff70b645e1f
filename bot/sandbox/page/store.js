// This page's copy of what there is to see, kept up to date by the server; and what this visitor looks at.

const items = new Map();
const listeners = new Set();
let scheduled = false;

export const server = { offset: 0, connected: false, retired: false };

// Who I am, and where I look. The two roles survive a reload.
export const ui = {
  person: remembered("person") ?? "anna",
  user: remembered("user"),
  channel: null,
  thread: null,
  conversation: null,
  folder: "all",
  writing: null,
};

function remembered(name) {
  try {
    return localStorage.getItem(`hezo360.${name}`) ?? undefined;
  } catch {
    return undefined; // storage may be switched off
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`hezo360.${name}`, value);
  } catch {
    // then it lasts until the page is closed
  }
}

export const recall = remembered;

export const get = (key) => items.get(key);

// Everything whose key begins so, in the order of the keys.
export function all(prefix) {
  return [...items.entries()]
    .filter(([key]) => key.startsWith(prefix))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, value]) => value);
}

export function subscribe(listener) {
  listeners.add(listener);
}

// Show the changes once, however many there were.
export function refresh(changes = null) {
  if (changes) pending.push(changes);
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    const news = pending.splice(0);
    for (const listener of listeners) listener(news);
  });
}
const pending = [];

export function change(what) {
  Object.assign(ui, what);
  for (const name of ["person", "user"]) if (name in what) remember(name, what[name]);
  refresh();
}

export function now() {
  return new Date(Date.now() + server.offset);
}

export function connect() {
  const source = new EventSource("/events");
  source.addEventListener("update", (event) => take(JSON.parse(event.data)));
  source.addEventListener("retired", () => {
    server.retired = true;
    server.connected = false;
    source.close();
    refresh();
  });
  source.addEventListener("open", () => {
    server.connected = true;
    server.retired = false;
    refresh();
  });
  source.addEventListener("error", () => {
    server.connected = false;
    refresh();
    if (source.readyState === EventSource.CLOSED && !server.retired) setTimeout(connect, 2000);
  });
}

function take(packet) {
  const before = new Map();
  if (packet.fresh) items.clear();
  server.offset = Date.parse(packet.now) - Date.now();
  for (const key of packet.gone) items.delete(key);
  for (const [key, value] of Object.entries(packet.set)) {
    before.set(key, items.get(key));
    items.set(key, value);
  }
  refresh({ fresh: packet.fresh, before });
}
