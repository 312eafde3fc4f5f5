// The bank as it stands: doors in true proportion and place. A place is not mirrored in
// right-to-left languages.

const SVG = "http://www.w3.org/2000/svg";
const FINGERTIP_PX = 72;

export function drawing(figure, bank, { label, onPick }) {
  const root = node("svg", {
    viewBox: `-30 -30 ${bank.width + 60} ${bank.height + 130}`,
    role: "group",
    class: "bank__svg",
  });
  const defs = node("defs", {});
  const hatch = node("pattern", {
    id: "hatch", width: 40, height: 40, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
  });
  hatch.append(node("line", { x1: 0, y1: 0, x2: 0, y2: 40, class: "hatch" }));
  defs.append(hatch);
  root.append(
    defs,
    node("rect", { x: -24, y: -24, width: bank.width + 48, height: bank.height + 48, rx: 18, class: "bank__body" }),
    node("rect", { x: 0, y: bank.height + 24, width: bank.width, height: 60, class: "bank__plinth" }),
  );
  const doors = new Map();
  for (const door of bank.doors) {
    const group = node("g", { class: "door", "data-id": door.id, "data-state": "unknown" });
    group.append(
      node("rect", { x: door.x + 8, y: door.y + 8, width: door.w - 16, height: door.h - 16, rx: 10, class: "door__face" }),
      node("path", { d: leaf(door), class: "door__leaf" }),
      text(door),
      ...marks(door),
    );
    group.addEventListener("click", () => pick(door));
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") pick(door);
    });
    doors.set(door.id, { door, group });
    root.append(group);
  }
  figure.replaceChildren(root);
  let picking = false;
  // Every door may be touched, not only a free one.
  let isAny = false;

  const mayPick = (state) => picking && (isAny || state === "free");

  function pick(door) {
    if (mayPick(doors.get(door.id).group.dataset.state)) onPick(door);
  }

  function name() {
    for (const { door, group } of doors.values()) {
      const { state } = group.dataset;
      if (mayPick(state)) {
        group.setAttribute("role", "button");
        group.setAttribute("tabindex", "0");
      } else {
        group.removeAttribute("role");
        group.removeAttribute("tabindex");
      }
      group.setAttribute("aria-label", label(door, isAny ? "any" : state));
    }
    root.setAttribute("aria-hidden", String(!picking));
  }

  return {
    update(states, open) {
      for (const [id, { group }] of doors) {
        group.dataset.state = states[id] ?? "unknown";
        group.toggleAttribute("data-open", open.includes(id));
      }
      name();
    },
    pickable(isOn, any = false) {
      picking = isOn;
      isAny = any;
      figure.toggleAttribute("data-picking", isOn && !any);
      figure.toggleAttribute("data-picking-any", isOn && any);
      name();
    },
    highlight(id) {
      figure.toggleAttribute("data-pointing", id !== null);
      for (const [one, { group }] of doors) group.toggleAttribute("data-yours", one === id);
      const mine = doors.get(id);
      // Last, so that its outline lies over its neighbours'.
      if (mine) root.append(mine.group);
    },
    get: (id) => doors.get(id)?.door,
    mark(id) {
      for (const [one, { group }] of doors) group.toggleAttribute("data-marked", one === id);
    },
    isLarge(id) {
      const { width, height } = doors.get(id).group.querySelector(".door__face").getBoundingClientRect();
      return Math.min(width, height) >= FINGERTIP_PX;
    },
  };
}

function leaf({ x, y, w, h, hinge }) {
  const inner = { x: x + 8, y: y + 8, w: w - 16, h: h - 16 };
  const swing = inner.w * 0.45;
  const [from, to] = hinge === "right" ? [inner.x + inner.w, inner.x + inner.w - swing] : [inner.x, inner.x + swing];
  const lean = Math.min(40, inner.h * 0.15);
  return `M${from} ${inner.y}L${to} ${inner.y + lean}V${inner.y + inner.h + lean}L${from} ${inner.y + inner.h}Z`;
}

function text({ x, y, w, h, number }) {
  const size = Math.min(h * 0.4, (w * 0.66) / Math.max(2, number.length), 130);
  const label = node("text", { x: x + 34, y: y + 26 + size * 0.8, "font-size": size, class: "door__number" });
  label.textContent = number;
  return label;
}

function marks({ x, y, w, h, low }) {
  const ring = node("circle", { cx: x + w - 46, cy: y + h - 46, r: 17, class: "door__ring" });
  const found = [ring];
  if (low) found.push(node("rect", { x: x + 34, y: y + h - 40, width: 60, height: 12, rx: 6, class: "door__low" }));
  return found;
}

function node(kind, attributes) {
  const made = document.createElementNS(SVG, kind);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
