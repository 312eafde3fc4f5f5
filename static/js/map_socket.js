// The websocket: numbers are checked, a gap asks for everything, a lost line comes back by itself.
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10000;
const OLD_AFTER = 3000;

export class Feed {
  // `on` has snapshot(frame), delta(frame), live(), old(kind), gone(kind).
  constructor(site, on) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.url = `${scheme}//${location.host}/ws/map/?site=${site}`;
    this.on = on;
    this.wait = FIRST_WAIT;
    this.seq = null;
    this.open();
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => !document.hidden && this.hurry());
  }

  open() {
    this.retry = null;
    this.socket = new WebSocket(this.url);
    this.socket.onmessage = (event) => this.take(JSON.parse(event.data));
    this.socket.onclose = (event) => this.lost(event.code);
  }

  take(frame) {
    if (frame.type === "snapshot") {
      this.seq = frame.seq;
      this.wait = FIRST_WAIT;
      clearTimeout(this.aging);
      this.aging = null;
      this.on.snapshot(frame);
    } else if (frame.type === "delta") {
      if (this.seq === null) return;
      if (frame.seq <= this.seq) return;
      if (frame.seq !== this.seq + 1) {
        this.ask();
        return;
      }
      this.seq = frame.seq;
      this.on.delta(frame);
    } else if (frame.type === "stale") {
      this.on.old("stale");
    }
  }

  ask() {
    this.seq = null;
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ type: "snapshot" }));
    }
  }

  lost(code) {
    this.seq = null;
    this.aging ??= setTimeout(() => this.on.old("reconnecting"), OLD_AFTER);
    if (code === 4404) {
      this.refused();
      return;
    }
    this.again();
  }

  again() {
    // Not all at once when a server comes back: up to half as long again.
    const wait = this.wait * (1 + Math.random() / 2);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    this.retry = setTimeout(() => this.check(), wait);
  }

  hurry() {
    if (this.retry !== null) {
      clearTimeout(this.retry);
      this.wait = FIRST_WAIT;
      this.check();
    }
  }

  // A refused handshake looks like a lost line; the page itself says which it was.
  async check() {
    this.retry = null;
    try {
      const page = await fetch(location.href, { method: "HEAD", redirect: "manual" });
      if (page.type === "opaqueredirect") {
        location.reload();
        return;
      }
      if (page.status === 404) {
        this.refused();
        return;
      }
    } catch {
      this.again();
      return;
    }
    this.open();
  }

  refused() {
    clearTimeout(this.aging);
    this.on.old("gone");
  }
}
