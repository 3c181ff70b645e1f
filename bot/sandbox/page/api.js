// Asks the server to do what the visitor did.
import { toast } from "./dom.js";
import { ui } from "./store.js";

const WORDS = {
  operation_timeout: "The app did not answer in time. Slack says: “We had some trouble connecting. Try again?”",
  dispatch_failed: "The app is not connected. Slack says: “We had some trouble connecting. Try again?”",
};

// The answer, or null when it was refused; the visitor has read why by then.
export async function act(name, body) {
  try {
    const response = await fetch(`/act/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.status === 500) {
      toast("The sandbox made a mistake; the place where it was started says which.", "error");
      return null;
    }
    const answer = await response.json();
    if (!response.ok || answer.error) {
      toast(WORDS[answer.error] ?? answer.error ?? response.statusText, "error");
      return null;
    }
    return answer;
  } catch {
    toast("The sandbox does not answer. Is it still running?", "error");
    return null;
  }
}

export const slack = (name, body) => act(`slack/${name}`, { user: ui.user, ...body });

export async function read(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(response.statusText);
  return response;
}
