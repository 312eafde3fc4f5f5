// The bench beside the cabinet: what hands and faults can do to a door, a reader, a board.
const $ = (id) => document.getElementById(id);

export function setUpBench({ actOnDoor, tell, bank, door }) {
  const act = (action) => {
    const one = door();
    if (one) actOnDoor(one, action).catch((error) => { $("door-line").textContent = error.message; });
  };
  $("jam").addEventListener("change", (event) => act(event.target.checked ? "jam" : "unjam"));
  $("slow").addEventListener("change", (event) => act(event.target.checked ? "slow" : "unslow"));
  $("force").addEventListener("click", () => act("force"));
  $("shut").addEventListener("click", () => act("close"));

  async function present(text) {
    const where = $("reader").selectedOptions[0];
    if (!where) return;
    try {
      const answer = await tell(`/readers/${encodeURIComponent(bank().bank)}/present`, {
        text, door: where.value || null,
      });
      $("told").textContent = answer.delivered
        ? `${answer.reader}: badge read.`
        : `${answer.reader}: no bridge is listening.`;
    } catch (error) {
      $("told").textContent = error.message;
    }
  }

  $("present").addEventListener("submit", (event) => {
    event.preventDefault();
    present($("text").value);
    $("text").select();
  });

  function showDoor() {
    const one = door();
    $("door-tools").hidden = !one;
    if (!one) {
      $("door-title").textContent = "Door";
      $("door-line").textContent = "Choose a door.";
      return;
    }
    $("door-title").textContent = `Door ${one.number}`;
    const pulses = one.pulses === 1 ? "1 pulse" : `${one.pulses} pulses`;
    const state = one.open ? "Open" : "Closed";
    $("door-line").textContent = `${state}, ${pulses} so far. Board ${one.unit}, channel ${one.channel}.`;
    $("jam").checked = one.jammed;
    $("slow").checked = one.slow;
    $("force").disabled = one.open;
    $("shut").disabled = !one.open;
  }

  function showBoards() {
    const rows = bank().boards.map((board) => {
      const row = document.createElement("li");
      row.append(`Board ${board.unit}`, toggle(board, "silent", "Silent", "silence"),
        toggle(board, "slow", "Slow", "slow"));
      return row;
    });
    $("boards").replaceChildren(...rows);
  }

  function toggle(board, field, word, action) {
    const label = document.createElement("label");
    label.className = "switch";
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = board[field];
    box.setAttribute("aria-label", `Board ${board.unit}: ${word.toLowerCase()}`);
    box.addEventListener("change", () => {
      const verb = box.checked ? action : `un${action}`;
      tell(`/boards/${encodeURIComponent(bank().bank)}/${board.unit}/${verb}`).catch(() => {
        box.checked = board[field];
      });
    });
    label.append(box, document.createElement("span"), word);
    return label;
  }

  function showBadges(badges) {
    $("badges").replaceChildren(...badges.map((badge) => {
      const row = document.createElement("li");
      const card = document.createElement("button");
      card.type = "button";
      const number = document.createElement("small");
      number.textContent = badge.number;
      card.append(badge.label, number);
      card.addEventListener("click", () => {
        card.classList.remove("given");
        void card.offsetWidth; // restarts the animation when the same badge is shown again
        card.classList.add("given");
        present(badge.number);
      });
      row.append(card);
      return row;
    }));
  }

  function showBank() {
    const readers = bank().readers;
    $("reader-card").hidden = !readers.length;
    $("reader").replaceChildren(...readers.map((reader) => new Option(reader.name, reader.door ?? "")));
    $("told").textContent = "";
    showDoor();
    showBoards();
  }

  return { showBank, showBoards, showBadges, showDoor };
}
