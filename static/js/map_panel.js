// The panel beside the map: one door's or bank's story, and what staff may do.
import { announce } from "./map_voice.js";
import { say } from "./map_words.js";

const panel = document.getElementById("map-panel");
const story = document.getElementById("map-story");
const key = document.getElementById("map-key");

const REPLY_STAYS = 20_000;

// One key for each thing asked; kept when the network failed, so that asking again is harmless.
const keys = new WeakMap();

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Plain http on a local network has no randomUUID.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Names below a field, looked up while somebody types: nothing of the story changes.
function isList(event) {
  return event.detail.target?.matches("datalist") ?? false;
}

export class Panel {
  // `on` has shown() when a story stands there, and closed().
  constructor(addresses, on) {
    this.addresses = addresses;
    this.on = on;
    this.shown = null;
    this.standing = null; // what of it stands there already
    this.isStale = false; // something changed while somebody was writing
    this.held = null; // where the focus goes when what it was on is replaced
    this.reply = null; // the answer to what was asked last, and until when it stays
    this.said = {};
    panel.addEventListener("click", (event) => event.target.closest("[data-close]") && this.close());
    panel.addEventListener("htmx:beforeRequest", (event) => this.spare(event));
    panel.addEventListener("htmx:configRequest", (event) => this.sign(event));
    panel.addEventListener("htmx:beforeSwap", (event) => this.judge(event));
    panel.addEventListener("htmx:afterSwap", (event) => isList(event) || this.settle());
    panel.addEventListener("htmx:sendError", () => this.fail());
    // The form that was unfolded is seen whole; folded again, the story catches up.
    panel.addEventListener("toggle", (event) => {
      if (event.target.open) event.target.scrollIntoView({ block: "nearest" });
      else if (this.isStale && this.shown && !this.isWriting()) this.load();
    }, true);
  }

  async open(kind, id, withFocus) {
    this.shown = { kind, id };
    this.reply = null;
    this.said = {};
    key.hidden = true;
    panel.classList.add("is-open");
    await this.load();
    if (this.shown?.kind !== kind || this.shown.id !== id) return;
    panel.scrollTop = 0;
    // As a sheet it lies over the drawing, which keeps room for it.
    document.body.style.setProperty("--sheet", `${panel.offsetHeight}px`);
    if (withFocus) story.focus({ preventScroll: true });
    this.on.shown();
  }

  load() {
    return htmx.ajax("GET", this.address(), { target: story });
  }

  // Something changed at what is shown: read it again, unless somebody is writing a reason.
  refresh(kind, id) {
    if (this.shown?.kind !== kind || this.shown.id !== id) return;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => {
      if (this.shown?.kind !== kind || this.shown.id !== id) return;
      this.isStale = this.isWriting();
      if (!this.isStale) this.load();
    }, 150);
  }

  address() {
    return this.addresses[this.shown.kind].replace("/0/", `/${this.shown.id}/`);
  }

  isOver({ verb, path }) {
    return !this.shown || (verb === "get" && new URL(path, location.href).pathname !== this.address());
  }

  isWriting() {
    return story.querySelector("details[open]") !== null;
  }

  close() {
    if (!this.shown) return;
    this.shown = null;
    story.replaceChildren();
    key.hidden = false;
    panel.classList.remove("is-open");
    this.on.closed();
  }

  // What stood there is replaced: the answer to what was asked stays a while, the focus goes back
  // to the same thing or to the story, and what is new is said aloud.
  settle() {
    this.standing = this.shown;
    this.isStale = false;
    const reply = story.querySelector("[data-code]");
    if (reply) {
      if (reply !== this.reply?.node) this.reply = { node: reply, until: Date.now() + REPLY_STAYS };
    } else if (this.reply && Date.now() < this.reply.until) {
      story.querySelector(".story__head")?.after(this.reply.node);
    }
    if (this.held) {
      const again = this.held.id && document.getElementById(this.held.id);
      (again && again.checkVisibility() ? again : story).focus({ preventScroll: true });
      this.held = null;
    }
    const fresh = [];
    for (const what of ["[data-code]", ".progress"]) {
      const text = story.querySelector(what)?.textContent.trim() ?? "";
      if (text && text !== this.said[what]) fresh.push(text);
      this.said[what] = text;
    }
    if (fresh.length) announce(fresh.join(" "));
    if (reply) panel.scrollTop = 0;
  }

  // The story looks again by itself while a door is on its way. What somebody is writing stays:
  // then only the line of progress is renewed.
  spare(event) {
    const again = event.detail.elt;
    if (!again.matches(".story") || !this.isWriting()) return;
    event.preventDefault();
    const { path } = event.detail.requestConfig ?? {};
    const line = again.querySelector(".progress");
    if (path && line) htmx.ajax("GET", path, { target: line, select: ".progress", swap: "outerHTML" });
  }

  sign(event) {
    if (event.detail.verb === "get") return;
    this.held = { id: "" };
    const asked = event.detail.elt;
    const said = JSON.stringify(Array.from(event.detail.formData ?? []));
    if (keys.get(asked)?.said !== said) keys.set(asked, { said, key: newKey() });
    event.detail.headers["Idempotency-Key"] = keys.get(asked).key;
  }

  judge(event) {
    if (isList(event)) return;
    const { xhr, requestConfig } = event.detail;
    if (event.detail.target === story && this.isOver(requestConfig)) {
      // Asked before the panel was closed, or turned to something else.
      event.detail.shouldSwap = false;
      return;
    }
    const isRenewal = requestConfig.verb === "get" && event.detail.target === story && this.standing === this.shown;
    if (isRenewal && this.isWriting()) {
      // Asked before somebody began to write, answered after: what is being written stays.
      event.detail.shouldSwap = false;
      this.isStale = true;
    } else if (new URL(xhr.responseURL || location.href).pathname.includes("/login")) {
      location.reload();
      event.detail.shouldSwap = false;
    } else if (xhr.status >= 400 && xhr.status < 600 && xhr.response.includes('class="story"')) {
      // A refusal is an answer: it says why, and what to do next. Where it was asked, what was
      // typed stays; asked again, it is asked anew.
      const asked = requestConfig.elt;
      keys.delete(asked);
      event.detail.isError = false;
      event.detail.shouldSwap = !(asked.matches("form") && this.answer(asked, xhr.response));
      this.isStale = true;
    } else if (xhr.status === 404) {
      this.close();
    } else if (xhr.status >= 400) {
      this.fail();
    }
    const focused = document.activeElement;
    if (event.detail.shouldSwap && focused !== story && story.contains(focused)) {
      this.held = { id: focused.id };
    }
  }

  // Say in the form itself why not, and go on from there.
  answer(form, page) {
    const note = new DOMParser().parseFromString(page, "text/html").querySelector("[data-code]");
    if (!note || !form.isConnected) return false;
    form.querySelector("[data-code]")?.remove();
    const button = form.querySelector("button");
    button.before(document.adoptNode(note));
    button.scrollIntoView({ block: "nearest" });
    this.held = null;
    announce(note.textContent.trim());
    return true;
  }

  fail() {
    this.held = null;
    story.querySelector(".note--failed")?.remove();
    const note = document.createElement("p");
    note.className = "note note--warn note--failed";
    note.textContent = say("failed");
    announce(note.textContent);
    story.querySelector(".story__head")?.after(note);
  }
}
