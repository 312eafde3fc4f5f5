// The terminal's JSON addresses. A request whose answer got lost is asked again with the same key,
// so that it happens once.

const PAUSES_MS = [300, 900, 2000];
const PATIENCE_MS = 8000;

export async function post(path, body) {
  const key = crypto.randomUUID ? crypto.randomUUID() : randomKey();
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await fetch(path, {
        method: "POST",
        credentials: "same-origin",
        cache: "no-store",
        headers: {
          "Content-Type": "application/json",
          "Idempotency-Key": key,
          "X-Lockwright-Kiosk": "1",
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (answer.status < 500 || answer.status === 503 || attempt >= PAUSES_MS.length) {
        return { status: answer.status, ok: answer.ok, body: await answer.json() };
      }
    } catch {
      if (attempt >= PAUSES_MS.length) return { status: 0, ok: false, body: {} };
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[attempt]));
  }
}

// A plain tablet may load the page from the server by http, where randomUUID does not exist.
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
