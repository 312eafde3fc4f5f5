// Sends what was entered, in order, whenever there is a line; each entry has a number of its own, so
// that one that is sent twice counts once.
import * as store from "./rounds_store.js";

const AGAIN_MS = 8000;
const TIMEOUT_MS = 60000;
const listeners = new Set();
let timer = 0;
let isStopped = "";

export const onChange = (listener) => listeners.add(listener);

async function changed(told) {
  const entries = await store.all();
  for (const listener of listeners) listener(entries, { ...told, stopped: isStopped });
}

export async function keep(entry) {
  await store.add({ ...entry, state: "waiting" });
  await changed({});
  send(entry.user);
}

export async function dismiss(n) {
  await store.remove(n);
  await changed({});
}

const cookie = (name) =>
  document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
const token = () => cookie("csrftoken") || document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";

function body(entry) {
  const form = new FormData();
  form.set("entry", entry.entry);
  for (const [name, said] of Object.entries(entry.fields ?? { result: entry.result, note: entry.note })) form.set(name, said);
  if (entry.millivolts) form.set("millivolts", entry.millivolts);
  for (const [item, said] of Object.entries(entry.checks ?? {})) form.set(`check-${item}`, said);
  for (const [item, photo] of Object.entries(entry.photos ?? {})) form.set(`photo-${item}`, photo, "photo.jpg");
  form.set("happened", entry.happened);
  // Both by this phone's clock: how long ago it was is right, whatever the clock says.
  form.set("sent", Date.now());
  return form;
}

export const post = (url, form) =>
  fetch(url, {
    method: "POST", body: form, credentials: "same-origin", redirect: "manual",
    headers: { "X-CSRFToken": token(), Accept: "application/json" },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });

// True when it is settled, whatever came of it; false when it has to wait.
async function settle(entry) {
  let answer;
  try {
    answer = await post(entry.url, body(entry));
  } catch {
    isStopped = "line";
    return false;
  }
  isStopped = "";
  if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 401) {
    isStopped = "login";
    return false;
  }
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) {
    isStopped = "server";
    return false;
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) await store.remove(entry.n);
  else await store.put({ ...entry, state: "refused", photos: {}, code: told.code, message: told.message ?? `${answer.status}` });
  await changed({ settled: entry, told: answer.ok ? told : null, refused: answer.ok ? null : told });
  return true;
}

async function sendAll(user) {
  clearTimeout(timer);
  for (;;) {
    const waiting = (await store.all()).filter((one) => one.state === "waiting" && one.user === user);
    if (!waiting.length) break;
    if (!(await settle(waiting[0]))) {
      timer = setTimeout(() => send(user), AGAIN_MS);
      break;
    }
  }
  await changed({});
}

// One tab at a time: two would only send the same twice.
export function send(user) {
  if (!navigator.locks) return sendAll(user);
  return navigator.locks.request("lockwright-rounds", () => sendAll(user));
}

export function begin(user) {
  addEventListener("online", () => send(user));
  addEventListener("offline", () => changed({}));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") send(user);
  });
  changed({});
  send(user);
}
