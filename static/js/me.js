// Makes the pages of a phone quicker and lets them be read without a line. All works without it.
const own = document.querySelector("script[data-worker]");
if (own && "serviceWorker" in navigator) {
  navigator.serviceWorker.register(own.dataset.worker, { scope: own.dataset.scope }).catch(() => {});
}

// A page that came without a load: whoever listens or uses keys begins at its top.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target === document.body) {
    document.getElementById("main")?.focus({ preventScroll: true });
  }
});

const noLine = (isHidden) => {
  const note = document.getElementById("no-line");
  if (note) note.hidden = isHidden;
};
document.addEventListener("htmx:sendError", () => noLine(false));
document.addEventListener("htmx:beforeRequest", () => noLine(true));

// A phone that was put away: what it shows is asked for anew when it is looked at again.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") document.body.dispatchEvent(new Event("fresh"));
});
