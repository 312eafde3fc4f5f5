// One door of a round: what is known of it, what is asked, and what was answered so far.
const LARGEST_SIDE = 1600;

// Small enough to be kept and sent over a poor line. Raises when it is no picture.
async function smaller(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LARGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.82));
  if (!made) throw new Error("no picture");
  return made;
}

export function stopPage(root, { told, words, fill, entered, open, step }) {
  const template = document.getElementById("stop-page");
  const itemRow = document.getElementById("item-row");
  // A round without a list still asks whether the door is all right.
  const items = told.items.length ? told.items : [{ id: 0, text: "", needs_photo: false }];
  let stop;
  let checks = {};
  let photos = {};
  const part = (name) => root.querySelector(`[data-is="${name}"]`);

  function problem(text) {
    const note = part("problem");
    if (!note) return;
    note.textContent = text;
    note.hidden = !text;
    if (text) note.scrollIntoView({ block: "center" });
  }

  function row(item) {
    const one = itemRow.content.cloneNode(true).firstElementChild;
    const [no, yes] = [one.querySelector(".item__no"), one.querySelector(".item__yes")];
    const label = one.querySelector(".item__photo");
    const input = label.querySelector("input");
    one.querySelector(".item__text").textContent = item.text;
    one.querySelector(".item__text").hidden = !item.text;
    no.querySelector("span").textContent = words.bad;
    yes.querySelector("span").textContent = words.good;
    label.querySelector("span").textContent = words.photo;
    label.hidden = !item.needs_photo;
    for (const button of [no, yes]) {
      if (item.text) button.setAttribute("aria-label", `${item.text}: ${button.textContent.trim()}`);
      button.addEventListener("click", () => {
        checks[item.id] = button.dataset.said;
        no.setAttribute("aria-pressed", String(button === no));
        yes.setAttribute("aria-pressed", String(button === yes));
        // What is wrong is best shown.
        label.hidden = !item.id || !(item.needs_photo || button === no);
        problem("");
      });
    }
    input.addEventListener("change", async () => {
      if (!input.files[0]) return;
      const door = stop;
      try {
        const photo = await smaller(input.files[0]);
        if (door !== stop) return;
        photos[item.id] = photo;
        label.querySelector("span").textContent = words.photo_taken;
        label.classList.add("is-taken");
        problem("");
      } catch {
        problem(words.bad_photo);
      }
      input.value = "";
    });
    return one;
  }

  function missing() {
    const open = items.find((item) => checks[item.id] === undefined);
    if (open) return told.items.length ? words.say_each : words.say_which;
    const bare = items.find((item) => item.needs_photo && !photos[item.id]);
    if (bare) return fill(words.needs_photo, { item: bare.text });
    if (told.asks_voltage && !document.getElementById("millivolts").value) return words.needs_voltage;
    return "";
  }

  function finish(result) {
    const millivolts = told.asks_voltage ? document.getElementById("millivolts").value : "";
    const note = document.getElementById("note").value;
    const said = told.items.length ? checks : {};
    entered(stop, { result, checks: said, photos, note, millivolts });
  }

  function wire() {
    for (const button of root.querySelectorAll("[data-go]")) {
      button.addEventListener("click", () => step(Number(button.dataset.go)));
    }
    part("open")?.addEventListener("click", () => open(stop, (text) => { part("opened").textContent = text; }));
    part("done").addEventListener("click", () => {
      const why = missing();
      if (why) problem(why);
      else finish(Object.values(checks).includes("0") ? "failed" : "passed");
    });
    part("skip").addEventListener("click", () => finish("skipped"));
  }

  function said(state) {
    const note = part("said");
    if (!note) return;
    note.hidden = !state;
    note.textContent = state ? state.said.charAt(0).toUpperCase() + state.said.slice(1) : "";
    part("work").hidden = Boolean(state) || told.is_over;
  }

  return {
    problem,
    again: (state) => { if (stop) said(state); },
    over(text) {
      stop = undefined;
      root.replaceChildren(Object.assign(document.createElement("p"), { className: "note note--good stop__over", textContent: text }));
    },
    show(door, state) {
      stop = door;
      checks = {};
      photos = {};
      root.replaceChildren(template.content.cloneNode(true));
      part("number").textContent = door.number;
      part("place").textContent = fill(words.place, door) + (door.area ? ` · ${door.area}` : "");
      part("directions").textContent = door.directions;
      const who = part("who");
      who.textContent = door.held
        ? words.held
        : door.hindrance || (door.closed_until ? fill(words.closed, { until: door.closed_until }) : words.nobody);
      who.dataset.held = String(door.held);
      part("known").replaceChildren(
        ...[door.note, ...door.tickets.map((what) => fill(words.ticket, { what }))].filter(Boolean)
          .map((text) => Object.assign(document.createElement("li"), { textContent: text })),
      );
      part("open").hidden = !door.can_open;
      part("items").replaceChildren(...items.map(row));
      part("voltage").hidden = !told.asks_voltage;
      part("done").textContent = words.next;
      wire();
      said(state);
    },
  };
}
