// Follows a recommendation while it is made: events as they happen, asked for every two seconds
// where a stream cannot be had.
"use strict";

const job = document.getElementById("job");
const bar = job.querySelector("progress");
const step = document.getElementById("job-step");
const POLL_MS = 2000;

function show(status) {
  bar.value = status.progress_share;
  const told = `${status.step}, ${Math.round(100 * status.progress_share)} %`;
  if (step.textContent !== told) step.textContent = told;
  if (!["queued", "running"].includes(status.state)) location.reload();
}

function poll() {
  fetch(job.dataset.events, { headers: { Accept: "application/json" } })
    .then((answer) => answer.json())
    .then(show)
    .catch(() => {
      step.textContent = "The service does not answer; trying again.";
    })
    .finally(() => setTimeout(poll, POLL_MS));
}

const stream = new EventSource(job.dataset.events);
stream.addEventListener("progress", (event) => show(JSON.parse(event.data)));
stream.addEventListener("end", (event) => {
  stream.close();
  show(JSON.parse(event.data));
});
stream.addEventListener("error", () => {
  // A stream that only broke off comes back by itself.
  if (stream.readyState === EventSource.CLOSED) poll();
});
