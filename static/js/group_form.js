// Doors that are clicked on the drawing stand in the text, and the other way round.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const drawing = document.querySelector("[data-group-drawing]");
  const text = document.getElementById("id_doors");
  if (!drawing || !text) return;
  const doors = [...drawing.querySelectorAll(".group-door")].map((node) => ({
    node,
    bank: node.closest("[data-bank]").dataset.bank,
    number: node.dataset.number,
    row: Number(node.dataset.row),
    column: Number(node.dataset.column),
  }));
  const banks = [...new Set(doors.map((door) => door.bank))].sort((a, b) => b.length - a.length);

  const bankOf = (part) => {
    const bare = part.replace(/^bank\s+/i, "");
    for (const name of banks) {
      if (bare.toLowerCase() === name.toLowerCase()) return [name, ""];
      const start = bare.slice(0, name.length + 1).toLowerCase();
      if (start === `${name} `.toLowerCase() || start === `${name}:`.toLowerCase()) {
        return [name, bare.slice(name.length + 1).replace(/^[\s:]+/, "")];
      }
    }
    return ["", part];
  };
  const means = (part, door) => {
    if (part === "" || part === "all") return true;
    const line = part.match(/^(row|column)s?\s+(\d+)(?:\s*(?:-|–|to)\s*(\d+))?$/i);
    if (line) {
      const place = door[line[1].toLowerCase()];
      return place >= Number(line[2]) && place <= Number(line[3] || line[2]);
    }
    const range = part.match(/^(\d+)\s*(?:-|–|to)\s*(\d+)$/);
    if (range) {
      return /^\d+$/.test(door.number)
        && Number(door.number) >= Number(range[1]) && Number(door.number) <= Number(range[2]);
    }
    return door.number.toLowerCase() === part.toLowerCase();
  };
  const read = () => {
    const chosen = new Set();
    let bank = banks.length === 1 ? banks[0] : "";
    for (const part of text.value.split(/[,;\n]/).map((one) => one.trim()).filter(Boolean)) {
      const [named, rest] = bankOf(part);
      bank = named || bank;
      for (const door of doors) if (door.bank === bank && means(rest, door)) chosen.add(door);
    }
    for (const door of doors) door.node.setAttribute("aria-checked", String(chosen.has(door)));
  };
  const runs = (numbers) => {
    const plain = numbers.filter((one) => /^\d+$/.test(one)).map(Number).sort((a, b) => a - b);
    const found = [];
    for (const number of plain) {
      const last = found.at(-1);
      if (last && number === last[1] + 1) last[1] = number;
      else found.push([number, number]);
    }
    return [
      ...found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)),
      ...numbers.filter((one) => !/^\d+$/.test(one)),
    ].join(", ");
  };
  const write = () => {
    const parts = [];
    for (const bank of [...new Set(doors.map((door) => door.bank))].sort()) {
      const numbers = doors
        .filter((door) => door.bank === bank && door.node.getAttribute("aria-checked") === "true")
        .map((door) => door.number);
      if (numbers.length) parts.push(`${bank} ${runs(numbers)}`);
    }
    text.value = parts.join("; ");
  };
  const turn = (node) => {
    node.setAttribute("aria-checked", String(node.getAttribute("aria-checked") !== "true"));
    write();
  };
  drawing.addEventListener("click", (event) => {
    const node = event.target.closest(".group-door");
    if (node) turn(node);
  });
  drawing.addEventListener("keydown", (event) => {
    const node = event.target.closest(".group-door");
    if (node && (event.key === " " || event.key === "Enter")) {
      event.preventDefault();
      turn(node);
    }
  });
  text.addEventListener("input", read);
  read();
});
