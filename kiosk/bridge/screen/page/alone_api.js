// What this machine's own bridge is asked. It stands in the same box: who gets no answer is not told
// that something happened, and shows the badge again to see what did.

const PATIENCE_MS = 15_000;
const MARK = { "X-Lockwright-Kiosk": "1" };

async function ask(path, options) {
  try {
    const answer = await fetch(`/alone/${path}`, {
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...options,
    });
    return { ok: answer.ok, body: await answer.json() };
  } catch {
    return { ok: false, body: { code: "bridge_gone", facts: {} } };
  }
}

export const post = (path, body) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...MARK },
    body: JSON.stringify(body),
  });

// Whose turn it is goes in a header: an address would be kept in the browser's history.
export const look = (turn) => ask("state", { headers: turn ? { "X-Lockwright-Turn": turn } : {} });

/** Say whether the server's own page can be shown. */
export async function serverAnswers() {
  try {
    const answer = await fetch("/kiosk/", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    await answer.text();
    return answer.ok && !new URL(answer.url).pathname.startsWith("/alone/");
  } catch {
    return false;
  }
}
