// What somebody was told by the server's page before it was lost. It lies in this tab for a moment and
// names nobody.

const PLACE = "lockwright.told";
const STAYS_MS = 25_000;

export function toldBefore(words) {
  const box = document.querySelector("#told");
  const said = document.querySelector("#told_said");
  let until = 0;

  function close() {
    box.hidden = true;
    until = 0;
  }

  return {
    close,
    isShown: () => performance.now() < until,
    show() {
      let told = null;
      try {
        told = JSON.parse(sessionStorage.getItem(PLACE));
        sessionStorage.removeItem(PLACE);
      } catch { /* nothing was left, or nothing of ours */ }
      if (!told) return;
      const why = { said: words.told_before, lost: words.told_lost }[told.kind] ?? words.told_interrupted;
      document.querySelector("#told_why").textContent = why;
      said.textContent = told.kind === "said" ? String(told.text) : "";
      said.hidden = told.kind !== "said";
      box.hidden = false;
      until = performance.now() + STAYS_MS;
      setTimeout(close, STAYS_MS);
    },
  };
}
