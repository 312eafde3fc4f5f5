// A policy's page shows only what the chosen model asks about. Without this script it shows all.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const told = document.getElementById("policy-fields");
  const model = document.getElementById("id_model");
  if (!told || !model) return;
  const { models, booking } = JSON.parse(told.textContent);
  const ahead = document.getElementById("id_books_ahead");
  const where = document.getElementById("id_where");

  const row = (name) => document.querySelector(`.field-${name}`)
    || document.getElementById(`id_${name}`)?.closest(".field-line, .form-row");
  const show = (name, isShown) => {
    const found = row(name);
    // What says an error is never hidden.
    if (found) found.hidden = !isShown && !found.querySelector(".errorlist");
  };
  const draw = () => {
    for (const [name, wanted] of Object.entries(models)) show(name, wanted.includes(model.value));
    const isBooked = model.value === "reservation" || Boolean(ahead && ahead.value.trim());
    for (const name of booking) show(name, isBooked);
    show("doors", Boolean(where) && where.value.startsWith("bank:"));
  };
  for (const one of [model, ahead, where]) {
    if (one) one.addEventListener("input", draw);
  }
  draw();
});
