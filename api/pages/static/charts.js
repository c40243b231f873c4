// Draws the charts of a page. Expressions are interpreted, not compiled (`ast`), because the
// content security policy forbids evaluation; colours are variables of the style sheet.
"use strict";

const OPTIONS = {
  ast: true,
  actions: false,
  renderer: "svg",
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
};

function draw(place) {
  const written = document.getElementById(`${place.id}-specification`);
  return vegaEmbed(place, JSON.parse(written.textContent), OPTIONS).then((made) => made.view);
}

window.charts = {};
for (const place of document.querySelectorAll(".drawing")) {
  window.charts[place.id] = draw(place);
}
