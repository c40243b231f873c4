// The slider on the commitment curve: every number shown comes from the service, which settles
// the chosen commitment on the stored scenarios.
"use strict";

const form = document.getElementById("slider");
const range = form.elements.namedItem("position");
const field = form.elements.namedItem("commitment_usd");
const shown = document.getElementById("at-this-commitment");
const said = document.getElementById("slider-says");
const PAUSE_MS = 60;
let asked;
let waiting;

// Takes exact decimals as text and rounds them as the page does.
const dollars = new Intl.NumberFormat("en-US", {
  maximumFractionDigits: 0,
  roundingMode: "halfEven",
  signDisplay: "negative",
});

function usd(text) {
  return `${dollars.format(text).replace("-", "−")} USD`;
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

function show(found) {
  for (const place of shown.querySelectorAll("[data-figure]")) {
    const value = found[place.dataset.figure];
    place.textContent = typeof value === "string" ? usd(value) : percent(value);
  }
  said.textContent =
    `At ${usd(found.commitment_usd)}: expected cost ${usd(found.expected_cost_usd)}, ` +
    `shortfall in ${percent(found.shortfall_probability)} of the scenarios.`;
  shown.removeAttribute("aria-busy");
}

async function ask(commitment) {
  asked?.abort();
  asked = new AbortController();
  shown.setAttribute("aria-busy", "true");
  try {
    const address = `${form.dataset.source}?commitment_usd=${encodeURIComponent(commitment)}`;
    const answer = await fetch(address, {
      signal: asked.signal,
      headers: { Accept: "application/json" },
    });
    const found = await answer.json();
    if (answer.ok) show(found);
    else said.textContent = found.errors?.[0]?.detail ?? found.detail;
  } catch (error) {
    if (error.name !== "AbortError") {
      said.textContent = "The service does not answer, or the session has ended; load the page again.";
    }
  }
}

function choose(commitment) {
  field.value = commitment;
  range.setAttribute("aria-valuetext", usd(commitment));
  window.charts["chart-curve"]?.then((view) => view.signal("chosen", Number(commitment)).run());
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE_MS, commitment);
}

range.addEventListener("input", () => choose(range.value));
field.addEventListener("change", () => {
  if (!field.reportValidity()) return;
  range.value = field.value;
  choose(field.value);
});
for (const button of form.querySelectorAll("button[data-commitment]")) {
  button.addEventListener("click", () => {
    range.value = button.dataset.commitment;
    choose(button.dataset.commitment);
  });
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  field.dispatchEvent(new Event("change"));
});
