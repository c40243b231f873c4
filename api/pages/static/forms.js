// A form is sent once: its buttons rest until the answer comes, or the reader comes back.
"use strict";

function rest(form, resting) {
  for (const button of form.querySelectorAll("button")) button.disabled = resting;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  setTimeout(() => {
    if (!event.defaultPrevented) rest(form, true);
  });
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form").forEach((form) => rest(form, false));
});
