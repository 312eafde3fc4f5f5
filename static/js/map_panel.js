// The panel beside the map: one door's or bank's story, and what staff may do.
import { say } from "./map_words.js";

const panel = document.getElementById("map-panel");
const story = document.getElementById("map-story");
const key = document.getElementById("map-key");

// One key for each thing asked; kept when the network failed, so that asking again is harmless.
const keys = new WeakMap();

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Plain http on a local network has no randomUUID.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Panel {
  constructor(addresses, onClose) {
    this.addresses = addresses;
    this.onClose = onClose;
    this.shown = null;
    panel.addEventListener("click", (event) => event.target.closest("[data-close]") && this.close());
    panel.addEventListener("htmx:beforeRequest", (event) => this.spare(event));
    panel.addEventListener("htmx:configRequest", (event) => this.sign(event));
    panel.addEventListener("htmx:beforeSwap", (event) => this.judge(event));
    panel.addEventListener("htmx:sendError", () => this.fail());
  }

  open(kind, id) {
    this.shown = { kind, id };
    key.hidden = true;
    panel.classList.add("is-open");
    return this.load();
  }

  async load() {
    const { kind, id } = this.shown;
    await htmx.ajax("GET", this.addresses[kind].replace("/0/", `/${id}/`), { target: story });
    if (this.shown?.id === id) story.scrollTop = 0;
  }

  // Something changed at what is shown: read it again, unless somebody is writing a reason.
  refresh(kind, id) {
    if (this.shown?.kind !== kind || this.shown.id !== id) return;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => {
      const writing = story.querySelector("details[open]");
      if (this.shown?.id === id && !writing) {
        htmx.ajax("GET", this.addresses[kind].replace("/0/", `/${id}/`), { target: story });
      }
    }, 150);
  }

  close() {
    if (!this.shown) return;
    this.shown = null;
    story.replaceChildren();
    key.hidden = false;
    panel.classList.remove("is-open");
    this.onClose();
  }

  // The story looks again by itself while a door is on its way. What somebody is writing stays:
  // then only the line of progress is renewed.
  spare(event) {
    const again = event.detail.elt;
    if (!again.matches(".story") || !again.querySelector("details[open]")) return;
    event.preventDefault();
    const { path } = event.detail.requestConfig ?? {};
    const line = again.querySelector(".progress");
    if (path && line) htmx.ajax("GET", path, { target: line, select: ".progress", swap: "outerHTML" });
  }

  sign(event) {
    if (event.detail.verb === "get") return;
    const asked = event.detail.elt;
    const said = JSON.stringify(Array.from(event.detail.formData ?? []));
    if (keys.get(asked)?.said !== said) keys.set(asked, { said, key: newKey() });
    event.detail.headers["Idempotency-Key"] = keys.get(asked).key;
  }

  judge(event) {
    const { xhr } = event.detail;
    if (new URL(xhr.responseURL || location.href).pathname.includes("/login")) {
      location.reload();
      event.detail.shouldSwap = false;
    } else if (xhr.status >= 400 && xhr.status < 600 && xhr.response.includes('class="story"')) {
      // A refusal is an answer: it says why, and what to do next.
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    } else if (xhr.status === 404) {
      this.close();
    } else if (xhr.status >= 400) {
      this.fail();
    }
  }

  fail() {
    story.querySelector(".note--failed")?.remove();
    const note = document.createElement("p");
    note.className = "note note--warn note--failed";
    note.setAttribute("role", "status");
    note.textContent = say("failed");
    story.querySelector(".story__head")?.after(note);
  }
}
